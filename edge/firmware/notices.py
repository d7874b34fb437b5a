"""PURE: what there is to say of the site file beside what is in place."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from edge.firmware.difference import digest, wanted
from edge.firmware.render import Target
from edge.firmware.tunnel import Words


class SiteState(StrEnum):
    """``in_place``: nothing to say, also where there is no site file at all."""

    IN_PLACE = "in_place"
    CHANGED = "changed"
    WRONG = "wrong"
    UNCONFIRMED = "unconfirmed"


class Notice(NamedTuple):
    """How the site file stands to what is in place: the files that would change, and what is wrong with it."""

    state: SiteState = SiteState.IN_PLACE
    files: tuple[str, ...] = ()
    fault: str = ""


NOTHING = Notice()

WORDS: Mapping[SiteState, Words] = {
    SiteState.CHANGED: Words(
        "The site file was changed and is not in place. Files that would change: %(count)s.",
        "Look at the difference, then apply it: `pishkhan-edge firmware diff`, `pishkhan-edge firmware apply`.",
    ),
    SiteState.WRONG: Words(
        "The site file was changed and has a mistake: %(fault)s",
        "Mend it; what is in place stays meanwhile: `pishkhan-edge firmware check`.",
    ),
    SiteState.UNCONFIRMED: Words(
        "A changed configuration is in place and waits to be confirmed.",
        "Confirm it, or it goes back by itself: `pishkhan-edge firmware confirm`.",
    ),
}


def differing(targets: Mapping[str, Target], placed: Mapping[str, str]) -> tuple[str, ...]:
    """The paths whose files would change, by the digests of what was ``placed``."""
    aims = {path: digest(standing) for path, standing in wanted(targets).items()}
    return tuple(sorted(path for path in aims.keys() | placed.keys() if aims.get(path) != placed.get(path)))


def told(notice: Notice) -> str:
    """The notice as a technician reads it in English; empty: nothing to say."""
    words = WORDS.get(notice.state)
    if words is None:
        return ""
    sentence = words.what % {"count": len(notice.files), "fault": notice.fault}
    listed = f" ({', '.join('/' + path for path in notice.files[:3])}{', …' if len(notice.files) > 3 else ''})"
    return f"{sentence}{listed if notice.files else ''} {words.do}"
