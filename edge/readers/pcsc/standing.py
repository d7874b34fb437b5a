"""PURE: how a reader stands, and what is to be told when it stands differently."""

from __future__ import annotations

from typing import NamedTuple

from edge.readers import Change
from edge.readers.pcsc.codec import Sight


class Standing(NamedTuple):
    """One reader. ``nth`` tells two cards apart between which nobody looked, ``source`` (the service's name) two readers."""

    connected: bool = False
    present: bool = False
    trouble: str = ""
    nth: int = 0
    source: str = ""


def standing(source: str, sight: Sight | None, trouble: str) -> Standing:
    """How the reader ``source`` stands that was seen as ``sight``; ``trouble`` is why none is seen, if something is wrong with all."""
    if sight is None or not sight.connected:
        return Standing(trouble=trouble or "reader_absent")
    if sight.exclusive:
        trouble = "reader_busy"
    elif sight.present and sight.mute:
        trouble = "card_mute"
    return Standing(True, sight.present, trouble, sight.nth, source)


def steps(before: Standing, now: Standing) -> list[tuple[Change, Standing]]:
    """What is to be told, in order, and how the reader stands after each."""
    told: list[tuple[Change, Standing]] = []
    same = before.connected and now.connected and before.source == now.source
    stayed = same and before.present and now.present and before.nth == now.nth
    at = before
    if at.present and not stayed:
        at = at._replace(present=False)
        told.append((Change.REMOVED, at))
    if at.connected and not same:
        at = Standing(trouble=now.trouble or "reader_absent")
        told.append((Change.READER_LOST, at))
    if now.connected and not same:
        at = now._replace(present=False)
        told.append((Change.READER_BACK, at))
    if now.present and not stayed:
        told.append((Change.INSERTED, now))
    return told
