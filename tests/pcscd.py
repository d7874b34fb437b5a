"""A smart card service of our own for tests: pcscd with virtual readers (vpcd), and cards that are played over TCP.

    with Service() as service:
        service.start()
        card = Inserted(service.ports[0], SomeCard())      # on reader service.names[0]
        card.remove()

The service lives in a mount namespace with a folder of its own in place of its usual one, so that it touches nothing of the machine's, and
several may run at once. The system's library asks once for the socket's place and keeps it: therefore there is one place for each process, set when this
module is imported, and one service at a time. vpcd listens on all addresses: never ship it.

A test process must be root or allowed to make user namespaces; pcscd and vsmartcard-vpcd must be installed: what is missing fails loudly.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Protocol

from tests.patience import HUNG_S

FOLDER = Path(tempfile.gettempdir()) / f"pishkhan-pcscd-{os.getpid()}"
SOCKET = FOLDER / "run" / "pcscd.comm"
os.environ["PCSCLITE_CSOCK_NAME"] = str(SOCKET)

VPCD = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
START_S_MAX = HUNG_S
PORTS = range(20_000, 30_000, 4)
"""Below those that the system gives to connections that go out. Each driver has two readers, each on a port."""
DRIVERS = 2
NEW_ROOM = 'mount -t tmpfs tmpfs /run && mkdir -p /run/pcscd && mount --bind "$1" /run/pcscd && exec pcscd -f -c "$2"'


class ServiceMissing(Exception):
    """The service cannot be started; the text says why."""


class PlayedCard(Protocol):
    """A card of ``tests/cards_played``."""

    atr: bytes

    def apdu(self, command: bytes) -> bytes: ...

    def reset(self) -> None: ...


class Pulled(Exception):
    """Raised by a card that leaves instead of answering."""


class Service:
    """pcscd with four readers: the first two share a driver, and so do the last two."""

    def __init__(self, label: str = "Virtual PCD") -> None:
        self.label = label
        self.ports: list[int] = []
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def names(self) -> list[str]:
        """The service's names of its readers, in the order of ``ports``."""
        return [f"{self.label} {driver} 00 {slot:02}" for driver in "AB" for slot in range(2)]

    def start(self, readers: bool = True) -> None:
        """Start it; returns when it answers and its readers (if it has any) wait for cards."""
        for needed in ("pcscd", "unshare"):
            if shutil.which(needed) is None:
                raise ServiceMissing(f"{needed} is not installed")
        if not VPCD.exists():
            raise ServiceMissing(f"{VPCD} is not installed (vsmartcard-vpcd)")
        shutil.rmtree(FOLDER, ignore_errors=True)
        for folder in ("run", "conf", "drivers"):
            (FOLDER / folder).mkdir(parents=True)
        atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
        self.ports = self.ports or _free_ports()
        if readers:
            self._write_conf()
        unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        command = [*unshare, "sh", "-c", NEW_ROOM, "sh", str(SOCKET.parent), str(FOLDER / "conf")]
        with (FOLDER / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait(readers)

    def kill(self) -> None:
        """End it as a crash would."""
        self._running().kill()
        self._running().wait(START_S_MAX)
        self.process = None

    def freeze(self) -> None:
        """Let it hang: it keeps its connections and answers nothing."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.kill()

    def _write_conf(self) -> None:
        """One entry a driver. A second entry of the same file would never accept a card: both would share its state. So each has a copy."""
        for number, letter in enumerate("AB"):
            copy = FOLDER / "drivers" / f"libifdvpcd{number}.so"
            shutil.copy(VPCD, copy)
            channel = f"0x{self.ports[2 * number]:X}"
            (FOLDER / "conf" / f"vpcd{number}").write_text(
                f'FRIENDLYNAME "{self.label} {letter}"\nDEVICENAME /dev/null:{channel}\nLIBPATH {copy}\nCHANNELID {channel}\n'
            )

    def _wait(self, readers: bool) -> None:
        until = time.monotonic() + START_S_MAX
        while not SOCKET.exists() or (readers and not all(map(_listens, self.ports))):
            if self._running().poll() is not None or time.monotonic() > until:
                raise ServiceMissing(f"pcscd does not start:\n{(FOLDER / 'log').read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)


class Inserted:
    """``card`` on the virtual reader at ``port``, from now until :meth:`remove`."""

    def __init__(self, port: int, card: PlayedCard) -> None:
        self.card = card
        self._socket = socket.create_connection(("127.0.0.1", port), START_S_MAX)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._play, name="played card", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take the card away."""
        self.leave()
        self._thread.join(START_S_MAX)
        self._socket.close()

    def leave(self) -> None:
        """The same, and do not wait for a card that is thinking."""
        with contextlib.suppress(OSError):  # it has left by itself
            self._socket.shutdown(socket.SHUT_RDWR)

    def _play(self) -> None:
        try:
            while True:
                message = self._received(int.from_bytes(self._received(2)))
                if len(message) > 1:
                    self._send(self.card.apdu(message))
                elif message == b"\x04":
                    self._send(self.card.atr)
                else:
                    self.card.reset()
        except (OSError, EOFError, Pulled):
            self._socket.close()  # the reader or the card has left

    def _received(self, count: int) -> bytes:
        """Exactly ``count`` bytes. vpcd sends length and body apart, so an acknowledgement that waits would cost 40 ms each time."""
        found = b""
        while len(found) < count:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            more = self._socket.recv(count - len(found))
            if not more:
                raise EOFError
            found += more
        return found

    def _send(self, message: bytes) -> None:
        self._socket.sendall(struct.pack(">H", len(message)) + message)


def _free_ports() -> list[int]:
    """Ports on which nobody listens, in an order of this process's own, so that two that look at once rarely find the same."""
    start = os.getpid() % len(PORTS)
    for at in range(len(PORTS)):
        base = PORTS[(start + at) % len(PORTS)]
        ports = list(range(base, base + 2 * DRIVERS))
        if not any(map(_taken, ports)):
            return ports
    raise ServiceMissing("no port is free")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return True
        return False


def _listens(port: int) -> bool:
    """Whether somebody listens there; looked up, for a connection would be a card."""
    wanted = f":{port:04X} 00000000:0000 0A"
    return wanted in Path("/proc/net/tcp").read_text()
