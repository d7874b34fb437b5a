"""One layer: what it leaves, for which reasons, and off which reasons a later layer pays first."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from central_sync.benefits.eligibility import cap_key, counter_key
from central_sync.benefits.facts import CaseFacts, CoverFacts
from central_sync.benefits.layers import Asking, Left, ask, percent
from central_sync.benefits.results import TraceStep
from tests.central_sync.benefits.strategies import SHIPPED

DAY = date(2025, 6, 10)


def asking(code, care="inpatient", group="employee", counters=None):
    scheme = SHIPPED.schemes[code]
    cover = CoverFacts(scheme.layer, code, "C1", group, DAY, None)
    facts = CaseFacts("M1", scheme.region, "tier_3", care, DAY, date(1980, 1, 1), (cover,))
    return Asking(facts, cover, scheme, scheme.benefits[care], {} if counters is None else counters)


def left(amount, part="in_scope", *, asked=False, rule="r"):
    return Left(part, TraceStep(rule, rule, amount), asked=asked)


def test_a_layer_looks_only_at_the_parts_that_it_takes():
    share, after = ask(asking("cn_employee"), [left(90_000), left(5, "own_pay")])
    assert share.amount == 0
    assert [(piece.part, piece.step.amount) for piece in after] == [("own_pay", 5), ("in_scope", 90_000)]


def test_a_later_layer_pays_off_the_last_reason_first():
    pieces = [left(1_600_000, asked=True, rule="first"), left(100_000, asked=True, rule="last")]
    share, after = ask(asking("cn_critical_illness"), pieces)
    assert share.amount == 120_000  # 60 % of what is above 15,000.00
    assert [(piece.step.rule, piece.step.amount) for piece in after] == [("first", 1_580_000)]
    assert "less what critical-illness insurance pays" in after[0].step.text


def test_an_accumulator_below_zero_widens_no_cap():
    one = asking("cn_employee", "outpatient")
    cap = one.benefit.caps[0]
    key = cap_key(one.facts, one.cover, one.scheme, cap)
    one.counters[key] = -(10**9)
    share, _ = ask(one, [left(10**9)])
    assert share.amount == 400_000
    assert one.counters[key] == 400_000


def test_an_accumulator_above_its_cap_pays_nothing_and_stays():
    one = asking("cn_employee", "outpatient")
    key = cap_key(one.facts, one.cover, one.scheme, one.benefit.caps[0])
    one.counters[key] = 400_001
    share, after = ask(one, [left(100)])
    assert (share.amount, sum(piece.step.amount for piece in after), one.counters[key]) == (0, 100, 400_001)


def test_a_group_without_ratios_is_paid_nothing_and_told_so():
    share, after = ask(asking("cn_employee", group="stranger"), [left(200_000)])
    assert share.amount == 0
    assert "none in force" in after[-1].step.text


def test_each_stay_counts_one():
    one = asking("cn_employee")
    key = counter_key(one.facts, one.scheme, "stays")
    for number in (1, 2, 3):
        ask(one, [left(100_000)])
        assert one.counters[key] == number


@pytest.mark.parametrize(("ratio", "text"), [("9/10", "90 %"), ("0.965", "96.5 %"), ("0", "0 %"), ("1", "100 %")])
def test_a_ratio_reads_as_percent(ratio, text):
    assert percent(Fraction(ratio)) == text
