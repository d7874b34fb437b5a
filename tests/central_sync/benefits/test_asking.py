"""One benefit being asked: which row speaks for the case, what a cap leaves open, how a ratio reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from central_sync.benefits.asking import Asking
from central_sync.benefits.choices import Per
from central_sync.benefits.facts import AccumulatorKey
from tests.central_sync.benefits.hand_made import CASE, COVER, amount, benefit, cap, scheme

ONE = scheme(benefit())


def asking(facts=CASE, counters=None):
    return Asking(facts, COVER, ONE, ONE.benefits["inpatient"][0], {} if counters is None else counters)


def test_a_row_for_a_mark_or_an_age_speaks_before_the_general_one():
    general = amount(1).rows[0]
    rows = (replace(general, value=3, mark="referred"), replace(general, value=2, ages=(0, 18)), general)
    fee = replace(amount(1), rows=rows)
    child = replace(CASE, birth_date=date(2010, 1, 1))
    assert asking().value(fee) == 1
    assert asking(replace(CASE, marks=("referred",))).value(fee) == 3
    assert asking(child).value(fee) == 2


def test_a_row_for_a_mark_alone_says_nothing_without_it():
    fee = replace(amount(1), rows=(replace(amount(1).rows[0], mark="referred"),))
    assert asking().value(fee) is None
    assert asking(replace(CASE, marks=("referred",))).value(fee) == 1


def test_a_cap_of_a_bill_is_open_for_each_bill_and_that_of_a_year_once():
    key = AccumulatorKey("member:M1", "base", "one", "cap", 2025)
    one = asking(counters={key: 30})
    assert one.room(cap(100, per=Per.BILL))[1] == 100
    assert one.room(cap(100))[1] == 70
    one.use(cap(100), 50)
    assert (one.counters[key], one.room(cap(100))[1]) == (80, 20)


def test_a_cap_for_each_night_grows_with_the_stay():
    assert asking(replace(CASE, admitted=date(2025, 6, 7))).room(cap(100, per=Per.NIGHT))[1] == 300
