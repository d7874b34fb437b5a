"""SHELL: from one key at the hub's end of the tunnel to the next, without a visit: drilled beside the present one, put in place on trial, kept or taken back.

Rules
    * What is offered was believed by the updater (The Update Framework, a trust of root's own); the edge's account can offer nothing.
    * It changes the other end alone: public key, endpoint, port. The base is the site as it is in place, not what somebody has written since.
    * The drill comes first and touches nothing that works. What it does not prove is tried again for as long as it is offered.
    * What was proven is put in place as ``firmware apply --by-tunnel`` does: the hub has to answer through it, or the old end is back by itself. That is
      not tried a second time until the hub says it anew; but once more, if whoever was at it broke off: the power may have failed, and not the hub.
    * What could not be put in place (no room on the disk, a key's mode, a service that did not take it) is tried again, each time after a longer pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
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
    tried once more, after a try that was broken off. ``tries``: how often it could not be put in place.
    """

    number: int = 0
    following: str = ""
    end: str = ""
    result: str = ""
    again: bool = False
    tries: int = 0
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
            known = self._broken_off(known)
            final = known.result != TunnelFault.WENT_BACK or known.again
            if final or word is None or word.number != known.number:
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
        same = known.number == word.number
        if same and not broken and self._over(known):
            return known
        tries = known.tries if same else 0
        told = Following(
            number=word.number, following=key_name(word.following), end=f"{endpoint}:{port}", again=broken, tries=tries
        )
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
        except (SiteWrong, SetError, OSError) as error:
            return self._not_taken(told, str(error))
        return self._ended(trying)

    def _over(self, known: Following) -> bool:
        """Whether what became of a word leaves nothing to try now: until it is said anew, or for a while."""
        if known.result == TunnelFault.NOT_TAKEN and known.at is not None:
            waited_s = (self._now() - known.at).total_seconds()
            return 0 <= waited_s < pause_s(known.tries)  # a clock that was set back keeps nobody waiting
        return known.result == TunnelFault.WENT_BACK

    def _not_taken(self, told: Following, detail: str) -> Following:
        return self._told(msgspec.structs.replace(told, tries=told.tries + 1), TunnelFault.NOT_TAKEN, detail)

    def _broken_off(self, trying: Following) -> Following:
        """How a trial ended whose beginner is gone: it may not have got as far as putting anything in place."""
        place = self._root / STATE_FOLDER / FRESH_SITE
        return self._ended(trying, sha256(place.read_bytes()).hexdigest() if place.is_file() else "")

    def _ended(self, trying: Following, mark: str = "") -> Following:
        """How the trial ended, once it has. After a power cut whoever looks at a boot has ended it. ``mark``: of the site file that went back, if it was
        ever in place.
        """
        patience_s = float(defaults.CONFIRM_WITHIN_S + GRACE_S)
        while not self._box.sets.record().confirmed:
            if patience_s <= 0:
                raise SetError("the trial of the next key does not end: systemctl status pishkhan-firmware-settle")
            self._pause(LOOK_EVERY_S)
            patience_s -= LOOK_EVERY_S
        self._box.finish()
        if _end_in_place(self._root) == (trying.following, trying.end):
            told = self._told(trying, IN_PLACE, trying.end)
        elif mark and self._box.sets.record().went_back != mark:
            told = self._not_taken(trying, trying.end)
        else:
            told = self._told(trying, TunnelFault.WENT_BACK, trying.end)
        (self._root / STATE_FOLDER / FRESH_SITE).unlink(missing_ok=True)
        return told

    def _told(self, told: Following, result: str, detail: str) -> Following:
        log.info("the next key of the tunnel", state=result, detail=detail)
        fresh = msgspec.structs.replace(told, result=result, at=self._now())
        path = self._root / FOLLOWING_FILE
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.replace(path, msgspec.json.encode(fresh), 0o644)
        path.chmod(0o644)
        return fresh


def pause_s(tries: int) -> float:
    """How long what could not be put in place, ``tries`` (1 or more) times by now, is left alone."""
    return float(min(defaults.NEXT_KEY_PAUSE_S * 4 ** min(tries - 1, 8), defaults.NEXT_KEY_PAUSE_S_MAX))


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
