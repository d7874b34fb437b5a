"""How long the benefits engine takes for a claim, against a hand-written function of the same arithmetic with one law written into it.

The ratio is the price of dated data, layers and traces. Claims differ in member, items, amounts, days and accumulators; before time is taken,
both sides are checked to say the same of each.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import astuple

from benchmarks.figure import Figure, Round, over_rounds
from benchmarks.settle_plain import ITEMS, Answer, plain, rulebook
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.results import Computation
from central_sync.benefits.settlement import settle

LINES, CLAIMS, ROUNDS = 20, 200, 41
SIZES = {10: 60, 100: 12, 1000: 3}
"""How many claims of so many lines are settled in a round."""
CLAIMS_PER_S = 3000
DAY = date(2025, 6, 20)
RATIO_MOST, LINEAR_MOST = 6, 1.3


class Claim(NamedTuple):
    """One claim, for both sides."""

    facts: CaseFacts
    lines: list[BillLine]
    keyed: dict[AccumulatorKey, int]
    named: dict[str, int]


_COUNTERS = {
    "stays": ("base", "base"),
    "base.banded": ("base", "base"),
    "base.paid": ("base", "base"),
    "supplement.paid": ("base_supplement", "supplement"),
    "illness.met": ("critical_illness", "illness"),
    "illness.banded": ("critical_illness", "illness"),
    "illness.paid": ("critical_illness", "illness"),
}


def _claim(chance: random.Random, lines: int) -> Claim:
    member = f"M{chance.randrange(10**9)}"
    covers = tuple(
        CoverFacts(layer, scheme, f"C{chance.randrange(100)}", "employee", date(2020, 1, 1), None)
        for layer, scheme in dict.fromkeys(_COUNTERS.values())
    )
    born = date(1930, 1, 1) + timedelta(days=chance.randrange(30_000))
    day = DAY + timedelta(days=chance.randrange(3))
    facts = CaseFacts(member, "cn", "tier_2", "inpatient", day, born, covers, day - timedelta(days=chance.randrange(9)))
    named = dict.fromkeys(_COUNTERS, 0) | {
        "stays": chance.randrange(3),
        "base.banded": chance.randrange(5_000_000),
        "base.paid": chance.choice([0, 24_900_000]),
        "illness.met": chance.choice([0, 199_000]),
    }
    keyed = {
        AccumulatorKey(f"member:{member}", layer, scheme, name, day.year): named[name]
        for name, (layer, scheme) in _COUNTERS.items()
    }
    return Claim(facts, [_line(chance, serial, day) for serial in range(lines)], keyed, named)


def _line(chance: random.Random, serial: int, day: date) -> BillLine:
    quantity, price = Decimal(chance.randrange(1, 120)) / 4, Decimal(chance.randrange(100, 40_000)) / 100
    return BillLine(str(serial), chance.choice(ITEMS), quantity, price, int(quantity * price * 100), day)


def _told(done: Computation) -> Answer:
    """The engine's answer in the form of the plain one's."""
    lines = [astuple(line)[:-1] for line in done.lines]  # the law knows one tariff
    moved = {key.name: delta for key, delta in done.deltas.items()}
    return lines, [share.amount for share in done.shares], done.patient, moved


def measure() -> Iterable[Figure]:
    """Claims of 20 lines through three layers with their traces; and the time of a line in larger and larger claims."""
    chance, law = random.Random(7), rulebook()
    claims = [_claim(chance, LINES) for _ in range(CLAIMS)]
    for claim in claims:
        done = settle(law, claim.facts, claim.lines, claim.keyed)
        assert _told(done) == plain(claim.lines, claim.named)
        assert all(share.trace for share in done.shares)
    taken: list[Round] = [
        (
            _seconds(lambda claim: settle(law, claim.facts, claim.lines, claim.keyed), claims) * 1e6,
            _seconds(lambda claim: plain(claim.lines, claim.named), claims) * 1e6,
        )
        for _ in range(ROUNDS)
    ]
    yield over_rounds(
        "settle-engine",
        taken,
        "µs",
        RATIO_MOST,
        at_most=True,
        what=f"one claim of {LINES} lines through three layers, traced, one core",
        against="a hand-written straight-line function of the same arithmetic, for one law and without a trace",
    )
    per_s = 1e6 / sorted(ours for ours, _ in taken)[len(taken) // 2]
    yield Figure(
        name="settle-engine-rate",
        value=per_s,
        unit="claims/s",
        reference=CLAIMS_PER_S,
        goal=1,
        at_most=False,
        what=f"claims of {LINES} lines through three layers, traced, one core",
        against=f"{CLAIMS_PER_S} claims/s",
    )
    yield from _by_size(law, chance)


def _by_size(law: Rulebook, chance: random.Random) -> Iterable[Figure]:
    sized = {lines: [_claim(chance, lines) for _ in range(many)] for lines, many in SIZES.items()}

    def line_us(lines: int) -> float:
        return _seconds(lambda claim: settle(law, claim.facts, claim.lines, claim.keyed), sized[lines]) / lines * 1e6

    smallest, *larger = sized
    taken = [{lines: line_us(lines) for lines in sized} for _ in range(ROUNDS)]
    for lines in larger:
        yield over_rounds(
            f"settle-engine-line-of-{lines}",
            [(one[lines], one[smallest]) for one in taken],
            "µs",
            LINEAR_MOST,
            at_most=True,
            what=f"one line of a claim of {lines}, three layers, traced",
            against=f"one line of a claim of {smallest}",
        )


def _seconds(work: Callable[[Claim], object], claims: Sequence[Claim]) -> float:
    """Seconds of the processor for one claim, over all of them once."""
    began = time.thread_time()
    for claim in claims:
        work(claim)
    return (time.thread_time() - began) / len(claims)
