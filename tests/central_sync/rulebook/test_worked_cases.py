"""The bills in tests/rulebook_cases, computed by hand, are what the shipped rulebook gives."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.settlement import accumulator_keys, settle
from central_sync.rulebook.load import load
from central_sync.rulebook.strict import plain
from central_sync.terms.money import CURRENCIES

FOLDER = Path(__file__).parents[2] / "rulebook_cases"
CASES = [case for file in sorted(FOLDER.glob("*.yaml")) for case in plain(FOLDER, file.name)]
RULEBOOK = load()


def facts_of(case):
    covers = tuple(
        CoverFacts(RULEBOOK.schemes[c["scheme"]].layer, c["scheme"], "C1", c["group"], date(2023, 1, 1), None)
        for c in case["covers"]
    )
    return CaseFacts(
        "M1", case["region"], case["tier"], case["care"], date.fromisoformat(case["day"]), date(1980, 1, 1), covers
    )


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_bill_computed_by_hand_is_settled_so(case):
    coin = 10 ** CURRENCIES[RULEBOOK.regions[case["region"]].currency].decimals
    facts = facts_of(case)
    keys = {f"{key.scheme}.{key.name}": key for key in accumulator_keys(RULEBOOK, facts)}
    before: dict[AccumulatorKey, int] = {keys[name]: int(number) for name, number in case.get("earlier", {}).items()}
    before |= {keys[name]: int(Decimal(amount) * coin) for name, amount in case.get("used", {}).items()}
    lines = [
        BillLine(
            str(number),
            line["item"],
            Decimal(line["quantity"]),
            Decimal(line["amount"]) / Decimal(line["quantity"]),
            int(Decimal(line["amount"]) * coin),
            date.fromisoformat(line.get("on", case["day"])),
        )
        for number, line in enumerate(case["bill"])
    ]

    done = settle(RULEBOOK, facts, lines, before)

    expect = case["expect"]
    assert done.total == Decimal(expect["total"]) * coin
    assert {share.scheme: Decimal(share.amount) / coin for share in done.shares} == {
        scheme: Decimal(amount) for scheme, amount in expect["shares"].items()
    }
    assert Decimal(done.patient) / coin == Decimal(expect["patient"])
    if "why" in expect:
        why: dict[str, int] = defaultdict(int)
        for step in done.patient_trace:
            why[step.rule] += step.amount
        assert {rule: Decimal(amount) / coin for rule, amount in why.items()} == {
            rule: Decimal(amount) for rule, amount in expect["why"].items()
        }
    for name, amount in expect.get("moved", {}).items():
        assert Decimal(done.deltas[keys[name]]) / coin == Decimal(amount), name


def test_no_two_cases_tell_the_same_story():
    assert len({case["case"] for case in CASES}) == len(CASES) >= 24
