"""PURE: when an update may be installed by itself, in the hospital's own time: ``01:00-05:00``, also over midnight."""

from __future__ import annotations

from datetime import time


def within(hours: str, local: time) -> bool:
    """Whether ``local`` is in ``hours``; no hours: never."""
    if not hours:
        return False
    begin, end = (time.fromisoformat(part) for part in hours.split("-"))
    return begin <= local < end if begin <= end else local >= begin or local < end
