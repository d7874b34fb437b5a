"""PURE: days as cards write them: digits of a Gregorian, Buddhist or ROC year, month and day, in text or BCD.

A field may be blank, say "no end", or know only part of a birth date; then there is no date. What is none of these and no day
either is a fault: a card whose last day cannot be read must not pass as one without an end.
"""

from __future__ import annotations

from datetime import date

from edge.readers.cards.conversation import CardFault

BUDDHIST = -543
ROC = 1911
"""What is added to the card's year to get ours."""
_LIFELONG = ("99999999", "9999999", "FFFFFFFF")
_BLANK = " \0"


def day(text: str, era: int = 0) -> date | None:
    """The day that ``text`` (year, two digits of month, two of day) names; ``None`` if it is blank or says "for life".

    Raises:
        CardFault: anything else that is no day.
    """
    digits = text.strip(_BLANK)
    if not digits.strip("0") or digits in _LIFELONG:
        return None
    return _day(digits, era)


def birth_day(text: str, era: int = 0) -> date | None:
    """The same for a birth date, of which some people do not know the month or the day: ``00`` means that, and then there is none.

    Raises:
        CardFault: anything else that is no day.
    """
    digits = text.strip(_BLANK)
    if not digits.strip("0"):
        return None
    if digits.isascii() and digits.isdigit() and len(digits) in (7, 8) and "00" in (digits[-4:-2], digits[-2:]):
        return None
    return _day(digits, era)


def bcd(data: bytes) -> str:
    """``data`` as the digits that it packs; letters A to F stay, for whoever reads them to refuse."""
    return data.hex().upper()


def _day(digits: str, era: int) -> date:
    if not (digits.isascii() and digits.isdigit() and len(digits) in (7, 8)):
        raise CardFault("a date that is no date")
    try:
        return date(int(digits[:-4]) + era, int(digits[-4:-2]), int(digits[-2:]))
    except ValueError:
        # its text would quote the card's day
        raise CardFault("a day that is not in the calendar") from None
