"""How long the benefits engine takes for one bill, against a plain loop with the same rules written into it.

The plain loop knows one scheme, one tier and one day, and gives no trace: it is what a programmer would write who never had to
change or to explain anything. The ratio is the price of dated data, layers and traces.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from benchmarks.figure import Figure, seconds
from central_sync.benefits.facts import BillLine, CaseFacts, CoverFacts
from central_sync.benefits.settlement import settle
from central_sync.rulebook.load import load

LINES = 30
ROUNDS = 300
DAY = date(2025, 3, 20)
FIRST_SELF_PAY = {"A": Decimal(0), "B": Decimal("0.10"), "C": Decimal(1)}
BANDS = ((4_000_000, Decimal("0.95")), (2_000_000, Decimal("0.90")), (0, Decimal("0.87")))
DEDUCTIBLE = 60_000


def _facts() -> CaseFacts:
    base = CoverFacts("base", "cn_employee", "c1", "employee", date(2020, 1, 1), None)
    critical = CoverFacts("critical_illness", "cn_critical_illness", "c2", "employee", date(2020, 1, 1), None)
    return CaseFacts("m1", "cn", "tier_2", "inpatient", DAY, date(1980, 1, 31), (base, critical))


def _bill(items: list[str]) -> list[BillLine]:
    """A stay of 30 lines over the region's own catalogue."""
    lines = []
    for serial in range(LINES):
        quantity, price = Decimal(1 + serial % 7), Decimal(20 + 37 * serial)
        lines.append(
            BillLine(str(serial), items[serial % len(items)], quantity, price, int(quantity * price * 100), DAY)
        )
    return lines


def _plain(lines: list[BillLine]) -> int:
    """What the fund pays, by a loop that knows nothing else."""
    scope = 0
    for number, line in enumerate(lines):
        amount = int((line.quantity * line.unit_price * 100).to_integral_value(ROUND_HALF_UP))
        assert amount == line.amount
        own = int((amount * FIRST_SELF_PAY["ABC"[number % 3]]).to_integral_value(ROUND_HALF_UP))
        scope += amount - own
    rest, fund = max(scope - DEDUCTIBLE, 0), 0
    for over, ratio in BANDS:
        if rest > over:
            fund += int(((rest - over) * ratio).to_integral_value(ROUND_HALF_UP))
            rest = over
    return fund


def measure() -> Iterable[Figure]:
    """Milliseconds for the settlement of a bill of 30 lines under two layers, against the plain loop."""
    rulebook = load()
    lines = _bill(sorted(rulebook.regions["cn"].items))
    facts = _facts()
    assert len(settle(rulebook, facts, lines, {}).shares) == len(facts.covers)
    yield Figure(
        name="settle-engine",
        value=seconds(lambda: settle(rulebook, facts, lines, {}), rounds=ROUNDS) * 1000,
        unit="ms",
        reference=seconds(lambda: _plain(lines), rounds=ROUNDS) * 1000,
        goal=30,
        at_most=True,
        what="one bill of 30 lines, two layers, traced",
        against="a plain loop with one scheme written into it",
    )
