"""One law, twice: as a rulebook for the engine, and as the function that a programmer would write who never had to change or to explain it.

The function knows one region, tier, day and group. It answers what the engine answers, to the coin: the parts of each line, three layers with
deductibles, bands and caps, and what the accumulators move to; it refuses the same; but it names no rule and no source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TypeVar

from central_sync.benefits.choices import Owner, Per
from central_sync.benefits.facts import BillLine
from central_sync.benefits.parameters import (
    Band,
    Bands,
    Benefit,
    Cap,
    CoinRule,
    Deductible,
    Item,
    ItemVersion,
    Parameter,
    Region,
    Row,
    Rulebook,
    Scheme,
    Take,
)
from central_sync.terms.days import Calendar
from central_sync.terms.money import Rounding

T = TypeVar("T")

SINCE = date(2020, 1, 1)
ITEMS = tuple(f"I{number:03}" for number in range(120))
CLASS_B_FIRST = Fraction(1, 10)
DEDUCTIBLE, DEDUCTIBLE_LATER = 80_000, (Fraction(1), Fraction(1, 2))
BASE_BANDS = ((0, Fraction(85, 100)), (2_000_000, Fraction(90, 100)), (4_000_000, Fraction(95, 100)))
BASE_CAP = 25_000_000
SUPPLEMENT_RATIO, SUPPLEMENT_CAP = Fraction(60, 100), 300_000
ILLNESS_DEDUCTIBLE = 200_000
ILLNESS_BANDS = ((0, Fraction(60, 100)), (1_000_000, Fraction(70, 100)))
ILLNESS_CAP = 40_000_000

Line = tuple[str, int, str, int, int, int, int]
"""Serial, amount, class, and the four parts of a line."""
Answer = tuple[list[Line], list[int], int, dict[str, int]]
"""The lines, the layers' shares, the patient's part, and the accumulators as they stand afterwards."""


def catalogue_class(number: int) -> str:
    """Class of the n-th item."""
    return "AABAACABA"[number % 9]


def ceiling(number: int) -> int | None:
    """Insured price of one unit of the n-th item, in coins."""
    return 2_000 + 37 * number if number % 4 else None


_KNOWN = {code: (catalogue_class(number), ceiling(number)) for number, code in enumerate(ITEMS)}


def plain(lines: Sequence[BillLine], accumulators: Mapping[str, int]) -> Answer:
    """The settlement of one stay, by hand.

    Raises:
        ValueError: an amount or quantity is negative.
    """
    parts: list[Line] = []
    own = over = first = scope = 0
    for line in lines:
        letter, most = _KNOWN[line.item]
        amount = line.amount
        if amount < 0 or line.quantity < 0:
            raise ValueError("a bill line is not negative")
        if letter == "C":
            parts.append((line.serial, amount, letter, amount, 0, 0, 0))
            own += amount
            continue
        allowed = amount
        if most is not None:
            quantity, of = line.quantity.as_integer_ratio()
            allowed = min(amount, (2 * quantity * most + of) // (2 * of))
        self_pay = (2 * allowed + 10) // 20 if letter == "B" else 0
        parts.append((line.serial, amount, letter, 0, amount - allowed, self_pay, allowed - self_pay))
        over += amount - allowed
        first += self_pay
        scope += allowed - self_pay
    now = dict(accumulators)
    # base: the second stay of a year has half the deductible
    stays = now["stays"]
    now["stays"] = stays + 1
    left = min(scope, DEDUCTIBLE if stays == 0 else DEDUCTIBLE // 2)
    start = now["base.banded"]
    end = start + scope - left
    now["base.banded"] = end
    base = min(_base_paid(end) - _base_paid(start), max(BASE_CAP - now["base.paid"], 0))
    now["base.paid"] += base
    scope -= base
    # supplement: what the base left, and the first self-pay
    supplement = (2 * 60 * (scope + first) + 100) // 200
    supplement = min(supplement, max(SUPPLEMENT_CAP - now["supplement.paid"], 0))
    now["supplement.paid"] += supplement
    off_scope = min(scope, supplement)
    scope -= off_scope
    first -= supplement - off_scope
    # critical illness: what is left in scope, above a yearly sum
    met = now["illness.met"]
    left = min(scope, max(ILLNESS_DEDUCTIBLE - met, 0))
    now["illness.met"] = met + left
    start = now["illness.banded"]
    end = start + scope - left
    now["illness.banded"] = end
    illness = min(_illness_paid(end) - _illness_paid(start), max(ILLNESS_CAP - now["illness.paid"], 0))
    now["illness.paid"] += illness
    scope -= illness
    moved = {name: more for name, value in now.items() if (more := value - accumulators[name])}
    return parts, [base, supplement, illness], own + over + first + scope, moved


def _base_paid(amount: int) -> int:
    if amount > 4_000_000:
        exact = 2_000_000 * 85 + 2_000_000 * 90 + (amount - 4_000_000) * 95
    elif amount > 2_000_000:
        exact = 2_000_000 * 85 + (amount - 2_000_000) * 90
    else:
        exact = amount * 85
    return (2 * exact + 100) // 200


def _illness_paid(amount: int) -> int:
    exact = 1_000_000 * 60 + (amount - 1_000_000) * 70 if amount > 1_000_000 else amount * 60
    return (2 * exact + 100) // 200


def rulebook() -> Rulebook:
    """The same law as data."""
    items = {code: _item(number, code) for number, code in enumerate(ITEMS)}
    region = Region(
        "cn",
        "A city",
        "CNY",
        "Asia/Shanghai",
        Calendar.GREGORIAN,
        "cn",
        "icd",
        ("tier_2",),
        Rounding.HALF_UP,
        items,
        {},
    )
    base = Benefit(
        (Take("in_scope"),),
        Bands(Per.YEAR, _value("base.bands", "ratio", _bands(BASE_BANDS)), "base.banded"),
        Deductible(
            Per.BILL,
            _value("base.deductible", "CNY", DEDUCTIBLE),
            _value("base.later", "ratio", DEDUCTIBLE_LATER),
            "stays",
        ),
        (_cap("base.paid", BASE_CAP),),
    )
    supplement = Benefit(
        (Take("in_scope"), Take("first_self_pay")),
        Bands(Per.BILL, _value("supplement.bands", "ratio", _bands(((0, SUPPLEMENT_RATIO),)))),
        caps=(_cap("supplement.paid", SUPPLEMENT_CAP),),
    )
    illness = Benefit(
        (Take("in_scope"),),
        Bands(Per.YEAR, _value("illness.bands", "ratio", _bands(ILLNESS_BANDS)), "illness.banded"),
        Deductible(Per.YEAR, _value("illness.deductible", "CNY", ILLNESS_DEDUCTIBLE), counter="illness.met"),
        (_cap("illness.paid", ILLNESS_CAP),),
    )
    schemes = {
        code: _scheme(code, layer, benefit)
        for code, layer, benefit in (
            ("base", "base", base),
            ("supplement", "base_supplement", supplement),
            ("illness", "critical_illness", illness),
        )
    }
    return Rulebook({"cn": region}, schemes, {}, "benchmark")


def _item(number: int, code: str) -> Item:
    letter, most = catalogue_class(number), ceiling(number)
    version = ItemVersion(
        from_day=SINCE,
        catalogue_class=letter,
        first_self_pay=CLASS_B_FIRST if letter == "B" else Fraction(0),
        ceilings={} if most is None else {"": Fraction(most)},
        professional=None,
        technical=None,
        group="",
        price=0,
        reference="invented",
        illustrative=True,
    )
    return Item(code, code, "drug", "box", (version,))


def _value(rule: str, unit: str, value: T) -> Parameter[T]:
    return Parameter(rule, rule, unit, (Row(SINCE, value, "invented", illustrative=True),))


def _bands(bands: Sequence[tuple[int, Fraction]]) -> tuple[Band, ...]:
    return tuple(Band(over, ratio) for over, ratio in bands)


def _cap(name: str, amount: int) -> Cap:
    return Cap(name, Owner.MEMBER, _value(name, "CNY", amount))


def _scheme(code: str, layer: str, benefit: Benefit) -> Scheme:
    return Scheme(
        code=code,
        name=code,
        region="cn",
        layer=layer,
        payer=code,
        currency="CNY",
        calendar=Calendar.GREGORIAN,
        rounding=CoinRule(Rounding.HALF_UP),
        groups=("employee",),
        benefits={"inpatient": (benefit,)},
    )
