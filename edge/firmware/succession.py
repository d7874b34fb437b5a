"""SHELL: from one key at the hub's end of the tunnel to the next, without a visit: drilled beside the present one, put in place on trial, kept or taken back.

Rules
    * What is offered was believed by the updater (The Update Framework, a trust of root's own); the edge's account can offer nothing.
    * It changes the other end alone: public key, endpoint, port. The base is the site as it is in place, not what somebody has written since.
    * The drill comes first and touches nothing that works. What it does not prove is tried again for as long as it is offered.
    * What was proven is put in place as ``firmware apply --by-tunnel`` does: the hub has to answer through it, or the old end is back by itself. That is
      not tried a second time until the hub says it anew; but once more, if whoever was at it broke off (the power failed, the disk was full): nobody
      knows then whether it was tried at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog
from msgspec import Struct

from central_sync.wire.tunnels import (
    IN_PLACE,
    TRYING,
    WORD_BYTES_MAX,
    TunnelFault,
    TunnelWord,
    TunnelWordInvalid,
    key_name,
    unpacked,
)
from edge import files
from edge.firmware import FOLLOWING_FILE, STATE_FOLDER, WORD_FILE, defaults, tunnel_drill
from edge.firmware.appliance import Appliance, site_in_place
from edge.firmware.reading import read_site
from edge.firmware.rewriting import NotRewritten, with_end
from edge.firmware.sets import SetError
from edge.firmware.site import Site, SiteWrong, WireGuard
from edge.firmware.wireguard import TunnelError

FRESH_SITE = "following.toml"
LOOK_EVERY_S = 0.5
GRACE_S = 60
"""So long whoever takes a set back may be at it, beyond the set's own time."""
log = structlog.get_logger(__name__)

DrillOf = Callable[[WireGuard, WireGuard, Path], bool]


class Following(Struct, frozen=True, kw_only=True):
    """What became of the word ``number``, which names the key ``following`` (its name) at an ``end``: ``trying``, ``in_place``, or a fault. ``again``: it is
    tried once more, after a try that was broken off.
    """

    number: int = 0
    following: str = ""
    end: str = ""
    result: str = ""
    again: bool = False
    at: datetime | None = None


class End(NamedTuple):
    """The other end of the tunnel as it is in place: its key's name (empty: there is none, or it is not known), and what became of the next one."""

    key: str = ""
    following: Following = Following()


