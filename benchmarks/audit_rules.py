"""How long the audit of a claim takes, against zen-engine's own evaluation of the same tables over the same facts.

What is ours beside the engine: counting and joining the facts, writing them as JSON, and making findings of what fired. Both sides work on one
bill in one round by turns. The bill is a stay of 20 lines over the region's catalogue, of which some are wrong, and all shipped rules.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from benchmarks.figure import Figure, Round, over_rounds, seconds
from central_sync.benefits.audit.auditor import Auditor
from central_sync.benefits.audit.bundle import unpacked
from central_sync.benefits.audit.claim import Claim, Cover, Diagnosis, Earlier, Line, Member
from central_sync.rulebook.audit_rules import build

ROUNDS = 9
CALLS = 200
FIRST, LAST = date(2025, 6, 10), date(2025, 6, 12)
ITEMS = (
    "B0001", "D0001", "D0002", "D0003", "D0008", "D0009", "D0010", "D0013", "L0001", "L0002",
    "L0003", "L0007", "L0008", "G0001", "G0002", "T0002", "T0003", "S0007", "A0001", "V0005",
)  # fmt: skip
LONG = (20, 200, 2_000)
"""Lines of the bills by which the cost of one line is followed."""


def bill(auditor: Auditor, lines: int = len(ITEMS)) -> Claim:
    """A stay of ``lines`` lines; metformin has no indication, and two prices are above the tariff."""
    items = auditor.bundle.places["ir"].items
    made: list[Line] = []
    for number in range(lines):
        code, again = ITEMS[number % len(ITEMS)], number // len(ITEMS)
        tariff = items[code].tariff(FIRST)
        ceilings = tariff.ceilings if tariff else {}
        price = ceilings.get("public") or ceilings.get("") or Decimal(10_000)
        price = Decimal(int(price * (2 if code in ("L0002", "T0003") else 1)))
        made.append(
            Line(
                serial=str(number),
                item=code,
                quantity=Decimal(1),
                unit_price=price,
                amount=int(price),
                service_date=FIRST,
                national_code=items[code].national_code,
                relative_value_code="R",
                doctor=f"{code} {again}",
                started_at=datetime(2025, 6, 10, 8) if code == "S0007" else None,  # noqa: DTZ001 -- local by nature
                ended_at=datetime(2025, 6, 10, 9) if code == "S0007" else None,  # noqa: DTZ001 -- local by nature
                approval="A-1",
            )
        )
    return Claim(
        region="ir",
        care="inpatient",
        tier="public",
        on=date(2025, 6, 20),
        from_day=FIRST,
        to_day=LAST,
        sex="female",
        birth_date=date(1980, 1, 31),
        identifier_right=True,
        validity_seen=True,
        diagnoses=(Diagnosis(code="K35.8", main=True), Diagnosis(code="I10")),
        total=sum(line.amount for line in made),
        lines=tuple(made),
        member=Member(sex="female", birth_date=date(1980, 1, 31), covers=(Cover(from_day=date(2020, 1, 1)),)),
        earlier=(Earlier(care="outpatient", from_day=date(2025, 1, 5), items=("L0006",)),),
    )


def _cpu_us_a_line(auditor: Auditor, claim: Claim) -> float:
    """Processor time, for a long bill is interrupted by whatever else runs and a short one is not."""
    calls = max(LONG) // len(claim.lines)
    started = time.process_time()
    for _ in range(calls):
        auditor.judge(claim)
    return (time.process_time() - started) * 1e6 / (calls * len(claim.lines))


def measure() -> Iterable[Figure]:
    """Microseconds for one audit, and how the cost of a line grows with the bill."""
    auditor = Auditor(unpacked(build()))
    claim = bill(auditor)
    facts = auditor.encoded(auditor.facts(claim))
    rules = {rule.rule for rule in auditor.bundle.rules.values()}
    assert len(rules) >= 60
    assert {finding.rule.rule for finding in auditor.judge(claim).findings} == {"DRG-01", "ITM-04"}
    rounds: list[Round] = [
        (
            seconds(lambda: auditor.judge(claim), rounds=CALLS) * 1e6,
            seconds(lambda: auditor.fired(facts), rounds=CALLS) * 1e6,
        )
        for _ in range(ROUNDS)
    ]
    yield over_rounds(
        "audit-rules",
        rounds,
        "µs",
        1.5,
        at_most=True,
        what=f"the audit of a bill of {len(claim.lines)} lines by {len(rules)} rules: facts, tables, findings",
        against="zen-engine's evaluation of the same tables over the same facts",
    )
    bills = [bill(auditor, lines) for lines in LONG]
    per_line = [[_cpu_us_a_line(auditor, one) for one in bills] for _ in range(ROUNDS)]
    yield over_rounds(
        "audit-lines",
        [(max(costs[1:]), costs[0]) for costs in per_line],
        "µs",
        1.3,
        at_most=True,
        what=f"one line of a bill of {LONG[1]} or {LONG[2]} lines, whichever costs more",
        against=f"one line of a bill of {LONG[0]} lines",
    )
