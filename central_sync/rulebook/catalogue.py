"""Reads one catalogue of ``tariffs/``: the items of a region, each with its versions by day.

Columns: ``code, from, name, kind, unit, class, first_self_pay, ceiling, professional, technical, group, price, reference,
illustrative`` and any ``ceiling.<tier>``. ``class`` empty ends the item on that day. Ceilings and prices are main units for one
unit of the item; relative units go with a ``group`` of coefficients, and then there is no ceiling of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from central_sync.benefits.parameters import Coefficient, Item, ItemVersion
from central_sync.rulebook.strict import table
from central_sync.rulebook.values import Place, coins, day, number, ratio

COLUMNS = frozenset(
    [
        "code",
        "from",
        "name",
        "kind",
        "unit",
        "class",
        "first_self_pay",
        "ceiling",
        "professional",
        "technical",
        "group",
        "price",
        "reference",
        "illustrative",
    ]
)
KINDS = frozenset(
    ["anaesthesia", "bed", "consumable", "drug", "imaging", "laboratory", "nursing", "surgery", "treatment", "visit"]
)
_CODE = re.compile(r"[!-~]{1,50}")

Columns = Mapping[str, str]


def items(
    folder: Path, place: Place, tiers: Collection[str], coefficients: Mapping[str, Coefficient]
) -> dict[str, Item]:
    """The items of the catalogue in ``place.file`` by code.

    Raises:
        RulebookError: a row is wrong; the error names the line.
    """
    found: dict[str, Item] = {}
    for line, row in table(folder, place.file, COLUMNS, frozenset(f"ceiling.{tier}" for tier in tiers)):
        code = row["code"]
        if not _CODE.fullmatch(code):
            raise place.wrong(line, "code is 1 to 50 printable ASCII characters")
        if row["kind"] not in KINDS:
            raise place.wrong(line, "no such kind")
        if not row["name"] or not row["unit"]:
            raise place.wrong(line, "an item has a name and a unit")
        version = _version(place, line, row, tiers, coefficients)
        item = found.get(code) or Item(code, row["name"], row["kind"], row["unit"], ())
        if (item.name, item.kind, item.unit) != (row["name"], row["kind"], row["unit"]):
            raise place.wrong(line, "another name, kind or unit than the item's earlier row")
        if item.versions and item.versions[-1].from_day >= version.from_day:
            raise place.wrong(line, "rows of one item stand together, in the order of their days")
        found[code] = Item(item.code, item.name, item.kind, item.unit, (*item.versions, version))
    return found


def _version(
    place: Place, line: str, row: Columns, tiers: Collection[str], coefficients: Mapping[str, Coefficient]
) -> ItemVersion:
    from_day = day(place, line, row["from"])
    if row["class"] not in ("", "A", "B", "C"):
        raise place.wrong(line, "class is A, B, C or empty")
    if (row["class"] == "B") != bool(row["first_self_pay"]):
        raise place.wrong(line, "first_self_pay goes with class B, and only with it")
    if row["reference"] not in place.references:
        raise place.wrong(line, "sources.yaml has no such source")
    if row["illustrative"] not in ("true", "false"):
        raise place.wrong(line, "illustrative is true or false")
    ceilings = {
        tier: Fraction(number(place, line, row[column])) * 10**place.currency.decimals
        for tier, column in [("", "ceiling"), *((tier, f"ceiling.{tier}") for tier in tiers)]
        if row.get(column)
    }
    _relative(place, line, row, coefficients, from_day, tiers, has_ceiling=bool(ceilings))
    return ItemVersion(
        from_day=from_day,
        catalogue_class=row["class"],
        first_self_pay=ratio(place, line, number(place, line, row["first_self_pay"] or "0")),
        ceilings=ceilings,
        professional=Decimal(number(place, line, row["professional"])) if row["professional"] else None,
        technical=Decimal(number(place, line, row["technical"])) if row["technical"] else None,
        group=row["group"],
        price=coins(place, line, number(place, line, row["price"])),
        reference=row["reference"],
        illustrative=row["illustrative"] == "true",
    )


def _relative(
    place: Place,
    line: str,
    row: Columns,
    coefficients: Mapping[str, Coefficient],
    from_day: date,
    tiers: Collection[str],
    *,
    has_ceiling: bool,
) -> None:
    """Relative units need a group of coefficients that has a value for every tier on the item's first day."""
    units = bool(row["professional"] or row["technical"])
    if units != bool(row["group"]):
        raise place.wrong(line, "relative units and a group of coefficients go together")
    if not units:
        return
    if has_ceiling:
        raise place.wrong(line, "relative units or a ceiling, not both")
    coefficient = coefficients.get(row["group"])
    if coefficient is None:
        raise place.wrong(line, "the region has no coefficients of that group")
    for tier in tiers:
        if not coefficient.professional.at(from_day, tier) or not coefficient.technical.at(from_day, tier):
            raise place.wrong(line, f"no coefficient for {tier} on the item's first day")
