"""The console in one language: its messages, and numbers, days and hours as the language writes them.

A message's English text is its key. ``locale/LANGUAGE.po`` holds the others; they are read at the first page, not compiled beforehand.
"""

from __future__ import annotations

import gettext
import io
from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.messages import mofile, pofile
from babel.support import Translations

from central_sync.terms import languages
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language

OWN_NAMES = {Language.EN: "English", Language.FA: "فارسی", Language.ZH: "中文"}


class Tongue:
    """One language, for an institution in ``zone`` that shows its days in ``calendar``."""

    def __init__(self, language: Language, zone: str, calendar: Calendar) -> None:
        self.language = language
        self._zone = ZoneInfo(zone)
        self._calendar = calendar

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``, as HTML says it."""
        return "rtl" if self.language is Language.FA else "ltr"

    @property
    def catalogue(self) -> gettext.NullTranslations:
        """Its messages, in gettext's shape."""
        return _catalogue(self.language)

    def text(self, message: str) -> str:
        """``message`` (English) in this language."""
        return self.catalogue.gettext(message)

    def number(self, value: int) -> str:
        """A whole number."""
        return languages.number(value, self.language)

    def clock(self, instant: datetime) -> str:
        """Day and time of ``instant`` to the second, in the institution's calendar and zone."""
        there = instant.astimezone(self._zone)
        time = languages.digits(f"{there:%H:%M:%S}", self.language)
        return f"{languages.day(there.date(), self._calendar, self.language)} {time}"


def chosen(wanted: str, accepted: str) -> Language:
    """The language that a person chose (``wanted``), else the one that the browser's ``Accept-Language`` prefers, else English."""
    return languages.language(wanted) or languages.preferred(accepted) or Language.EN


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    if language is Language.EN:
        return gettext.NullTranslations()
    text = files(__package__).joinpath("locale", f"{language}.po").read_bytes()
    compiled = io.BytesIO()
    mofile.write_mo(compiled, pofile.read_po(io.BytesIO(text), locale=language.value))
    compiled.seek(0)
    return Translations(compiled)
