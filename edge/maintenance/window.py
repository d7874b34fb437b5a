"""PURE: what is announced, whether it may be, and which transactions go on while it lasts."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from central_sync.wire.catalogue import BY_NUMBER, ROWS
from edge.errors import EdgeError
from edge.limits import MAINTENANCE_AHEAD_DAYS_MAX, MAINTENANCE_HOURS_MAX, MAINTENANCE_REASON_CHARACTERS_MAX

_UNDOES = {BY_NUMBER[row.undone_by].name for row in ROWS if row.undone_by}
_ENDS_OR_ASKS = {
    "confirm", "query", "uncertain", "reversal", "sign_in", "sign_out", "reconcile_totals", "reconcile_details",
}  # fmt: skip
GOES_ON = frozenset(number for row in ROWS if row.name in _UNDOES | _ENDS_OR_ASKS for number in row.numbers)
"""Numbers of what ends or takes back something, asks what became of something, or opens and closes the day."""


class MaintenanceError(EdgeError):
    """It cannot be announced so; the text says why, ``code`` which of the reasons it is."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Window(Struct, frozen=True, kw_only=True):
    """What was announced. ``reason``: a technician's words for the desks."""

    begin: datetime
    end: datetime
    reason: str
    announced_at: datetime

    def lasts(self, now: datetime) -> bool:
        """Whether new work is refused now."""
        return self.begin <= now < self.end

    def over(self, now: datetime) -> bool:
        """Whether it has ended."""
        return now >= self.end

    def left_s(self, now: datetime) -> int:
        """How long it still lasts, in whole seconds, at least one."""
        return max(1, -int(-(self.end - now).total_seconds() // 1))


def announced(begin: datetime, end: datetime, reason: str, now: datetime) -> Window:
    """The window of maintenance from ``begin`` (now, if that is past) to ``end``.

    Raises:
        MaintenanceError: its times or its reason will not do.
    """
    begin, end, words = max(begin, now).astimezone(UTC), end.astimezone(UTC), reason.strip()
    if end <= begin:
        raise MaintenanceError("ended", "maintenance ends after it begins, and after now")
    if end - begin > timedelta(hours=MAINTENANCE_HOURS_MAX):
        raise MaintenanceError(
            "long", f"maintenance lasts {MAINTENANCE_HOURS_MAX} hours at most: announce it again if it has to"
        )
    if begin - now > timedelta(days=MAINTENANCE_AHEAD_DAYS_MAX):
        raise MaintenanceError("far", f"maintenance is announced {MAINTENANCE_AHEAD_DAYS_MAX} days ahead at most")
    if not 0 < len(words) <= MAINTENANCE_REASON_CHARACTERS_MAX or any(
        unicodedata.category(one)[0] == "C" for one in words
    ):
        raise MaintenanceError("reason", f"say why, in 1 to {MAINTENANCE_REASON_CHARACTERS_MAX} letters on one line")
    return Window(begin=begin, end=end, reason=words, announced_at=now)
