"""A rulebook of one scheme, made by hand for one test; and bills of round sums for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from central_sync.benefits.choices import Of, Owner, Per
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.parameters import (
    Band,
    Bands,
    Benefit,
    Cap,
    CoinRule,
    Deductible,
    Parameter,
    Row,
    Rulebook,
    Scheme,
    Take,
)
from central_sync.benefits.planning import Plans
from central_sync.benefits.plans import Plan, Ready
from central_sync.benefits.results import Computation
from central_sync.benefits.settlement import settle
from central_sync.terms.days import Calendar
from central_sync.terms.money import Rounding
from tests.central_sync.benefits.strategies import SHIPPED

DAY = date(2025, 6, 10)
BED, DRUG, PRIVATE = "CW0001", "YP0001", "CW0003"
"""In scope without a ceiling that matters here: a bed and a drug; class C: a private room."""
COVER = CoverFacts("base", "one", "C1", "g", date(2024, 3, 15), None)
CASE = CaseFacts("M1", "cn", "tier_1", "inpatient", DAY, date(1980, 1, 1), (COVER,))


def amount(value: int | None, name: str = "amount") -> Parameter[int]:
    return Parameter(f"one.{name}", name, "CNY", (Row(date(2020, 1, 1), value, "invented", True),))


def ratio(value: str) -> Parameter[Fraction]:
    return Parameter("one.ratio", "ratio", "ratio", (Row(date(2020, 1, 1), Fraction(value), "invented", True),))


def bands(*pairs: tuple[int, str], per: Per = Per.BILL, **more: object) -> Bands:
    value = tuple(Band(over, Fraction(one)) for over, one in pairs)
    rows = (Row(date(2020, 1, 1), value, "invented", True),)
    return Bands(per, Parameter("one.bands", "bands", "ratio", rows), "banded", **more)  # type: ignore[arg-type]


def deductible(value: int, per: Per = Per.BILL, **more: object) -> Deductible:
    return Deductible(per, amount(value, "deductible"), **more)  # type: ignore[arg-type]


def cap(value: int, name: str = "cap", of: Of = Of.PAID, per: Per = Per.YEAR, owner: Owner = Owner.MEMBER) -> Cap:
    return Cap(name, owner, amount(value, name), of, per)


def benefit(*parts: str, ratios: Bands | None = None, **more: object) -> Benefit:
    takes = tuple(Take(part) for part in parts or ("in_scope",))
    return Benefit(takes, ratios or bands((0, "1")), **{"name": "care", **more})  # type: ignore[arg-type]


def scheme(*benefits: Benefit, code: str = "one", layer: str = "base", rounding: CoinRule | None = None) -> Scheme:
    return Scheme(
        code=code,
        name=code,
        region="cn",
        layer=layer,
        payer=code,
        currency="CNY",
        calendar=Calendar.GREGORIAN,
        rounding=rounding or CoinRule(Rounding.HALF_UP),
        groups=("g",),
        benefits={"inpatient": benefits},
    )


def bill(*lines: tuple[str, int]) -> list[BillLine]:
    """Lines of in-scope amounts: enough units that no ceiling binds."""
    return [
        BillLine(str(number), item, Decimal(1000), Decimal(0), coins, DAY) for number, (item, coins) in enumerate(lines)
    ]


def settled(
    schemes: Iterable[Scheme],
    lines: list[BillLine],
    used: dict[AccumulatorKey, int] | None = None,
    facts: CaseFacts = CASE,
) -> Computation:
    """The settlement of a member who has all ``schemes``."""
    found = {one.code: one for one in schemes}
    covers = tuple(replace(facts.covers[0], scheme=one.code, layer=one.layer) for one in found.values())
    rulebook = Rulebook(SHIPPED.regions, found, {}, "")
    return settle(rulebook, replace(facts, covers=covers), lines, used or {})


def paid(done: Computation) -> list[int]:
    return [share.amount for share in done.shares]


def why(done: Computation) -> dict[str, int]:
    return {step.rule: step.amount for step in done.patient_trace}


def moved(done: Computation) -> dict[str, int]:
    return {key.name: delta for key, delta in done.deltas.items()}


def plan_of(one: Scheme, facts: CaseFacts = CASE, cover: CoverFacts = COVER) -> Plan:
    """What is in force of a scheme for a case."""
    return Plans().of(one, facts, cover)


def ready(one: Benefit) -> Ready:
    """What is in force of a benefit for the hand-made case."""
    return plan_of(scheme(one)).benefits[0]
