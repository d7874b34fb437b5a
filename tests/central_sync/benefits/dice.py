"""A rulebook, a case and a bill for each number: dense and small, so that every word of the language meets every other.

All schemes are the member's and in force, and sums are of the size of the bill: deductibles are met half, caps bind, bands are
reached. Hypothesis draws wilder ones (:mod:`tests.central_sync.benefits.strategies`), but most of those pay nothing.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from central_sync.benefits.choices import (
    RUNNING,
    After,
    Basis,
    CountedOn,
    Counts,
    Each,
    Hold,
    LastCoin,
    Of,
    Off,
    Owner,
    Per,
    RoundedAt,
)
from central_sync.benefits.eligibility import begun, placed
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.parameters import (
    LAYERS,
    PARTS,
    STAGES,
    Band,
    Bands,
    Benefit,
    Cap,
    CoinRule,
    Deductible,
    Lines,
    Package,
    Parameter,
    Period,
    PriceModifier,
    Region,
    Row,
    Rulebook,
    Scheme,
    Take,
)
from central_sync.benefits.periods import PERIOD, begins
from central_sync.benefits.settlement import accumulator_keys
from central_sync.terms.days import Calendar
from central_sync.terms.money import Rounding
from tests.central_sync.benefits.strategies import NAMED, SHIPPED

DAY = date(2025, 6, 10)
MARKS = ("referred", "day_surgery")
MODIFIERS = ("m1", "m2")
COINS = 3000
"""About the size of a line, in coins."""


class Dice(random.Random):
    """Choices by weight."""

    def often(self, out_of: int = 2) -> bool:
        """True but for one time in so many."""
        return self.randrange(out_of) > 0

    def rarely(self, out_of: int = 3) -> bool:
        """True one time in so many."""
        return self.randrange(out_of) == 0

    def usual(self, usual, kind):
        """Mostly the usual one of a kind of words."""
        return usual if self.often(2) else self.choice(list(kind))

    def some(self, words, at_least: int = 0) -> tuple:
        """Some of the words in any order."""
        return tuple(self.sample(list(words), self.randint(at_least, len(words))))


def situation(seed: int):
    """Rulebook, facts, lines and accumulators of that number."""
    dice = Dice(seed)
    region = _region(dice)
    items = [code for code, item in sorted(region.items.items()) if item.at(DAY)]
    schemes = {one.code: one for one in (_scheme(dice, number, region, items) for number in range(dice.randint(1, 4)))}
    rulebook = Rulebook({region.code: region}, schemes, {}, "")
    care = dice.choice(["inpatient", "outpatient"])
    covers = tuple(
        cover
        for code, scheme in schemes.items()
        for _ in range(1 if dice.often(6) else 2)
        for cover in _rows(dice, scheme.layer, code)
    )
    facts = CaseFacts(
        "M1",
        region.code,
        dice.choice(region.tiers),
        care,
        DAY,
        dice.choice([date(1980, 1, 1), date(1940, 2, 29)]),
        covers,
        DAY - timedelta(days=dice.choice([0, 3, 12, 170])) if care == "inpatient" else None,
        dice.choice([MARKS, ("referred",), ()]),
        dice.choice([("J18.900", "E11.900"), ("E11.900",), ()]),
    )
    facts = placed(rulebook, facts, _tallies(dice, rulebook, facts))
    lines = tuple(
        BillLine(
            str(number),
            dice.choice(items),
            Decimal(dice.randint(0, 4)),
            Decimal(0),
            dice.randint(0, COINS),
            DAY,
            dice.some(MODIFIERS) if dice.rarely() else (),
        )
        for number in range(dice.randint(0, 5))
    )
    before = {
        key: dice.randint(0, 3) if key.name == "stays" else dice.randint(0, 2 * COINS)
        for key in accumulator_keys(rulebook, facts)
        if dice.often()
    }
    return rulebook, facts, lines, before


def _rows(dice: Dice, layer: str, code: str) -> list[CoverFacts]:
    """The rows of a cover in force; before it, now and then, one that it follows: the day after, a day too late, or while that one holds."""
    began = DAY - timedelta(days=dice.choice([0, 30, 400, 800]))
    now = CoverFacts(
        layer,
        code,
        dice.choice(["C1", "C2"]),
        dice.choice(["g1", "g1", "g2"]),
        began,
        None,
        dice.choice(["", "F1"]),
        dice.randint(0, COINS),
        dice.choice([None, dice.randint(0, COINS)]),
    )
    if dice.often():
        return [now]
    ended = dice.choice([began - timedelta(days=dice.randint(1, 2)), DAY, None])
    return [replace(now, from_day=began - timedelta(days=dice.choice([50, 500])), to_day=ended, group="g2"), now]


def _tallies(dice: Dice, rulebook: Rulebook, facts: CaseFacts) -> dict[AccumulatorKey, int]:
    """Tallies of earlier bills in the times that begin with a bill."""
    found: dict[AccumulatorKey, int] = {}
    for one in begun(rulebook, facts):
        if dice.often():
            first = begins(facts) - timedelta(days=dice.choice([0, 20, 100, 400, -10]))
            tally = one.family.tally(first, first + timedelta(days=dice.choice([0, 5, 80])))
            name = tally.name if one.family.name == PERIOD else f"{tally.name}00"
            found[tally._replace(name=name)] = 1
    return found


def _region(dice: Dice) -> Region:
    """A shipped place of care, half of the time with the tariff of one kind of hospital and modifiers of its prices."""
    region = SHIPPED.regions[dice.choice(["cn", "ir"])]

    def factor(name: str, unit: str = "factor") -> Parameter | None:
        values = [Decimal("0.5"), Decimal("1.5"), Decimal(2)]
        return _parameter(dice, name, unit, lambda: dice.choice(values)) if dice.often() else None

    modifiers = {
        code: PriceModifier(
            dice.choice([(), (), ("drug", "surgery")]),
            factor("units", "units"),
            factor("professional"),
            factor("technical"),
            factor("price"),
        )
        for code in MODIFIERS
    }
    insured = dice.choice(["", dice.choice(region.tiers)])
    return replace(region, insured_tier=insured, modifiers=modifiers if dice.often() else {})


def _parameter(dice: Dice, rule: str, unit: str, value) -> Parameter:
    """One to three rows of different days and persons; the first is for all."""
    rows = {(date(2020, 1, 1), 0): value()}
    while dice.rarely():
        day = dice.choice([date(2024, 1, 1), date(2025, 6, 10), date(2025, 6, 11)])
        rows[day, dice.randrange(len(NAMED))] = value() if dice.often(6) else None
    return Parameter(
        rule, rule, unit, tuple(Row(day, found, "invented", True, **NAMED[who]) for (day, who), found in rows.items())
    )


def _sum(dice: Dice, rule: str, most: int = 2 * COINS) -> Parameter:
    return _parameter(dice, rule, "CNY", lambda: dice.randint(0, most))


def _ratio(dice: Dice) -> Fraction:
    return Fraction(dice.choice([0, 1, 3, 5, 7, 8, 9, 10]), 10) if dice.often(3) else Fraction(dice.randint(0, 97), 97)


def _bands(dice: Dice) -> tuple[Band, ...]:
    tops = sorted(dice.sample(range(1, 3 * COINS), dice.choice([0, 0, 1, 2])))
    return tuple(Band(over, _ratio(dice)) for over in [0, *tops])


def _scheme(dice: Dice, number: int, region: Region, items: list[str]) -> Scheme:
    code = f"scheme_{number}"
    caps = _caps(dice, code)
    benefits = {
        care: tuple(_benefit(dice, code, caps, f"{care}_{place}", items) for place in range(dice.choice([1, 1, 2, 3])))
        for care in ("inpatient", "outpatient")
    }
    rounding = CoinRule(
        dice.choice(list(Rounding)),
        dice.choice([1, 1, 1, 5, 100]),
        dice.usual(RoundedAt.LAYER, RoundedAt),
        dice.usual(LastCoin.PATIENT, LastCoin),
    )
    if rounding.at is RoundedAt.TOGETHER:  # whole coins come last: neither multiples nor fixed prices
        rounding = replace(rounding, to=1)
        benefits = {care: tuple(replace(one, package=None) for one in found) for care, found in benefits.items()}
    return Scheme(
        code=code,
        name=code,
        region=region.code,
        layer=dice.choice(LAYERS),
        payer=code,
        currency=region.currency,
        calendar=dice.usual(Calendar.GREGORIAN, Calendar),
        rounding=rounding,
        groups=("g1", "g2"),
        benefits=benefits,
        requires=dice.choice(["", "", "", "", "", "base"]),
        marks=MARKS,
        year_starts=dice.choice(["", "", "07-01", "04-01", "cover"]),
        rank=dice.randint(0, 1) * 10 + number,
        counted_on=dice.usual(CountedOn.DISCHARGE, CountedOn),
        period=Period(
            _parameter(dice, f"{code}.period", *dice.choice([("days", lambda: 60), ("months", lambda: 12)])),
            dice.choice(list(After)),
            dice.usual(Owner.MEMBER, Owner),
        ),
    )


def _caps(dice: Dice, code: str) -> tuple[Cap, ...]:
    return tuple(
        Cap(name, dice.usual(Owner.MEMBER, Owner), _sum(dice, f"{code}.{name}", 3 * COINS), of, dice.choice(list(Per)))
        for name, of in (
            ("paid_1", Of.PAID),
            ("paid_2", Of.PAID),
            ("counted", Of.COUNTED),
            ("own_1", Of.PATIENT),
            ("own_2", Of.PATIENT),
        )
    )


def _benefit(dice: Dice, code: str, caps: tuple[Cap, ...], name: str, items: list[str]) -> Benefit:
    basis = dice.usual(Basis.LEFT, Basis)
    rule = f"{code}.{name}"
    simple = basis is not Basis.LEFT or dice.often()
    chosen = PARTS if dice.often() else dice.some(PARTS, 1)
    return Benefit(
        takes=tuple(
            Take(part)
            if simple
            else Take(
                part,
                _parameter(dice, f"{rule}.share", "ratio", lambda: _ratio(dice)) if dice.rarely() else None,
                dice.some(STAGES, 1) if dice.rarely() else (),
            )
            for part in chosen
        ),
        bands=Bands(
            dice.usual(Per.BILL, [Per.BILL, *sorted(RUNNING)]),
            _parameter(dice, f"{rule}.bands", "ratio", lambda: _bands(dice)),
            "banded",
            dice.usual(Counts.NET, Counts),
            dice.usual(Owner.MEMBER, Owner),
            dice.usual(Hold.SLICE, Hold),
        ),
        deductible=_deductible(dice, rule) if dice.often() else None,
        caps=tuple(cap for cap in caps if dice.rarely(4)),
        name=name,
        when=dice.choice([(), (), (), ("referred",), MARKS]),
        lines=_lines(dice, items) if dice.rarely(4) else None,
        refuses=_lines(dice, items) if dice.rarely(6) else None,
        waiting=_waiting(dice, rule) if dice.rarely(6) else None,
        each=Each.LINE if dice.rarely(5) else Each.BILL,
        least=_sum(dice, f"{rule}.own", COINS) if dice.rarely() else None,
        basis=basis,
        package=_package(dice, rule, items) if basis is Basis.LEFT and dice.rarely(6) else None,
        account="account" if dice.rarely(6) else "",
        account_owner=dice.usual(Owner.MEMBER, (Owner.MEMBER, Owner.FAMILY)),
        first_part=_parameter(dice, f"{rule}.first_part", "ratio", lambda: _ratio(dice)) if dice.rarely(5) else None,
        approved=dice.rarely(6),
    )


def _waiting(dice: Dice, rule: str) -> Parameter:
    if dice.often():
        return _parameter(dice, f"{rule}.waiting", "days", lambda: dice.choice([1, 30, 90]))
    return _parameter(dice, f"{rule}.waiting", "months", lambda: dice.choice([1, 12, 26]))


def _package(dice: Dice, rule: str, items: list[str]) -> Package:
    diagnoses = dice.choice([(), ("J18", "H25"), ("E11",)])
    if dice.often():
        return Package(_sum(dice, f"{rule}.package", 4 * COINS), dice.choice([(), tuple(items[:40])]), diagnoses)
    priced = items[:: dice.choice([1, 2])]
    return Package(None, tuple(priced), diagnoses, {item: _sum(dice, f"{rule}.package", 4 * COINS) for item in priced})


def _deductible(dice: Dice, rule: str) -> Deductible:
    per = dice.usual(Per.BILL, Per)
    later = per is Per.BILL and dice.often()
    most = COINS if per not in (Per.DAY, Per.NIGHT) else COINS // 10

    def ratios() -> tuple[Fraction, ...]:
        return (Fraction(1), *(_ratio(dice) for _ in range(dice.randint(0, 2))))

    return Deductible(
        per,
        _sum(dice, f"{rule}.deductible", most),
        _parameter(dice, f"{rule}.later", "ratio", ratios) if later else None,
        "stays" if later else "met",
        Owner.MEMBER if later else dice.usual(Owner.MEMBER, Owner),
        _sum(dice, f"{rule}.least", COINS) if later and dice.often() else None,
        Cap(
            "deducted",
            dice.usual(Owner.MEMBER, Owner),
            _sum(dice, f"{rule}.sum_cap"),
            Of.PAID,
            dice.choice([Per.YEAR, Per.MONTH]),
        )
        if dice.rarely()
        else None,
        dice.usual(Off.COST, Off),
        ("referred",) if per is Per.BILL and dice.rarely() else (),
        "chain",
    )


def _lines(dice: Dice, items: list[str]) -> Lines:
    return Lines(dice.some(("drug", "bed", "surgery")), dice.some(items[:3]), dice.some("ABC", 1))
