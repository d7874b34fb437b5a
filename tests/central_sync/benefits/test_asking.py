"""One cover being asked: what a cap leaves open, and what is counted where."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from central_sync.benefits.asking import Asking
from central_sync.benefits.choices import Owner, Per
from central_sync.benefits.facts import AccumulatorKey
from tests.central_sync.benefits.hand_made import CASE, COVER, benefit, cap, plan_of, scheme

KEY = AccumulatorKey("member:M1", "base", "one", "cap", 2025)


def asking(*caps, facts=CASE, cover=COVER, counters=None):
    counters = {} if counters is None else counters
    one = Asking(facts, cover, plan_of(scheme(benefit(caps=caps)), facts, cover), counters)
    return one, one.plan.benefits[0].paid_caps


def test_a_cap_of_a_bill_is_open_for_each_bill_and_that_of_a_year_once():
    counters = {KEY: 30}
    one, (visit, year) = asking(cap(100, "visit", per=Per.BILL), cap(100), counters=counters)
    assert (one.room(visit), one.room(year)) == (100, 70)
    one.count(visit.counter, 50)
    one.count(year.counter, 50)
    assert (one.room(visit), one.room(year)) == (100, 20)
    assert counters == {KEY: 30}
    one.close()
    assert counters == {KEY: 80}


def test_a_cap_for_each_night_grows_with_the_stay():
    one, (night,) = asking(cap(100, per=Per.NIGHT), facts=replace(CASE, admitted=date(2025, 6, 7)))
    assert one.room(night) == 300


def test_what_was_not_moved_is_not_written_and_nothing_counts_below_zero():
    counters = {KEY: -7}
    one, (year,) = asking(cap(100), counters=counters)
    assert one.room(year) == 100
    one.close()
    assert counters == {KEY: -7}
    one.count(year.counter, 5)
    one.close()
    assert counters == {KEY: 5}


def test_a_family_without_members_is_the_member_alone():
    _, (mine, ours) = asking(cap(100), cap(100, owner=Owner.FAMILY))
    assert mine.counter == ours.counter
    family = replace(COVER, family="F7")
    _, (mine, ours) = asking(cap(100), cap(100, owner=Owner.FAMILY), cover=family)
    assert mine.counter != ours.counter


def test_what_is_counted_for_the_first_time_gets_a_key_of_its_own_with_names():
    counters: dict = {}
    one, (year,) = asking(cap(100), counters=counters)
    one.count(year.counter, 30)
    one.close()
    (key,) = counters
    assert (key, key.owner, counters[key]) == (KEY, "member:M1", 30)


def test_a_counter_of_a_contract_stands_apart_from_that_of_the_member():
    counters = {KEY: 30, KEY._replace(owner="contract:" + COVER.contract): 70}
    one, (mine, ours) = asking(cap(100), cap(100, owner=Owner.CONTRACT), counters=counters)
    assert (one.plan.personal, one.room(mine), one.room(ours)) == (None, 70, 30)
