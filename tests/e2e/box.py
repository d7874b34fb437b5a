"""The appliance as proofs play it: everything rendered from one site file, between a namespace for the hospital and one for the hub.

Needs root and the Debian packages ``iproute2``, ``nftables``, ``wireguard-tools``, ``wireguard-go``, ``nmap``, ``procps``. ``wireguard-go`` plays the kernel's
device, which a test machine may not have; sockets of it lie in private mounts.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests import programs
from tests.e2e.test_networks import Networks
from tests.e2e.town import INSTITUTION, MEMBER
from tests.edge.firmware import sites
from tests.patience import HUNG_S

LAN, WAN, PROVIDER, NEAR, FAR = "10.81.0.2", "10.82.0.2", "10.82.0.1", "10.99.0.2", "10.99.0.1"
FACE, AGENTS, SYNC, ENROL = 7001, 7002, 7443, 7444
BACK_S_MAX = 2 * HUNG_S
TRIED_S_MAX = 4 * HUNG_S
NETDEV = "etc/systemd/network/30-pishkhan-hub0.netdev"
TOOLS = ("ip", "nft", "wg", "wireguard-go", "nmap", "sysctl")


class Box:
    """The appliance and both its networks; ``root`` holds its files."""

    def __init__(self, networks: Networks, folder: Path, running: ExitStack) -> None:
        self.networks = networks
        self.folder = folder
        self.root = folder / "root"
        self.edge_folder = self.root / "var/lib/pishkhan-edge"
        self.hub_folder = folder / "hub"
        self._running = running
        self.centre: subprocess.Popen[bytes] | None = None
        self.watch: subprocess.Popen[bytes]

    def alone(self, name: str, *command: str) -> list[str]:
        """``command`` on that side, with sockets of WireGuard that no other test sees."""
        script = 'mount -t tmpfs none /run/wireguard && exec "$@"'
        return self.networks.within(name, "unshare", "-m", "sh", "-c", script, "sh", *command)

    def firmware(self, *words: str) -> str:
        command = [sys.executable, "-m", "edge", "firmware", *words, "--root", str(self.root)]
        done = subprocess.run(
            self.networks.within("edge", *command), cwd=programs.ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def set_up(self) -> None:
        """The site file is applied and confirmed, and the kernel of that namespace told."""
        keys = self.root / "etc/pishkhan/keys"
        keys.mkdir(parents=True)
        public = {
            name: self._key(path) for name, path in (("edge", keys / "vpn.key"), ("hub", self.folder / "hub.key"))
        }
        self.public = public
        self.site_with(public["hub"])
        self.edge_folder.mkdir(parents=True, mode=0o700)
        self.firmware("apply", "--within", "3600")
        self.firmware("confirm")
        text = (self.edge_folder / "edge.toml").read_text()
        (self.edge_folder / "edge.toml").write_text(text.replace('appliance = "/"', f'appliance = "{self.root}"'))
        with listening(self, 8080):
            hole = {"8080/open/tcp"}
            waited_for(
                lambda: self.scan("hub", LAN, "-sS", "-p", "8080") == hole, "without this hole the scans prove nothing"
            )
        kernel = (self.root / "etc/sysctl.d/90-pishkhan.conf").read_text()
        ours = self.folder / "kernel.conf"  # the namespace's own settings; the others are the machine's that we test on
        ours.write_text("".join(line + "\n" for line in kernel.splitlines() if re.match(r"-?net\.", line)))
        subprocess.run(
            self.networks.within("edge", "sysctl", "-q", "-e", "-p", str(ours)), check=False, capture_output=True
        )
        rules = str(self.root / "etc/nftables.conf")
        subprocess.run(self.networks.within("edge", "nft", "-f", rules), check=True, capture_output=True)

    def site_with(self, public_key: str) -> None:
        """The site file, with that key at the hub's end of the tunnel."""
        (self.root / "etc/pishkhan/site.toml").write_bytes(
            sites.text(
                lan__his=["10.81.0.0/24"], lan__gateway="", lan__technicians=[], wan__gateway="", hub__name="", readers=[],
                vpn__endpoint=PROVIDER, vpn__public_key=public_key, time__servers=[FAR], lan__agents_port=AGENTS,
            )
        )  # fmt: skip

    def tried(self, public_key: str, within_s: int) -> None:
        """Another key is put in place for the hub to confirm; the watch is started anew, as systemd does."""
        self.site_with(public_key)
        self.firmware("apply", "--by-tunnel", "--within", str(within_s))
        self.watch_anew()

    def watch_anew(self) -> None:
        self.watch_down()
        self.watch = self.watch_up()

    def confirmed_with(self, public_key: str) -> bool:
        record = json.loads((self.root / "var/lib/pishkhan-firmware/record.json").read_text())
        return bool(record["confirmed"]) and public_key in (self.root / NETDEV).read_text()

    def _key(self, path: Path) -> str:
        path.write_bytes(subprocess.run(["wg", "genkey"], check=True, capture_output=True).stdout)
        path.chmod(0o600)
        return (
            subprocess.run(["wg", "pubkey"], input=path.read_bytes(), check=True, capture_output=True)
            .stdout.decode()
            .strip()
        )

    def centre_up(self) -> None:
        """The hub's end of the tunnel, on a machine that was never seen before but for its key."""
        script = (
            f"export WG_PROCESS_FOREGROUND=1; wireguard-go -f wgcentre >/dev/null & "
            f"until [ -S /run/wireguard/wgcentre.sock ]; do kill -0 $! || exit 1; sleep 0.02; done; "
            f"wg set wgcentre listen-port 51820 private-key {self.folder / 'hub.key'} peer {self.public['edge']} allowed-ips {NEAR}/32 && "
            f"ip address add {FAR}/24 dev wgcentre && ip link set wgcentre mtu 1420 up && echo up && wait"
        )
        self.centre = subprocess.Popen(
            self.alone("hub", "sh", "-c", script), stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.centre.stdout is not None
        assert self.centre.stdout.readline() == b"up\n"

    def centre_down(self) -> None:
        """It is gone, without a word; so is its device, which a program that was killed keeps for some moments more."""
        assert self.centre is not None
        os.killpg(self.centre.pid, signal.SIGKILL)
        self.centre.wait()
        self.gone("hub", "wgcentre")
        if self.centre.stdout is not None:
            self.centre.stdout.close()

    def watch_up(self) -> subprocess.Popen[bytes]:
        """The watch of the tunnel; it makes the device, for nobody else does here."""
        command = self.alone("edge", sys.executable, "-m", "edge", "firmware", "watch", "--root", str(self.root))
        log = (self.folder / "watch.log").open("wb")
        return subprocess.Popen(command, cwd=programs.ROOT, stdout=log, stderr=log, start_new_session=True)

    def watch_down(self) -> None:
        """It ends, and what carries its device with it."""
        os.killpg(self.watch.pid, signal.SIGTERM)
        self.watch.wait(HUNG_S)
        self.gone("edge", "hub0")

    def gone(self, side: str, device: str) -> None:
        """Wait for the end of a device whose program was killed: the kernel keeps it for some moments more."""
        shown = ["ip", "-n", self.networks._names[side], "-o", "link", "show", "type", "tun"]
        there = f" {device}:".encode()
        waited_for(
            lambda: there not in subprocess.run(shown, check=True, capture_output=True).stdout, "the device stays"
        )

    def leg(self) -> str:
        try:
            return json.loads((self.root / "run/pishkhan/tunnel.json").read_text())["leg"]
        except FileNotFoundError:
            return "nobody watches"

    def status(self) -> dict[str, Any]:
        return self.networks.curl("his", self.certificate, "/embed/v1/status")

    def line(self) -> str:
        try:
            return self.status()["line"]
        except subprocess.CalledProcessError:
            return "not reached"

    def scan(self, name: str, host: str, *options: str) -> set[str]:
        """The ports of ``host`` that answer anything at all to somebody on that side."""
        command = [
            "nmap",
            "-n",
            "-Pn",
            "--max-retries",
            "0",
            "--max-rtt-timeout",
            "150ms",
            "-oG",
            "-",
            *options,
            host,
        ]
        done = subprocess.run(
            self.networks.within(name, *command), capture_output=True, text=True, check=True, timeout=120
        )
        return set(re.findall(r"(\d+/(?:open|closed|unfiltered)/(?:tcp|udp))", done.stdout))

    def scanned(self, name: str, host: str, served: set[str], *options: str) -> None:
        """Scans find these ports, and never another: one scan alone may miss an answer, on a machine that does other work."""
        found: set[str] = set()

        def all_of_them() -> bool:
            found.update(self.scan(name, host, *options))
            assert found <= served
            return found == served

        waited_for(all_of_them, f"no scan finds all of {served}")


def waited_for(what: Callable[[], bool], why: str, seconds: float = BACK_S_MAX) -> float:
    """Seconds until ``what`` was so."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, why
        time.sleep(0.1)
    return time.monotonic() - began


@contextmanager
def appliance(folder: Path) -> Iterator[Box]:
    """The appliance between its two networks, with the line up; its files lie in ``folder``."""
    Path("/run/wireguard").mkdir(exist_ok=True)
    with Networks() as networks, ExitStack() as running:
        made = Box(networks, folder, running)
        made.set_up()
        made.centre_up()
        running.callback(made.centre_down)
        made.watch = made.watch_up()
        running.callback(made.watch_down)
        _start_programs(made, running)
        waited_for(lambda: made.line() == "up", "the line did not come up at first")
        yield made


def _start_programs(box: Box, running: ExitStack) -> None:
    box.hub_folder.mkdir()
    (box.folder / "members.jsonl").write_text(json.dumps(MEMBER) + "\n")
    programs.hub_command(box.hub_folder, "init", "--name", FAR)
    programs.hub_command(
        box.hub_folder, "hospital", "add", INSTITUTION, "--name", "Hospital One", "--region", "ir", "--tier", "public"
    )
    programs.hub_command(box.hub_folder, "members", "import", str(box.folder / "members.jsonl"))
    code = programs.hub_command(box.hub_folder, "invite", INSTITUTION).stdout.strip()
    hub = [sys.executable, "-m", "central_sync", "--data", str(box.hub_folder), "run"]
    hub += ["--sync-listen", f"0.0.0.0:{SYNC}", "--enrol-listen", f"0.0.0.0:{ENROL}"]
    running.enter_context(programs._started(box.networks.within("hub", *hub), box.folder / "hub.log"))
    waited_for(lambda: box.leg() == "up", "the tunnel did not come up at first")
    edge = [sys.executable, "-m", "edge", "--data", str(box.edge_folder)]
    enrol = box.networks.within("edge", *edge, "enrol", f"https://{FAR}:{ENROL}", code)
    done = subprocess.run(enrol, check=False, cwd=programs.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    box.key = programs.edge_command(box.edge_folder, "workstation", "add", "desk-1").stdout.strip()
    box.certificate = box.folder / "face.pem"
    box.certificate.write_text(programs.edge_command(box.edge_folder, "face-certificate").stdout)
    running.enter_context(programs._started(box.networks.within("edge", *edge, "run"), box.folder / "edge.log"))


SERVER = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2]))); print('up', flush=True)\nwhile True: s.accept()[0].close()"


class listening:  # noqa: N801 -- used as a word
    """A program on that side that listens where nobody asked for it."""

    def __init__(self, box: Box, port: int, name: str = "edge", host: str = "0.0.0.0") -> None:
        self._command = box.networks.within(name, sys.executable, "-c", SERVER, host, str(port))

    def __enter__(self) -> None:
        self._server = subprocess.Popen(self._command, cwd="/", stdout=subprocess.PIPE)
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == b"up\n"

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()
