"""The languages of the console: message catalogues, and numbers, days and ages as each writes them.

A message's English text is its key. ``locale/LANGUAGE.po`` holds the others; they are read at the first page, not compiled beforehand.
"""

from __future__ import annotations

import gettext
import io
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages import mofile, pofile
from babel.support import Translations

from central_sync.terms.days import Calendar, display

LANGUAGES = ("en", "fa", "zh")
OWN_NAMES = {"en": "English", "fa": "فارسی", "zh": "中文"}
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


class Language:
    """One language, for an institution in ``zone`` that shows its days in ``calendar``."""

    def __init__(self, code: str, zone: str, calendar: Calendar) -> None:
        self.code = code
        self._locale = Locale.parse(code)
        self._zone = ZoneInfo(zone)
        self._calendar = calendar

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``."""
        return str(self._locale.text_direction)

    @property
    def catalogue(self) -> gettext.NullTranslations:
        """Its messages, in gettext's shape."""
        return _catalogue(self.code)

    def text(self, message: str) -> str:
        """``message`` (English) in this language."""
        return self.catalogue.gettext(message)

    def number(self, value: int | float | Decimal) -> str:
        """``value`` with the language's digits and separators."""
        return self._digits(str(numbers.format_decimal(value, locale=self._locale, numbering_system="default")))

    def day(self, instant: datetime) -> str:
        """The civil day of ``instant`` in the institution's calendar."""
        return self._digits(display(instant.astimezone(self._zone).date(), self._calendar))

    def clock(self, instant: datetime) -> str:
        """Day and time of ``instant`` to the second."""
        return f"{self.day(instant)} {self._digits(instant.astimezone(self._zone).strftime('%H:%M:%S'))}"

    def age(self, since: timedelta) -> str:
        """How long ago: ``2 minutes ago``."""
        return self._digits(str(dates.format_timedelta(-since, add_direction=True, locale=self._locale, threshold=1.2)))

    def span(self, length: timedelta) -> str:
        """How long: ``2 minutes``."""
        return self._digits(str(dates.format_timedelta(length, locale=self._locale, threshold=1.2)))

    def _digits(self, text: str) -> str:
        return text.translate(_PERSIAN_DIGITS) if self.code == "fa" else text


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    if code == "en":
        return gettext.NullTranslations()
    text = files(__package__).joinpath("locale", f"{code}.po").read_bytes()
    compiled = io.BytesIO()
    mofile.write_mo(compiled, pofile.read_po(io.BytesIO(text), locale=code))
    compiled.seek(0)
    return Translations(compiled)


def chosen(wanted: str, accepted: str) -> str:
    """The language that a person chose (``wanted``), else the first that the browser's ``Accept-Language`` names, else English."""
    if wanted in LANGUAGES:
        return wanted
    ranked = []
    for place, part in enumerate(accepted.split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            ranked.append((-weight, place, name.split("-")[0].lower()))
    return next((name for _, _, name in sorted(ranked) if name in LANGUAGES), LANGUAGES[0])
