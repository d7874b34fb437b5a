"""Reads ``rules/limits/``: what the audit knows of items, diagnoses and modifiers, joined with the tariffs of the rulebook.

``<region>.csv``: one line for each item that has a limit of any kind (a list in a cell has spaces between its words); ``acts_as`` is the kind
that the audit takes it for, where the catalogue's is another (a visit that stands among the treatments). ``<region>.yaml``: what the
operations of one session are paid, and the modifiers of relative values; a region without this file has no limits but its tariffs. ``diagnoses.csv``: ranges of codes of one sex or some ages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, field

from central_sync.benefits import parameters
from central_sync.benefits.audit.reference import DiagnosisLimit, Item, Modifier, Place, Tariff
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.prices import ceiling
from central_sync.rulebook.documents import Document, Number
from central_sync.rulebook.strict import RulebookError, document, table
from central_sync.rulebook.values import NUMBER

WORDS = ("cares", "tiers", "indications", "includes", "packages")
NUMBERS = ("quantity_max", "day_quantity_max", "daily_dose_max")
COUNTS = ("age_from", "age_to", "supply_days_max", "every_days", "waiting_days")
FLAGS = ("approval", "hourly")
TEXTS = ("acts_as", "national_code", "sex", "agent", "antibiotic", "counts_as")
COLUMNS = frozenset(("code", *WORDS, *NUMBERS, *COUNTS, *FLAGS, *TEXTS))
LIMITING = frozenset(("cares", "tiers", "indications", "sex", "approval", *NUMBERS, *COUNTS))
"""Columns that hold a line against something; the others only say what the item is."""
CHOICES = {
    "sex": frozenset(["", "male", "female"]),
    "antibiotic": frozenset(["", "plain", "restricted", "special"]),
    "counts_as": frozenset(["", "visit", "consultation", "surgery", "delivery"]),
}
DIAGNOSIS_COLUMNS = frozenset(["first", "last", "sex", "age_from", "age_to"])


class ModifierFile(Document, frozen=True, kw_only=True):
    """A modifier; empty lists mean all kinds, all tiers, and nothing excluded."""

    kinds: list[str] = field(default_factory=list)
    tiers: list[str] = field(default_factory=list)
    excludes: list[str] = field(default_factory=list)


class PlaceFile(Document, frozen=True, kw_only=True):
    """``<region>.yaml``."""

    session_percents: Annotated[list[Number], Meta(min_length=1)]
    modifiers: dict[str, ModifierFile] = field(default_factory=dict)


def places(folder: Path, under: str, rulebook: Rulebook) -> dict[str, Place]:
    """Every region of the rulebook as the audit sees it.

    Raises:
        RulebookError: a limit is wrong, or of an item that the catalogue does not have.
    """
    diagnoses: dict[str, tuple[DiagnosisLimit, ...]] = {}
    for limit in _diagnoses(folder, f"{under}/diagnoses.csv"):
        diagnoses[limit.first[0]] = (*diagnoses.get(limit.first[0], ()), limit)
    for path in sorted((folder / under).iterdir()):
        if path.stem not in rulebook.regions and path.name != "diagnoses.csv":
            raise RulebookError(f"{under}/{path.name}", "document", "the rulebook has no such region")
    found: dict[str, Place] = {}
    for code, region in rulebook.regions.items():
        source, limited = PlaceFile(session_percents=["100"]), {}
        if (folder / under / f"{code}.yaml").exists():
            source = document(folder, f"{under}/{code}.yaml", PlaceFile)
            limited = _limits(folder, f"{under}/{code}.csv", region)
        found[code] = Place(
            currency=region.currency,
            rounding=region.rounding,
            items={
                item.code: Item(
                    kind=limited.get(item.code, {}).pop("acts_as", item.kind),
                    tariffs=_tariffs(region, item),
                    relative=any(version.group for version in item.versions),
                    limited=bool(limited.get(item.code, {}).keys() & LIMITING),
                    **limited.get(item.code, {}),
                )
                for item in region.items.values()
            },
            modifiers={
                name: Modifier(
                    kinds=tuple(modifier.kinds),
                    tiers=tuple(modifier.tiers),
                    excludes=tuple(modifier.excludes),
                    raises=_raises(region.modifiers.get(name)),
                )
                for name, modifier in source.modifiers.items()
            },
            diagnoses=diagnoses,
            session_percents=tuple(int(percent) for percent in source.session_percents),
        )
    return found


def _raises(modifier: parameters.PriceModifier | None) -> bool:
    """Whether a price with the modifier may lie above the item's tariff, on any day."""
    if modifier is None:
        return False
    factors = [one for one in (modifier.professional, modifier.technical, modifier.price) if one]
    return any(row.value for row in (modifier.units.rows if modifier.units else ())) or any(
        row.value and row.value > 1 for factor in factors for row in factor.rows
    )


