"""The engine against the language computed once more without it: the same coins, for rulebooks, cases and bills of any shape."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from central_sync.benefits.settlement import settle
from tests.central_sync.benefits.dice import situation
from tests.central_sync.benefits.straight import reckoned
from tests.central_sync.benefits.strategies import any_situation
from tests.central_sync.rulebook.test_worked_cases import CASES, NAMES, told

DENSE = 2000
MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def same(rulebook, facts, lines, before):
    done, straight = settle(rulebook, facts, lines, before), reckoned(rulebook, facts, lines, before)
    why = {}
    for step in done.patient_trace:
        why[step.rule] = why.get(step.rule, 0) + step.amount
    assert [(share.layer, share.scheme, share.amount) for share in done.shares] == straight.shares
    assert (done.total, done.patient, done.package_difference) == (
        straight.total,
        straight.patient,
        straight.difference,
    )
    assert dict(done.deltas) == straight.moved
    assert why == straight.why


@MANY
@given(any_situation)
def test_engine_and_straight_reckoning_come_to_the_same_coins(situation):
    same(*situation)


def test_two_thousand_dense_rulebooks_come_to_the_same_coins():
    for seed in range(DENSE):
        try:
            same(*situation(seed))
        except AssertionError as error:
            raise AssertionError(f"rulebook number {seed}") from error


@pytest.mark.parametrize(("rulebook", "case"), CASES, ids=NAMES)
def test_the_straight_reckoning_settles_the_bills_computed_by_hand(rulebook, case):
    given = told(rulebook, case)
    straight = reckoned(rulebook, given.facts, given.lines, given.before)
    shares = {code: Decimal(coins) / given.coins for _, code, coins in straight.shares}
    assert shares == {code: Decimal(amount) for code, amount in case.expect.shares.items()}
    assert Decimal(straight.patient) / given.coins == Decimal(case.expect.patient)
    assert Decimal(straight.difference) / given.coins == Decimal(case.expect.difference)
    if case.expect.why is not None:
        why = {rule: Decimal(coins) / given.coins for rule, coins in straight.why.items()}
        assert why == {rule: Decimal(amount) for rule, amount in case.expect.why.items()}
