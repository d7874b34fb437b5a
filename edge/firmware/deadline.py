"""PURE: when a set that nobody has confirmed goes back.

Measured by the clock that runs from the boot on, also while the machine sleeps, so that setting the time moves nothing. After a reboot
that clock begins again: whoever applied gets the whole time once more, from the boot on, and the set goes back when nobody comes.
"""

from __future__ import annotations

from typing import NamedTuple


class Moment(NamedTuple):
    """Which boot, and how long after it."""

    boot: str
    seconds: float


def left_s(armed: Moment, now: Moment, within_s: float) -> float:
    """How long until the set goes back; 0 or less: now."""
    if now.boot != armed.boot:
        return within_s - now.seconds
    return armed.seconds + within_s - now.seconds
