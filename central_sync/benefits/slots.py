"""Where a scheme's rules may stand in a trace: for which kinds of steps, and with which values.

PURE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from central_sync.benefits.choices import Hold, Of, Per
from central_sync.benefits.facts import CaseFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.parameters import Benefit, Cap, Parameter, Scheme

_CAPS = {Of.COUNTED: Kind.COUNTED_CAP, Of.PATIENT: Kind.OWN_CAP, Of.PAID: Kind.PAID_CAP}
_EACH = (Per.DAY, Per.NIGHT)


class Slot(Struct, frozen=True):
    """One place of a rule. ``many``: its value is meant for each day or night; ``name``: of a cap, or the parts that are taken; ``ratios`` and ``floors``: of a deductible's
    later bills; ``parameter`` ``None``: a rule without values.
    """

    parameter: Parameter[Any] | None
    many: bool = False
    name: str = ""
    ratios: frozenset[str] = frozenset()
    floors: frozenset[int] = frozenset()
    hold: Hold = Hold.SLICE


def slots(scheme: Scheme) -> Mapping[tuple[Kind, str], Sequence[Slot]]:
    """Kind of step and rule → its places in ``scheme``."""
    found: dict[tuple[Kind, str], list[Slot]] = {}
    for kind, rule, slot in _all(scheme):
        found.setdefault((kind, rule), []).append(slot)
    return found


def rows_of(
    parameter: Parameter[Any], from_day: date | None, reference: str, facts: CaseFacts | None, group: str
) -> list[Any]:
    """The values that ``parameter`` has from that day and source; for a known case only the one in force."""
    rows: Sequence[Any] = parameter.rows
    if facts:
        held = parameter.at(facts.day, facts.tier, group, facts.marks, facts.age)
        rows = [held] if held else []
    return [
        row.value for row in rows if row.value is not None and (row.from_day, row.reference) == (from_day, reference)
    ]


def _all(scheme: Scheme) -> Iterator[tuple[Kind, str, Slot]]:
    code, bare = scheme.code, Slot(None)
    yield Kind.ROUNDING, f"{code}.rounding", bare
    yield Kind.SETTLED_BEFORE, f"{code}.settled_before", bare
    if scheme.period:
        yield Kind.PERIOD, scheme.period.lasts.rule, Slot(scheme.period.lasts)
    for care, benefits in scheme.benefits.items():
        for benefit in benefits:
            yield from _of_benefit(benefit)
            name = benefit.name if len(benefits) > 1 else care
            parts = ", ".join(take.part for take in benefit.takes)
            yield Kind.LOOKED_AT, f"{code}.{name}.takes", Slot(None, name=parts)
            yield Kind.NOTHING, f"{code}.{name}.takes", bare
            yield Kind.PAID_EARLIER, f"{code}.{name}.basis", bare
            yield Kind.ACCOUNT, f"{code}.{benefit.name}.account", bare
            yield Kind.APPROVED, f"{code}.{benefit.name}.approved", bare


def _of_benefit(benefit: Benefit) -> Iterator[tuple[Kind, str, Slot]]:
    ratios = benefit.bands.ratios
    yield Kind.BAND, ratios.rule, Slot(ratios, hold=benefit.bands.hold)
    yield Kind.NO_BAND, ratios.rule, Slot(ratios)
    if benefit.waiting:
        yield Kind.WAITING, benefit.waiting.rule, Slot(benefit.waiting)
    if benefit.first_part:
        yield Kind.FIRST_PART, benefit.first_part.rule, Slot(benefit.first_part)
    if benefit.least:
        yield Kind.LEAST, benefit.least.rule, Slot(benefit.least)
    for cap in benefit.caps:
        yield _CAPS[cap.of], cap.amount.rule, _cap(cap)
    if deductible := benefit.deductible:
        slot = Slot(
            deductible.amount,
            many=deductible.per in _EACH,
            ratios=frozenset(str(ratio) for value in _values(deductible.later) for ratio in value),
            floors=frozenset(_values(deductible.least)),
        )
        for kind in (Kind.DEDUCTIBLE, Kind.DEDUCTIBLE_LATER, Kind.DEDUCTIBLE_FLOOR):
            yield kind, deductible.amount.rule, slot
        if deductible.sum_cap:
            yield Kind.DEDUCTED_CAP, deductible.sum_cap.amount.rule, _cap(deductible.sum_cap)
    if benefit.package:
        for price in (benefit.package.price, *benefit.package.prices.values()):
            if price:
                yield Kind.PACKAGE, price.rule, Slot(price)


def _cap(cap: Cap) -> Slot:
    return Slot(cap.amount, many=cap.per in _EACH, name=cap.name)


def _values(parameter: Parameter[Any] | None) -> list[Any]:
    return [row.value for row in parameter.rows if row.value is not None] if parameter else []