def _tariffs(region: parameters.Region, item: parameters.Item) -> tuple[Tariff, ...]:
    """The item's classes and unit prices on each day on which one of them changes."""
    days = {version.from_day for version in item.versions}
    groups = {version.group for version in item.versions if version.group}
    for coefficient in (region.coefficients[group] for group in groups):
        for parameter in (coefficient.professional, coefficient.technical):
            days.update(row.from_day for row in parameter.rows if row.from_day > min(days))
    tariffs: list[Tariff] = []
    for day in sorted(days):
        version = item.at(day)
        if version is None:
            tariffs.append(Tariff(from_day=day, catalogue_class=""))
            continue
        prices = {tier: _price(region, version, tier, day) for tier in ("", *region.tiers)}
        own = {tier: price for tier, price in prices.items() if price is not None and (not tier or price != prices[""])}
        tariffs.append(Tariff(from_day=day, catalogue_class=version.catalogue_class, ceilings=own))
    return tuple(tariffs)


def _price(region: parameters.Region, version: parameters.ItemVersion, tier: str, day: date) -> Decimal | None:
    if version.group and not tier:
        return None  # coefficients are of a tier
    exact: Fraction | None = ceiling(region, version, tier, day)
    return None if exact is None else Decimal(exact.numerator) / Decimal(exact.denominator)


def _limits(folder: Path, file: str, region: parameters.Region) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for line, row in table(folder, file, COLUMNS, frozenset()):
        code = row["code"]
        if code not in region.items:
            raise RulebookError(file, line, "the catalogue has no such item")
        if code in found:
            raise RulebookError(file, line, "the item stands twice")
        found[code] = _limit(file, line, row, region)
    return found


def _limit(file: str, line: str, row: Mapping[str, str], region: parameters.Region) -> dict[str, Any]:
    for column, choices in CHOICES.items():
        if row[column] not in choices:
            raise RulebookError(file, line, f"{column} is one of {', '.join(sorted(choices - {''}))}")
    for column, known in (
        ("includes", set(region.items)),
        ("packages", set(region.items)),
        ("tiers", set(region.tiers)),
        ("cares", {"outpatient", "inpatient"}),
    ):
        if unknown := set(row[column].split()) - known:
            raise RulebookError(file, line, f"{column} names {min(unknown)}, which there is not")
    for column in FLAGS:
        if row[column] not in ("", "yes"):
            raise RulebookError(file, line, f"{column} is yes or empty")
    return {
        **{column: tuple(row[column].split()) for column in WORDS if row[column]},
        **{column: _number(file, line, row[column]) for column in NUMBERS if row[column]},
        **{column: _count(file, line, row[column]) for column in COUNTS if row[column]},
        **{column: True for column in FLAGS if row[column]},
        **{column: row[column] for column in TEXTS if row[column]},
    }


def _diagnoses(folder: Path, file: str) -> list[DiagnosisLimit]:
    found: list[DiagnosisLimit] = []
    for line, row in table(folder, file, DIAGNOSIS_COLUMNS, frozenset()):
        if row["sex"] not in CHOICES["sex"] or not row["first"] <= row["last"] or row["first"][:1] != row["last"][:1]:
            raise RulebookError(file, line, "a range of codes of one letter, with a sex or ages")
        found.append(
            DiagnosisLimit(
                first=row["first"],
                last=row["last"],
                sex=row["sex"],
                age_from=_count(file, line, row["age_from"] or "0"),
                age_to=_count(file, line, row["age_to"] or "0"),
            )
        )
    return found


def _number(file: str, line: str, text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise RulebookError(file, line, f"{text} is not a number without a sign, as 100 or 0.05")
    return Decimal(text)


def _count(file: str, line: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise RulebookError(file, line, f"{text} is not a whole number")
    return int(text)
