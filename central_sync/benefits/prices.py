"""Classifies the lines of a bill by the catalogue of the place of care.

PURE. A line's amount falls into five parts, exactly: what the catalogue leaves to the patient (``own_pay``), what is above
the price of this kind of hospital where another one is insured (``over_tariff``), what is above the insured price, the
patient's first part of a class B item, and what is in scope of the layers. Each line by itself, on its own
service date: pricing a bill in two halves gives the same lines. How an item is treated is looked up once and kept for the days on
which it stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from central_sync.benefits.facts import BillLine, CaseFacts
from central_sync.benefits.kept import Kept, remember
from central_sync.benefits.parameters import Coefficient, Item, ItemVersion, PriceModifier, Region, Rulebook
from central_sync.benefits.results import PricedLine
from central_sync.terms.money import NEAREST

_TIERS_MAX, _ITEMS_MAX = 64, 20_000
"""How many tiers of a region, and items of a tier, are kept: about 6 MB when full."""


class ItemUnknown(LookupError):
    """The catalogue has no such item, or not on that day; ``item`` is the code as sent, ``serial`` its line."""

    def __init__(self, item: str, serial: str = "") -> None:
        super().__init__("the catalogue has no such item on that day")
        self.item = item
        self.serial = serial


class LineNegative(ValueError):
    """A line with a negative amount or quantity: a refund takes the original line off the bill; ``serial`` is its line."""

    def __init__(self, serial: str) -> None:
        super().__init__("a bill line is not negative")
        self.serial = serial


class Treatment(msgspec.Struct, frozen=True, gc=False):
    """How an item is treated in a tier from ``since`` up to, not including, ``until``. One unit is insured up to ``ceiling`` /
    ``units`` coins and costs ``tariff`` / ``tariff_units`` (below 0: there is no such price, or it is the same); the first self-pay is
    ``first`` / ``of``.
    """

    since: date
    until: date
    catalogue_class: str
    ceiling: int = -1
    units: int = 1
    tariff: int = -1
    tariff_units: int = 1
    first: int = 0
    of: int = 1


_KNOWN: Kept[Region, dict[str, dict[str | tuple[str, ...], Treatment]]] = Kept(dict)


def price(rulebook: Rulebook, facts: CaseFacts, lines: Iterable[BillLine]) -> tuple[PricedLine, ...]:
    """Each line classified, in the given order.

    Raises:
        ItemUnknown: an item is not in the catalogue of the place of care on its service date.
        LineNegative: an amount or quantity is negative.
        KeyError: the rulebook has no such region.
    """
    return classified(rulebook.regions[facts.region], facts.tier, lines)[0]


def classified(region: Region, tier: str, lines: Iterable[BillLine]) -> tuple[tuple[PricedLine, ...], dict[str, int]]:
    """The lines as :func:`price` has them, and what each part of them comes to."""
    tiers = _KNOWN.of(region)
    known = tiers.get(tier)
    if known is None:
        known = remember(tiers, tier, {}, _TIERS_MAX)
    nearest = NEAREST[region.rounding]
    priced: list[PricedLine] = []
    own_pay = over_tariff = over_ceiling = first_self_pay = in_scope = 0
    for line in lines:
        amount = line.amount
        if amount < 0 or line.quantity < 0:
            raise LineNegative(line.serial)
        key = (line.item, *line.modifiers) if line.modifiers else line.item
        found = known.get(key)
        if found is None or not found.since <= line.service_date < found.until:
            found = remember(known, key, _looked_up(region, tier, line), _ITEMS_MAX)
        letter = found.catalogue_class
        if letter == "C":
            priced.append(PricedLine(line.serial, amount, letter, amount, 0, 0, 0, 0))
            own_pay += amount
            continue
        over = above = first = 0
        scope = amount
        if found.tariff >= 0 or found.ceiling >= 0:
            quantity, parts = line.quantity.as_integer_ratio()
            if found.tariff >= 0:
                costs = nearest(quantity * found.tariff, parts * found.tariff_units)
                if costs < scope:
                    above, scope = scope - costs, costs
                    over_tariff += above
            if found.ceiling >= 0:
                insured = nearest(quantity * found.ceiling, parts * found.units)
                if insured < scope:
                    over, scope = scope - insured, insured
                    over_ceiling += over
        if found.first:
            first = nearest(scope * found.first, found.of)
            scope -= first
            first_self_pay += first
        in_scope += scope
        priced.append(PricedLine(line.serial, amount, letter, 0, over, first, scope, above))
    sums = {
        "own_pay": own_pay,
        "over_tariff": over_tariff,
        "over_ceiling": over_ceiling,
        "first_self_pay": first_self_pay,
        "in_scope": in_scope,
    }
    return tuple(priced), sums


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


def _looked_up(region: Region, tier: str, line: BillLine) -> Treatment:
    item, day = region.items.get(line.item), line.service_date
    version = item.at(day) if item else None
    if item is None or version is None:
        raise ItemUnknown(line.item, line.serial)
    modifiers = [
        found
        for code in line.modifiers
        if (found := region.modifiers.get(code)) and (not found.kinds or item.kind in found.kinds)
    ]
    changes = _changes(item, region.coefficients.get(version.group), modifiers)
    since = max(change for change in changes if change <= day)
    until = min((change for change in changes if change > day), default=date.max)
    if version.catalogue_class == "C":
        return Treatment(since, until, "C")
    insured_tier, tariff = region.insured_tier or tier, None
    try:
        insured = ceiling(region, version, insured_tier, day, modifiers)
        if insured_tier != tier:
            tariff = ceiling(region, version, tier, day, modifiers)
    except LookupError as error:
        raise ItemUnknown(line.item, line.serial) from error
    first = version.first_self_pay
    return Treatment(
        since,
        until,
        version.catalogue_class,
        *((-1, 1) if insured is None else insured.as_integer_ratio()),
        *((-1, 1) if tariff is None else tariff.as_integer_ratio()),
        first.numerator,
        first.denominator,
    )


def _changes(item: Item, coefficient: Coefficient | None, modifiers: Sequence[PriceModifier]) -> list[date]:
    """The days on which the item may begin to be treated in another way."""
    days = [version.from_day for version in item.versions]
    told = [coefficient.professional, coefficient.technical] if coefficient else []
    for one in modifiers:
        told += [found for found in (one.units, one.professional, one.technical, one.price) if found]
    return days + [row.from_day for parameter in told for row in parameter.rows]
