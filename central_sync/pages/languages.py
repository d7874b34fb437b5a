"""A console in one language: its messages, and numbers, days, hours and ages as the language writes them.

A message's English text is its key. ``locale/LANGUAGE.po`` of each room holds the others; they are read at the first page, not compiled beforehand.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from babel.messages import mofile, pofile
from babel.support import Translations
from babel.units import format_unit

from central_sync.terms import languages
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.money import CURRENCIES

OWN_NAMES = {Language.EN: "English", Language.FA: "فارسی", Language.ZH: "中文"}


OURS = "central_sync.pages"
"""This room, whose messages every console has."""
UNITS = {
    "days": "duration-day",
    "hours": "duration-hour",
    "minutes": "duration-minute",
    "seconds": "duration-second",
    "milliseconds": "duration-millisecond",
    "bytes": "digital-byte",
}
"""Names of values that are a number of something, by which they are told with it; a language has its own rules for one and for many."""
NOW_S = 1.5
"""What is younger happened just now."""


class Tongue:
    """One language of the console whose rooms are ``rooms`` (packages), for readers in ``zone`` who see days in ``calendar``."""

    def __init__(self, language: Language, zone: str, calendar: Calendar, rooms: tuple[str, ...] = ()) -> None:
        self.language = language
        self._rooms = (OURS, *rooms)
        self._zone = ZoneInfo(zone)
        self._calendar = calendar

    @property
    def zone(self) -> str:
        """The zone in which instants are told, by its IANA name."""
        return self._zone.key

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``, as HTML says it."""
        return "rtl" if self.language is Language.FA else "ltr"

    @property
    def catalogue(self) -> gettext.NullTranslations:
        """Its messages, in gettext's shape."""
        return _catalogue(self.language, self._rooms)

    def text(self, message: str) -> str:
        """``message`` (English) in this language."""
        return self.catalogue.gettext(message)

    def number(self, value: int) -> str:
        """A whole number."""
        return languages.number(value, self.language)

    def measure(self, value: int, name: str) -> str:
        """A whole number of what ``name`` says (:data:`UNITS`): ``1 day``, ``۳ روز``; of anything else the number alone."""
        unit = UNITS.get(name)
        if unit is None:
            return self.number(value)
        return languages.digits(format_unit(value, unit, length="long", locale=self.language.value), self.language)

    def clock(self, instant: datetime) -> str:
        """Day and time of ``instant`` to the second, in the institution's calendar and zone."""
        there = instant.astimezone(self._zone)
        time = languages.digits(f"{there:%H:%M:%S}", self.language)
        return f"{languages.day(there.date(), self._calendar, self.language)} {time}"

    def hour(self, instant: datetime, beside: datetime) -> str:
        """The time of ``instant`` to the minute; its day goes before it unless that of ``beside`` is the same."""
        there, day = instant.astimezone(self._zone), beside.astimezone(self._zone).date()
        time = languages.digits(f"{there:%H:%M}", self.language)
        return time if there.date() == day else f"{self.date(there.date())} {time}"

    def day(self, instant: datetime) -> str:
        """The day of ``instant``, in the institution's calendar and zone."""
        return languages.day(instant.astimezone(self._zone).date(), self._calendar, self.language)

    def age(self, instant: datetime, now: datetime) -> str:
        """How long ago ``instant`` was, in one unit: ``2 minutes ago``, ``۲ دقیقه پیش``; what is to come is told likewise."""
        gone = (instant - now).total_seconds()
        if -NOW_S < gone < NOW_S:
            return self.text("just now")
        told = format_timedelta(timedelta(seconds=gone), add_direction=True, locale=self.language.value, threshold=1)
        return languages.digits(told, self.language)

    def date(self, day: date) -> str:
        """A civil day, in the reader's calendar."""
        return languages.day(day, self._calendar, self.language)

    def money(self, amount: int, currency: str) -> str:
        """``amount`` smallest coins of the currency of that code."""
        known = CURRENCIES.get(currency)
        return languages.money(amount, known, self.language) if known else f"{self.number(amount)} {currency}"

    @property
    def calendar(self) -> Calendar:
        """The calendar in which days are shown."""
        return self._calendar

    def span(self, seconds: float) -> str:
        """A length of time, in one unit: ``2 minutes``."""
        told = format_timedelta(timedelta(seconds=seconds), locale=self.language.value, threshold=1)
        return languages.digits(told, self.language)


def chosen(wanted: str, accepted: str, served: Sequence[Language] = tuple(Language)) -> Language:
    """The language that a person chose (``wanted``), else the one that the browser's ``Accept-Language`` prefers, else the first that is ``served``."""
    asked = languages.language(wanted), languages.preferred(accepted)
    return next((one for one in asked if one is not None and one in served), served[0])


@cache
def _catalogue(language: Language, rooms: tuple[str, ...]) -> gettext.NullTranslations:
    if language is Language.EN:
        return gettext.NullTranslations()
    whole = Translations()
    for room in rooms:
        text = files(room).joinpath("locale", f"{language}.po").read_bytes()
        compiled = io.BytesIO()
        mofile.write_mo(compiled, pofile.read_po(io.BytesIO(text), locale=language.value))
        compiled.seek(0)
        whole.merge(Translations(compiled))
    return whole