class Succession:
    """Of the appliance below ``root``."""

    def __init__(
        self,
        root: Path,
        drill: DrillOf = tunnel_drill.answers,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._root = root
        self._drill = drill
        self._pause = pause
        self._now = now
        self._box = Appliance(root)

    def go_on(self) -> Following | None:
        """Do what is due; what became of what is offered, ``None``: nothing is offered that concerns this box.

        Raises:
            SetError: a technician's set waits for its confirmation, or what is in place is not known: later.
        """
        word = word_of(self._root)
        known = following_of(self._root)
        broken = known.result == TRYING
        if broken:
            known = self._ended(known)
            if known.result == IN_PLACE or known.again or word is None or word.number != known.number:
                return known
        if not self._box.sets.record().confirmed:
            raise SetError("another set waits to be confirmed: the next key has time")
        path = self._box.sets.applied_site()
        if word is None or path is None:
            return None
        site, _ = read_site(path)
        if not isinstance(site.vpn, WireGuard) or site.vpn.public_key != word.present:
            return None
        endpoint, port = word.endpoint or site.vpn.endpoint, word.port or site.vpn.port
        if (word.following, endpoint, port) == (site.vpn.public_key, site.vpn.endpoint, site.vpn.port):
            return known
        if (
            not broken
            and known.number == word.number
            and known.result in (TunnelFault.WENT_BACK, TunnelFault.NOT_TAKEN)
        ):
            return known  # until it is said anew
        told = Following(number=word.number, following=key_name(word.following), end=f"{endpoint}:{port}", again=broken)
        try:
            text, fresh = with_end(path.read_bytes(), path.name, word.following, endpoint, port)
        except (SiteWrong, NotRewritten) as error:
            return self._told(told, TunnelFault.SITE, str(error))
        return self._tried(told, text, site.vpn, fresh)

    def _tried(self, told: Following, text: bytes, present: WireGuard, fresh: Site) -> Following:
        assert isinstance(fresh.vpn, WireGuard), "with_end() changes its other end alone"
        try:
            if not self._drill(present, fresh.vpn, self._root):
                return self._told(told, TunnelFault.UNANSWERED, told.end)
        except TunnelError as error:
            return self._told(told, TunnelFault.UNTRIED, str(error))
        place = self._root / STATE_FOLDER / FRESH_SITE
        files.replace(place, text, 0o644)
        trying = self._told(told, TRYING, told.end)
        try:
            self._box.apply(place, by_tunnel=True)
        except (SiteWrong, SetError) as error:
            return self._told(told, TunnelFault.NOT_TAKEN, str(error))
        return self._ended(trying)

    def _ended(self, trying: Following) -> Following:
        """How the trial ended, once it has. After a power cut whoever looks at a boot has ended it."""
        patience_s = float(defaults.CONFIRM_WITHIN_S + GRACE_S)
        while not self._box.sets.record().confirmed:
            if patience_s <= 0:
                raise SetError("the trial of the next key does not end: systemctl status pishkhan-firmware-settle")
            self._pause(LOOK_EVERY_S)
            patience_s -= LOOK_EVERY_S
        (self._root / STATE_FOLDER / FRESH_SITE).unlink(missing_ok=True)
        kept = _end_in_place(self._root) == (trying.following, trying.end)
        return self._told(trying, IN_PLACE if kept else TunnelFault.WENT_BACK, trying.end)

    def _told(self, told: Following, result: str, detail: str) -> Following:
        log.info("the next key of the tunnel", state=result, detail=detail)
        fresh = msgspec.structs.replace(told, result=result, at=self._now())
        path = self._root / FOLLOWING_FILE
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.replace(path, msgspec.json.encode(fresh), 0o644)
        path.chmod(0o644)
        return fresh


def word_of(root: Path) -> TunnelWord | None:
    """What is offered, if anything that can be read is."""
    try:
        with (root / WORD_FILE).open("rb") as file:
            content = file.read(WORD_BYTES_MAX + 1)
        return unpacked(content) if content else None
    except FileNotFoundError:
        return None
    except (OSError, TunnelWordInvalid) as error:
        log.warning("what is offered for the tunnel cannot be read", code=type(error).__name__)
        return None


def following_of(root: Path) -> Following:
    """What became of the last word; an empty one where there was none, or it cannot be read."""
    try:
        return msgspec.json.decode((root / FOLLOWING_FILE).read_bytes(), type=Following)
    except (OSError, msgspec.DecodeError):
        return Following()  # as good as none: the hub offers it again


def _end_in_place(root: Path) -> tuple[str, str]:
    try:
        site, _ = read_site(site_in_place(root))
    except (OSError, SiteWrong, SetError):
        return "", ""  # it is told elsewhere what is wrong with it
    vpn = site.vpn
    return (key_name(vpn.public_key), f"{vpn.endpoint}:{vpn.port}") if isinstance(vpn, WireGuard) else ("", "")


def end_of(root: Path) -> End:
    """The other end of the tunnel below ``root``, for who reports it. What became of a word that is over (the hub took it back, or it is of another tunnel)
    is told no more; it stays remembered, so that the same word is not tried anew.
    """
    key, known, word = _end_in_place(root)[0], following_of(root), word_of(root)
    told = known.result == TRYING or (known.result == IN_PLACE and known.following == key)
    if not told and word is not None and known.number == word.number:
        told = key_name(word.present) == key
    return End(key, known if told else Following())
