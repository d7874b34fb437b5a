"""SHELL: the watch of the tunnel: looks every two seconds, heals, and writes a report that the edge and the technician read.

A program of its own, with the right to set network devices and no other; the edge has none at all. OpenVPN and IPsec clients heal
themselves (dead-peer detection): of those it reports.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
import structlog

from edge import files
from edge.firmware import TUNNEL, TUNNEL_FILE, WAN, defaults, ping
from edge.firmware.notify import Notify
from edge.firmware.site import Site, WireGuard
from edge.firmware.tunnel import Act, Judged, Leg, Look, Report, begun, judged, leg_of, narrower
from edge.firmware.wireguard import DEVICES, TunnelError, WireGuardTunnel
from edge.log import located

READ_BYTES_MAX = 4096
log = structlog.get_logger(__name__)


class Tunnel(Protocol):
    """A tunnel that can be looked at and healed."""

    def there(self) -> bool:
        """Whether its device is there."""
        ...

    def handshake_age_s(self) -> float | None:
        """Seconds since the last handshake, if that is known."""
        ...

    def reset(self) -> None:
        """Begin anew with the other end."""
        ...

    def remake(self) -> None:
        """Make the device anew."""
        ...

    def narrow(self, mtu_bytes: int) -> None:
        """Carry only packets up to this size."""
        ...

    def stop(self) -> None:
        """End what was started for it."""
        ...


class ClientTunnel:
    """Of a client that heals itself."""

    def there(self) -> bool:
        """As the protocol's."""
        return (DEVICES / TUNNEL).exists()

    def handshake_age_s(self) -> float | None:
        """Nobody tells."""
        return None

    def reset(self) -> None:
        """Its client does."""

    def remake(self) -> None:
        """Its client does."""

    def narrow(self, mtu_bytes: int) -> None:
        """Its client finds the path's size by itself."""

    def stop(self) -> None:
        """It is another's."""


Ask = Callable[[str, str, float, int], bool]


class Watch:
    """Watches the tunnel of ``site`` and reports below ``root``."""

    def __init__(self, site: Site, tunnel: Tunnel, root: Path, notify: Notify, ask: Ask = ping.answers) -> None:
        self._site = site
        self._tunnel = tunnel
        self._path = root / TUNNEL_FILE
        self._notify = notify
        self._ask = ask
        self._memory = begun(time.monotonic())
        self._mtu = site.vpn.mtu_bytes
        self._sized_s = 0.0
        self._leg: Leg | None = None

    def run(self, goes_on: Callable[[], bool], pause: Callable[[float], None] = time.sleep) -> None:
        """Look and heal as long as it ``goes_on``; the peer is first set as the site says. Ready after the first look."""
        self._path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._begin()
        self.look()
        self._notify.ready()
        try:
            while goes_on():
                pause(defaults.TUNNEL_LOOK_EVERY_S)
                self.look()
                self._notify.alive()
        finally:
            self._tunnel.stop()
            self._path.unlink(missing_ok=True)

    def _begin(self) -> None:
        """The device may be another site's: networkd changes none that is there."""
        if self._tunnel.there():
            try:
                self._tunnel.reset()
            except TunnelError as error:
                log.error("the tunnel could not be set", detail=str(error), **located(error))

    def look(self) -> Report:
        """Look once, do what helps, and report."""
        there = self._tunnel.there()
        answered = there and self._ask(self._site.hub.address, TUNNEL, defaults.TUNNEL_PROBE_TIMEOUT_S, 64)
        seen = Look(time.monotonic(), _carrier(WAN), there, answered, self._tunnel.handshake_age_s() if there else None)
        found = judged(self._memory, seen)
        self._memory = found.memory
        self._do(found)
        leg = self._sized(seen.at_s) if found.leg is Leg.UP and answered else found.leg
        report = Report(
            at=time.time(),
            leg=leg,
            handshake_age_s=seen.handshake_age_s,
            mtu_bytes=self._mtu,
            resets=found.memory.tries,
            answers=found.memory.answers,
        )
        if leg is not self._leg:
            log.info("the tunnel changed", state=str(leg), device=TUNNEL)
            self._leg = leg
        files.replace(self._path, msgspec.json.encode(report), 0o644)
        self._path.chmod(0o644)
        return report

    def _do(self, found: Judged) -> None:
        if found.act is Act.NOTHING:
            return
        log.warning("the tunnel is healed", state=str(found.leg), kind=str(found.act), attempt=found.memory.tries)
        try:
            if found.act is Act.RESET:
                self._tunnel.reset()
            else:
                self._tunnel.remake()
                self._mtu, self._sized_s = self._site.vpn.mtu_bytes, 0.0
        except TunnelError as error:
            log.error("the tunnel could not be healed", detail=str(error), **located(error))

    def _sized(self, now_s: float) -> Leg:
        """Whether packets of the full size come through; if not, the tunnel is made narrower, one step at a time."""
        if now_s - self._sized_s >= defaults.TUNNEL_MTU_LOOK_EVERY_S:
            self._sized_s = now_s
            while self._mtu > defaults.VPN_MTU_BYTES_MIN and not self._whole():
                self._mtu = narrower(self._mtu)
                try:
                    self._tunnel.narrow(self._mtu)
                except TunnelError as error:
                    log.error("the tunnel could not be made narrower", detail=str(error), **located(error))
                    break
        return Leg.NARROW if self._mtu < self._site.vpn.mtu_bytes else Leg.UP

    def _whole(self) -> bool:
        """One loss is chance, while small packets come through."""
        asked = (self._site.hub.address, TUNNEL, defaults.TUNNEL_PROBE_TIMEOUT_S)
        return any(self._ask(*asked, self._mtu) for _ in range(2)) or not self._ask(*asked, 64)


def tunnel_of(site: Site, root: Path) -> Tunnel:
    """What is watched."""
    return WireGuardTunnel(site, site.vpn, root) if isinstance(site.vpn, WireGuard) else ClientTunnel()


def report_of(root: Path) -> Report | None:
    """The last report below ``root``, if there is one that can be read."""
    try:
        with (root / TUNNEL_FILE).open("rb") as file:
            return msgspec.json.decode(file.read(READ_BYTES_MAX), type=Report)
    except (OSError, msgspec.DecodeError):
        return None  # as good as no report: the reader then says that nobody watches


def leg_now(root: Path) -> Leg:
    """How the tunnel of the appliance below ``root`` is."""
    return leg_of(report_of(root), time.time())


def proven_now(root: Path) -> Leg:
    """The same for what the hub is to confirm: silent for as long as nothing but the tunnel's other end has answered."""
    report = report_of(root)
    leg = leg_of(report, time.time())
    return Leg.SILENT if report is not None and leg is not Leg.UNWATCHED and not report.answers else leg


def _carrier(device: str) -> bool | None:
    """Whether a cable is in; ``None``: there is no such device, so nobody can say."""
    place = DEVICES / device
    if not place.exists():
        return None
    try:
        return (place / "carrier").read_text().strip() == "1"
    except OSError:
        return False  # the kernel answers so while the device is down
