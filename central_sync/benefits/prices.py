"""Classifies the lines of a bill by the catalogue of the place of care.

PURE. A line's amount falls into five parts, exactly: what the catalogue leaves to the patient (``own_pay``), what is above
the price of this kind of hospital where another one is insured (``over_tariff``), what is above the insured price, the
patient's first part of a class B item, and what is in scope of the layers. Each line by itself, on its own
service date: pricing a bill in two halves gives the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from central_sync.benefits.facts import BillLine, CaseFacts
from central_sync.benefits.parameters import ItemVersion, PriceModifier, Region, Rulebook
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


def ceiling(
    region: Region, version: ItemVersion, tier: str, day: date, modifiers: Iterable[PriceModifier] = ()
) -> Fraction | None:
    """The price of one unit in a hospital of ``tier``, in coins, or ``None`` where there is none.

    Raises:
        LookupError: the item has relative units but its group has no coefficient for ``tier`` on ``day``.
    """
    several = tuple(modifiers)
    whole = _factor(several, "price", tier, day)
    if not version.group:
        price = version.ceilings.get(tier, version.ceilings.get(""))
        return price if price is None or whole == 1 else price * whole
    coefficient = region.coefficients[version.group]
    professional = coefficient.professional.at(day, tier)
    technical = coefficient.technical.at(day, tier)
    if professional is None or technical is None or professional.value is None or technical.value is None:
        raise LookupError("no coefficient in force")
    units = Fraction(version.professional or Decimal(0))
    first = Fraction(professional.value)
    second = Fraction(version.technical or Decimal(0)) * Fraction(technical.value)
    if not several:
        return units * first + second
    for modifier in several:
        row = modifier.units.at(day, tier) if modifier.units else None
        units += Fraction(row.value) if row and row.value is not None else 0
    professional_part = units * first * _factor(several, "professional", tier, day)
    return (professional_part + second * _factor(several, "technical", tier, day)) * whole


def _factor(modifiers: Sequence[PriceModifier], part: str, tier: str, day: date) -> Fraction:
    """What ``modifiers`` multiply a part of the price with, all together."""
    found = Fraction(1)
    for modifier in modifiers:
        parameter = getattr(modifier, part)
        row = parameter.at(day, tier) if parameter else None
        if row is not None:
            found *= Fraction(row.value)
    return found


def _priced(region: Region, tier: str, line: BillLine) -> PricedLine:
    if line.amount < 0 or line.quantity < 0:
        raise ValueError("a bill line is not negative")
    item = region.items.get(line.item)
    version = item.at(line.service_date) if item else None
    if item is None or version is None:
        raise ItemUnknown(line.item, line.serial)
    if version.catalogue_class == "C":
        return PricedLine(line.serial, line.amount, "C", line.amount, 0, 0, 0)
    modifiers = [
        found
        for code in line.modifiers
        if (found := region.modifiers.get(code)) and (not found.kinds or item.kind in found.kinds)
    ]
    insured_tier, above = region.insured_tier or tier, 0
    try:
        insured = ceiling(region, version, insured_tier, line.service_date, modifiers)
        if insured_tier != tier:
            own = ceiling(region, version, tier, line.service_date, modifiers)
            if own is not None:
                above = max(line.amount - product(line.quantity, own, region.rounding), 0)
    except LookupError as error:
        raise ItemUnknown(line.item, line.serial) from error
    within = line.amount - above
    allowed = within if insured is None else min(within, product(line.quantity, insured, region.rounding))
    ratio = version.first_self_pay
    first = share(allowed, ratio, region.rounding) if ratio else 0
    return PricedLine(
        line.serial, line.amount, version.catalogue_class, 0, within - allowed, first, allowed - first, above
    )
