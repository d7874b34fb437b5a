"""What the law says on one day, and what it says otherwise on another, or in another rulebook.

A value is named by its rule and by whom it speaks for (tier, group, mark, ages). Values are written as a person reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from central_sync.benefits.explain import percent
from central_sync.benefits.parameters import Band, Benefit, Item, Parameter, Row, Rulebook, Scheme
from central_sync.terms.money import CURRENCIES

NOTHING = "—"
"""What stands for a value that is not in force."""

Named = tuple[str, str]
"""Rule, and whom the value speaks for."""


@dataclass(frozen=True, slots=True)
class InForce:
    """A value of one day, with since when and from where."""

    text: str
    value: str
    since: date
    reference: str
    illustrative: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is another one; ``now`` tells since when and why, if it is in force at all."""

    rule: str
    who: str
    text: str
    before: str
    after: str
    since: date | None
    reference: str


def changes(before: Mapping[Named, InForce], after: Mapping[Named, InForce]) -> list[Change]:
    """What differs, by rule."""
    found: list[Change] = []
    for rule, who in sorted(before.keys() | after.keys()):
        old, new = before.get((rule, who)), after.get((rule, who))
        said = new or old
        if said is None or (old and new and old.value == new.value):
            continue
        found.append(
            Change(
                rule,
                who,
                said.text,
                old.value if old else NOTHING,
                new.value if new else NOTHING,
                new.since if new else None,
                new.reference if new else "",
            )
        )
    return found


def in_force(rulebook: Rulebook, day: date) -> dict[Named, InForce]:
    """Every value that holds on ``day``: of schemes, coefficients and catalogues."""
    found: dict[Named, InForce] = {}
    for parameter, currency in parameters(rulebook):
        latest: dict[str, Row[Any]] = {}
        for row in parameter.rows:
            who = _who(row)
            if row.from_day <= day and (who not in latest or latest[who].from_day < row.from_day):
                latest[who] = row
        for who, row in latest.items():
            if row.value is not None:
                found[parameter.rule, who] = InForce(
                    parameter.text,
                    shown(row.value, parameter.unit, currency),
                    row.from_day,
                    row.reference,
                    row.illustrative,
                )
    for region in rulebook.regions.values():
        for item in region.items.values():
            _item(found, f"{region.code}.catalogue.{item.code}", item, day, region.currency)
    return found


def parameters(rulebook: Rulebook) -> Iterator[tuple[Parameter[Any], str]]:
    """Every parameter once, with the currency of its amounts."""
    seen: set[str] = set()
    for scheme in rulebook.schemes.values():
        for parameter in _of_scheme(scheme):
            if parameter.rule not in seen:
                seen.add(parameter.rule)
                yield parameter, scheme.currency
    for region in rulebook.regions.values():
        for coefficient in region.coefficients.values():
            yield coefficient.professional, region.currency
            yield coefficient.technical, region.currency
        for modifier in region.modifiers.values():
            several = (modifier.units, modifier.professional, modifier.technical, modifier.price)
            yield from ((one, region.currency) for one in several if one)


def shown(value: Any, unit: str, currency: str) -> str:
    """A value as a person reads it."""
    match value:
        case tuple() if value and isinstance(value[0], Band):
            money = CURRENCIES[currency].display
            return ", ".join(
                f"{percent(band.ratio)} over {money(band.over)}" if band.over else percent(band.ratio) for band in value
            )
        case tuple():
            return ", ".join(percent(ratio) for ratio in value)
        case Fraction():
            return percent(value)
        case Decimal() if unit != currency:
            return f"{value:f} {unit}"
        case Decimal():
            return f"{value / 10 ** CURRENCIES[currency].decimals:f} {currency}"
        case int() if unit == currency:
            return CURRENCIES[currency].display(value)
        case _:
            return f"{value} {unit}"


def _of_scheme(scheme: Scheme) -> Iterator[Parameter[Any]]:
    if scheme.period:
        yield scheme.period.lasts
    for several in scheme.benefits.values():
        for benefit in several:
            yield from (one for one in _of_benefit(benefit) if one)


def _of_benefit(benefit: Benefit) -> Iterator[Parameter[Any] | None]:
    yield from (take.share for take in benefit.takes)
    yield from (benefit.waiting, benefit.first_part)
    if benefit.package:
        yield benefit.package.price
        yield from benefit.package.prices.values()
    if benefit.deductible:
        rule = benefit.deductible
        yield from (rule.amount, rule.later, rule.least, rule.sum_cap.amount if rule.sum_cap else None)
    yield benefit.bands.ratios
    yield benefit.least
    yield from (cap.amount for cap in benefit.caps)


def _who(row: Row[Any]) -> str:
    ages = f"ages {row.ages[0]} to below {row.ages[1]}" if row.ages else ""
    return " ".join(filter(None, (row.tier, row.group, row.mark, ages)))


def _item(found: dict[Named, InForce], rule: str, item: Item, day: date, currency: str) -> None:
    version = item.at(day)
    if version is None:
        return
    said = [f"class {version.catalogue_class}"]
    if version.first_self_pay:
        said.append(f"first part {percent(version.first_self_pay)}")
    for tier, ceiling in version.ceilings.items():
        amount = Decimal(ceiling.numerator) / Decimal(ceiling.denominator)
        said.append(" ".join(filter(None, ("ceiling", tier, shown(amount, currency, currency)))))
    if version.group:
        units = f"{version.professional or 0} + {version.technical or 0}"
        said.append(f"{units} units of {version.group}")
    found[rule, ""] = InForce(item.name, ", ".join(said), version.from_day, version.reference, version.illustrative)
