"""Classifies the lines of a bill by the catalogue of the place of care.

PURE. A line's amount falls into four parts, exactly: what the catalogue leaves to the patient (``own_pay``), what is above
the ceiling, the patient's first part of a class B item, and what is in scope of the layers. Each line by itself, on its own
service date: pricing a bill in two halves gives the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from central_sync.benefits.facts import BillLine, CaseFacts
from central_sync.benefits.parameters import ItemVersion, Region, Rulebook
from central_sync.benefits.results import PricedLine
from central_sync.terms.money import product, share


class ItemUnknown(LookupError):
    """The catalogue has no such item, or not on that day; ``item`` is the code as sent, ``serial`` its line."""

    def __init__(self, item: str, serial: str = "") -> None:
        super().__init__("the catalogue has no such item on that day")
        self.item = item
        self.serial = serial


def price(rulebook: Rulebook, facts: CaseFacts, lines: Iterable[BillLine]) -> tuple[PricedLine, ...]:
    """Each line classified, in the given order.

    Raises:
        ItemUnknown: an item is not in the catalogue of the place of care on its service date.
        ValueError: an amount or quantity is negative.
        KeyError: the rulebook has no such region.
    """
    region = rulebook.regions[facts.region]
    return tuple(_priced(region, facts.tier, line) for line in lines)


def ceiling(region: Region, version: ItemVersion, tier: str, day: date) -> Fraction | None:
    """The insured price of one unit in coins, or ``None`` where there is no ceiling.

    Raises:
        LookupError: the item has relative units but its group has no coefficient for ``tier`` on ``day``.
    """
    if version.group:
        coefficient = region.coefficients[version.group]
        professional = coefficient.professional.at(day, tier)
        technical = coefficient.technical.at(day, tier)
        if professional is None or technical is None or professional.value is None or technical.value is None:
            raise LookupError("no coefficient in force")
        return Fraction(version.professional or Decimal(0)) * Fraction(professional.value) + Fraction(
            version.technical or Decimal(0)
        ) * Fraction(technical.value)
    return version.ceilings.get(tier, version.ceilings.get(""))


def _priced(region: Region, tier: str, line: BillLine) -> PricedLine:
    if line.amount < 0 or line.quantity < 0:
        raise ValueError("a bill line is not negative")
    item = region.items.get(line.item)
    version = item.at(line.service_date) if item else None
    if version is None:
        raise ItemUnknown(line.item, line.serial)
    if version.catalogue_class == "C":
        return PricedLine(line.serial, line.amount, "C", line.amount, 0, 0, 0)
    try:
        unit_ceiling = ceiling(region, version, tier, line.service_date)
    except LookupError as error:
        raise ItemUnknown(line.item, line.serial) from error
    allowed = line.amount
    if unit_ceiling is not None:
        allowed = min(allowed, product(line.quantity, unit_ceiling, region.rounding))
    ratio = version.first_self_pay
    first = share(allowed, ratio, region.rounding) if ratio else 0
    return PricedLine(
        line.serial, line.amount, version.catalogue_class, 0, line.amount - allowed, first, allowed - first
    )
