"""SHELL: the WireGuard device of the site, by ``wg`` and ``ip``: looked at, given its peer anew, and made anew.

On the appliance systemd-networkd makes it at the boot; this makes it again when it is gone, in the kernel, or by ``wireguard-go`` where the
kernel has none. Keys are read by ``wg`` from their places: they stand in no argument.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

import structlog

from edge.errors import EdgeError
from edge.firmware import TUNNEL
from edge.firmware.render.vpn import far_networks
from edge.firmware.site import Site, WireGuard

COMMAND_S_MAX = 5
DAEMON_START_S_MAX = 3
DAEMON = "wireguard-go"
DEVICES = Path("/sys/class/net")
SOCKETS = Path("/run/wireguard")
log = structlog.get_logger(__name__)


class TunnelError(EdgeError):
    """A command of the tunnel failed; the text says which."""


class Device:
    """The WireGuard device ``name``, whoever made it; a program that carries it, where the kernel makes none, is ours."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._daemon: subprocess.Popen[bytes] | None = None

    def there(self) -> bool:
        """Whether it is there."""
        return (DEVICES / self.name).exists()

    def make(self) -> None:
        """Make it anew, with nothing set.

        Raises:
            TunnelError: it cannot be made.
        """
        self.stop()
        if self.there():
            self._delete()
        try:
            called("ip", "link", "add", self.name, "type", "wireguard")
        except TunnelError:
            log.info("the kernel makes no such device; a program does", device=self.name)
            self._start_daemon()

    def handshake_s(self, public_key: str) -> int:
        """When there was a handshake with that peer last, in Unix seconds; 0: there was none, or the device does not tell."""
        try:
            told = called("wg", "show", self.name, "latest-handshakes")
        except TunnelError:
            return 0  # what hangs or is not there has no handshake
        for line in told.splitlines():
            key, _, seconds = line.partition("\t")
            if key == public_key and seconds.isdigit():
                return int(seconds)
        return 0

    def stop(self) -> None:
        """End the program that carries it, if we started one."""
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            with contextlib.suppress(ProcessLookupError):
                daemon.kill()  # it keeps nothing, and may be hanging
            daemon.wait()

    def _delete(self) -> None:
        try:
            called("ip", "link", "delete", self.name)
        except TunnelError:
            if self.there():  # else it went with the program that carried it, a moment ago
                raise

    def _start_daemon(self) -> None:
        """A program that carried the device may have been killed a moment ago, and the kernel still hold its name: so it is tried for some time."""
        ends = time.monotonic() + DAEMON_START_S_MAX
        while not self._carried(ends):
            if time.monotonic() > ends:
                raise TunnelError(f"{DAEMON} did not make the device")
            time.sleep(0.1)

    def _carried(self, ends: float) -> bool:
        """Whether a program that we start carries the device."""
        (SOCKETS / f"{self.name}.sock").unlink(missing_ok=True)
        environment, nowhere = {**os.environ, "WG_PROCESS_FOREGROUND": "1"}, subprocess.DEVNULL
        try:
            self._daemon = subprocess.Popen(  # noqa: S603 - by its own name
                [DAEMON, "-f", self.name], env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere
            )
        except OSError as error:
            raise TunnelError(f"{DAEMON} cannot be started ({type(error).__name__})") from error
        while not (self.there() and (SOCKETS / f"{self.name}.sock").exists()):
            if time.monotonic() > ends or self._daemon.poll() is not None:
                self.stop()
                return False
            time.sleep(0.02)
        return True


class WireGuardTunnel:
    """The tunnel of ``site``; its keys' places are below ``root``."""

    def __init__(self, site: Site, vpn: WireGuard, root: Path) -> None:
        self._site = site
        self._vpn = vpn
        self._root = root
        self._device = Device(TUNNEL)

    def there(self) -> bool:
        """Whether the device is there."""
        return self._device.there()

    def handshake_age_s(self) -> float | None:
        """Seconds since the last handshake; ``None``: there was none, or the device does not tell."""
        at = self._device.handshake_s(self._vpn.public_key)
        return max(0.0, time.time() - at) if at else None

    def reset(self) -> None:
        """Forget every peer and its session, and begin anew with the site's.

        Raises:
            TunnelError: the device does not take it.
        """
        for key in called("wg", "show", TUNNEL, "peers").split():
            called("wg", "set", TUNNEL, "peer", key, "remove")
        self._set()

    def remake(self) -> None:
        """Make the device anew, with its address and routes.

        Raises:
            TunnelError: it cannot be made.
        """
        self._device.make()
        self._set()
        called("ip", "address", "replace", self._site.vpn.address, "dev", TUNNEL)
        called("ip", "link", "set", TUNNEL, "mtu", str(self._vpn.mtu_bytes), "up")
        for network in far_networks(self._site):
            called("ip", "route", "replace", network, "dev", TUNNEL)

    def narrow(self, mtu_bytes: int) -> None:
        """Carry only packets up to this size.

        Raises:
            TunnelError: the device does not take it.
        """
        called("ip", "link", "set", TUNNEL, "mtu", str(mtu_bytes))

    def stop(self) -> None:
        """End the program that carries the device, if we started one."""
        self._device.stop()

    def _set(self) -> None:
        networks = ("allowed-ips", ",".join(far_networks(self._site)))
        port = ("listen-port", str(self._vpn.listen_port))
        set_peer(TUNNEL, self._vpn, self._root, port, networks, self._vpn.keepalive_s)


def set_peer(
    device: str, vpn: WireGuard, root: Path, port: tuple[str, ...], networks: tuple[str, ...], keepalive_s: int
) -> None:
    """Give ``device`` our key and the other end of ``vpn``.

    Raises:
        TunnelError: it does not take it.
    """

    def place(path: str) -> str:
        return str(root / path.lstrip("/"))

    psk = ["preshared-key", place(vpn.preshared_key)] if vpn.preshared_key else []
    called(
        "wg", "set", device, *port, "private-key", place(vpn.private_key), "peer", vpn.public_key, *psk,
        "endpoint", f"{vpn.endpoint}:{vpn.port}", *networks, "persistent-keepalive", str(keepalive_s),
    )  # fmt: skip


def called(*command: str) -> str:
    """What ``command`` says.

    Raises:
        TunnelError: it failed, or could not be called.
    """
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=COMMAND_S_MAX)  # noqa: S603 - our own commands
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TunnelError(f"{' '.join(command[:3])} could not be called ({type(error).__name__})") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise TunnelError(f"{' '.join(command[:3])} failed: {said[-1] if said else done.returncode}")
    return done.stdout
