"""Civil days and calendars.

Instants are aware UTC. A service date or a business day is a civil day in the institution's own zone. On screen each
user reads dates in the calendar of the country; at rest and on the wire a day is always Gregorian ISO 8601.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import jdatetime

BUDDHIST_YEARS_AHEAD = 543
DAYS_OF_EVERY_MONTH = 28
JALALI_BEGINS, JALALI_KNOWN_UNTIL = date(622, 3, 21), date(9999, 3, 20)
"""The first day of the calendar, and the last one of the last year that jdatetime knows: 9377."""
_WRITTEN = re.compile(r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})\Z")


class Calendar(StrEnum):
    """A calendar in which dates are shown and typed."""

    GREGORIAN = "gregorian"
    JALALI = "jalali"
    BUDDHIST = "buddhist"


def civil_day(instant: datetime, zone: str) -> date:
    """The civil day of an aware ``instant`` in ``zone`` (an IANA name).

    Raises:
        ValueError: ``instant`` is naive.
        zoneinfo.ZoneInfoNotFoundError: there is no such zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant carries its zone")
    return instant.astimezone(ZoneInfo(zone)).date()


def day_end(day: date, zone: str) -> datetime:
    """The UTC instant at which civil ``day`` ends in ``zone``."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)


def year_of(day: date, calendar: Calendar) -> int:
    """The year that ``day`` falls in, as ``calendar`` counts."""
    return int(display(day, calendar).split("-")[0])


def display(day: date, calendar: Calendar) -> str:
    """``day`` as ``YYYY-MM-DD`` in ``calendar``, any that a date can hold: 9999-12-31 is how many write that something has no end."""
    match calendar:
        case Calendar.JALALI:
            return _jalali(day)
        case Calendar.BUDDHIST:
            return f"{day.year + BUDDHIST_YEARS_AHEAD:04d}-{day.month:02d}-{day.day:02d}"
        case Calendar.GREGORIAN:
            return day.isoformat()


def _jalali(day: date) -> str:
    """What was before the calendar began is its first day."""
    past = (day - JALALI_KNOWN_UNTIL).days - 1
    if past >= 0:  # in the year 9378: six months of 31 days, then such of 30
        month, number = divmod(past, 31) if past < 6 * 31 else divmod(past - 6, 30)
        return f"9378-{month + 1:02d}-{number + 1:02d}"
    there = jdatetime.date.fromgregorian(date=max(day, JALALI_BEGINS))
    return f"{there.year:04d}-{there.month:02d}-{there.day:02d}"


def parse(text: str, calendar: Calendar) -> date:
    """The day that ``YYYY-MM-DD`` (or with slashes, in digits of any script) names in ``calendar``.

    Raises:
        ValueError: there is no such day.
    """
    found = _WRITTEN.match(text)
    if found is None:
        raise ValueError("a day is written YYYY-MM-DD")
    year, month, number = (int(part) for part in found.groups())
    match calendar:
        case Calendar.JALALI:
            gregorian = jdatetime.date(year, month, number).togregorian()
            return date(gregorian.year, gregorian.month, gregorian.day)
        case Calendar.BUDDHIST:
            return date(year - BUDDHIST_YEARS_AHEAD, month, number)
        case Calendar.GREGORIAN:
            return date(year, month, number)


def unbroken_since(first: date, spans: Iterable[tuple[date, date | None]]) -> date:
    """The day since when something that now holds from ``first`` on has held without a gap of a day, by its ``spans`` (first day, last day or
    none).
    """
    for begins, ends in sorted(spans, key=lambda span: span[0], reverse=True):
        if begins < first and (ends is None or (first - ends).days <= 1):
            first = begins
    return first


def months_after(day: date, months: int, calendar: Calendar) -> date:
    """The day of that number ``months`` later as ``calendar`` counts them; where that month is shorter, its last day."""
    year, month, number = (int(part) for part in display(day, calendar).split("-"))
    year, month = year + (month - 1 + months) // 12, (month - 1 + months) % 12 + 1
    while True:
        try:
            return parse(f"{year:04d}-{month:02d}-{number:02d}", calendar)
        except ValueError:
            if number <= DAYS_OF_EVERY_MONTH:
                raise
            number -= 1
