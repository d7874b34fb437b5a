"""PURE: what a clerk typed, as the packet of a transaction. Digits of any script are taken, a decimal point in either; what cannot be right is told by field.

Whether a packet holds together is decided by the intake, as for every face; here only what a form alone can go wrong with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from central_sync.terms import identifiers
from central_sync.terms.days import Calendar, display, parse
from central_sync.terms.money import AMOUNT_MAX, CURRENCIES, Rounding, line_amount
from central_sync.wire.packets import FeeLine

TEXT_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 50
_NUMBER = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?")
_QUANTITY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_GROUPED = re.compile(r"\d{1,3}(?P<by>[٬, \u202f\u00a0])\d{3}((?P=by)\d{3})*([.٫]\d+)?")
"""Groups of three: a comma elsewhere was meant as a decimal point perhaps, and what was meant is not guessed."""
_CODE = re.compile(r"[!-~]{1,50}")
_SEPARATORS = str.maketrans({"٫": ".", "٬": None, ",": None, " ": None, "\u202f": None, "\u00a0": None})
_GROUPS = "٬, \u202f\u00a0"
Fields = Mapping[str, str]
FACTS = ("doctor", "relative_value_code")
"""What a line may say besides at a desk: what reviews ask for most."""


class Mistyped(ValueError):
    """A field cannot be right; ``field`` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def text(fields: Fields, name: str, *, needed: bool = False) -> str:
    """A line of text as typed, without what cannot be seen at its ends.

    Raises:
        Mistyped: it is missing, or too long.
    """
    found = " ".join(fields.get(name, "").split())
    if len(found) > TEXT_CHARACTERS_MAX or (needed and not found):
        raise Mistyped(name)
    return found


def code(fields: Fields, name: str) -> str:
    """A code (of an item, a diagnosis): printable ASCII, capital letters.

    Raises:
        Mistyped: it is missing, or none.
    """
    found = identifiers.normalised(fields.get(name, "")[: 2 * CODE_CHARACTERS_MAX]).upper()
    if not _CODE.fullmatch(found):
        raise Mistyped(name)
    return found


def decimal(fields: Fields, name: str, pattern: re.Pattern[str] = _NUMBER) -> str:
    """A decimal number as packets write it.

    Raises:
        Mistyped: it is none.
    """
    typed = fields.get(name, "")[:TEXT_CHARACTERS_MAX].strip()
    if any(letter in _GROUPS for letter in typed) and not _GROUPED.fullmatch(typed):
        raise Mistyped(name)
    found = identifiers.normalised(typed.translate(_SEPARATORS))
    if not pattern.fullmatch(found):
        raise Mistyped(name)
    return found


def day(fields: Fields, name: str, calendar: Calendar, today: date) -> date:
    """A day as the hospital writes it (``YYYY-MM-DD`` or with slashes, in its calendar); nothing: today.

    Raises:
        Mistyped: there is no such day.
    """
    found = identifiers.normalised(fields.get(name, "")[:TEXT_CHARACTERS_MAX])
    if not found:
        return today
    try:
        return parse(found, calendar)
    except ValueError:
        raise Mistyped(name) from None


def until(fields: Fields, calendar: Calendar, today: date) -> date:
    """The last day of a part of a stay, today or before.

    Raises:
        Mistyped: there is no such day, or it has not come.
    """
    found = day(fields, "until", calendar, today)
    if found > today:
        raise Mistyped("until")
    return found


def fee_line(fields: Fields, serial: str, currency: str, calendar: Calendar, today: date) -> dict[str, Any]:
    """One line of fees. Its amount is computed, so that it adds up.

    Raises:
        Mistyped: a field is missing or wrong.
    """
    quantity = decimal({"quantity": fields.get("quantity") or "1"}, "quantity", _QUANTITY)
    price = decimal(fields, "price")
    known = CURRENCIES[currency]
    amount = line_amount(Decimal(quantity), Decimal(price), known, Rounding.HALF_UP)
    if not 0 <= amount <= AMOUNT_MAX or not Decimal(quantity):
        raise Mistyped("price" if Decimal(quantity) else "quantity")
    facts = {name: said for name in FACTS if (said := text(fields, name))}
    return {
        **({"facts": facts} if facts else {}),
        "serial": serial,
        "item": code(fields, "item"),
        "unit_price": price,
        "name": text(fields, "name"),
        "service_date": day(fields, "day", calendar, today).isoformat(),
        "quantity": quantity,
        "amount": amount,
    }


def typed_of(line: FeeLine, calendar: Calendar, written: Callable[[str], str]) -> dict[str, str]:
    """The fields of a form of fees as somebody would type ``line``. ``written``: a number in the digits that are typed here."""
    facts = line.facts
    return {
        "item": line.item,
        "name": line.name,
        "quantity": written(str(line.quantity)),
        "price": written(str(line.unit_price)),
        "day": written(display(line.service_date, calendar)),
        "doctor": facts.doctor if facts else "",
        "relative_value_code": facts.relative_value_code if facts else "",
    }


def diagnoses(fields: Fields) -> list[dict[str, Any]]:
    """The main diagnosis, as the list that packets want.

    Raises:
        Mistyped: it is missing, or no code.
    """
    return [{"code": code(fields, "diagnosis"), "main": True}]


def person(typed: str, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    """Kind and number of the person whose number was ``typed``, the first of ``kinds`` that it fits; ``None``: it is none of them."""
    for kind in kinds:
        number = identifiers.checked(kind, typed)
        if number is not None:
            return kind, number
    return None
