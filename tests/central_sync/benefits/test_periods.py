"""Times that begin with a bill: which one a bill lies in, and that taking bills back in any order leaves what the others added."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_sync.benefits.choices import After, Of, Owner, Per
from central_sync.benefits.eligibility import accumulator_keys, begun, placed
from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.parameters import Parameter, Period, Row, Rulebook
from central_sync.benefits.periods import Family, day_of, numbered
from central_sync.benefits.settlement import settle
from tests.central_sync.benefits.hand_made import BED, CASE, DAY, bands, benefit, bill, cap, deductible, scheme
from tests.central_sync.benefits.strategies import SHIPPED

FAMILY = Family("member:M1", "base", "one", "period")


def lasting(value: int, unit: str = "days", after: After = After.LAST, owner: Owner = Owner.MEMBER) -> Period:
    row = Row(date(2020, 1, 1), value, "invented", True)
    return Period(Parameter("one.period", "Benefit period", unit, (row,)), after, owner)


def law(*benefits, period=None) -> Rulebook:
    return Rulebook(SHIPPED.regions, {"one": replace(scheme(*benefits), period=period, marks=("referred",))}, {}, "")


PERIODS = law(benefit(deductible=deductible(1000, Per.PERIOD, counter="met")), period=lasting(60))
CHAINS = law(benefit(deductible=deductible(800, continues=("referred",), chain="met_before")))


def stay(first: date, last: date, *marks: str):
    return replace(CASE, admitted=first, day=last, marks=marks)


class Ledger:
    """Settles bills as the hub does, and takes them back."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.stand: Counter[AccumulatorKey] = Counter()
        self.settled: list[dict[AccumulatorKey, int]] = []

    def settle(self, facts, coins: int) -> int:
        """Settle a bill; what the patient pays of it."""
        facts = placed(self.rulebook, facts, self.stand)
        done = settle(self.rulebook, facts, bill((BED, coins)), self.stand)
        assert done.deltas.keys() <= set(accumulator_keys(self.rulebook, facts))
        self.stand.update(done.deltas)
        self.settled.append(dict(done.deltas))
        return done.patient

    def cancel(self, number: int) -> None:
        """Take a bill back."""
        self.stand.subtract(self.settled[number])
        self.settled[number] = {}

    def agree(self) -> None:
        """The accumulators are what the bills in force have added, and none is below nothing."""
        added: Counter[AccumulatorKey] = Counter()
        for deltas in self.settled:
            added.update(deltas)
        assert {k: v for k, v in self.stand.items() if v} == {k: v for k, v in added.items() if v}
        assert min(self.stand.values(), default=0) >= 0


def test_a_period_begins_with_an_admission_and_ends_so_many_days_after_the_last_discharge():
    hub = Ledger(PERIODS)
    assert hub.settle(stay(date(2025, 11, 20), date(2025, 12, 1)), 600) == 600
    assert hub.settle(stay(date(2026, 1, 29), date(2026, 2, 3)), 600) == 400, "59 days later, over the end of the year"
    assert hub.settle(stay(date(2026, 4, 4), date(2026, 4, 5)), 600) == 600, "60 days after the last discharge"
    hub.agree()


@pytest.mark.parametrize(("unit", "last"), [("days", date(2025, 8, 8)), ("months", date(2025, 8, 9))])
def test_a_period_after_the_first_bill_ends_whatever_comes_between(unit, last):
    rules = law(
        benefit(deductible=deductible(1000, Per.PERIOD, counter="met")),
        period=lasting(60 if unit == "days" else 2, unit, After.FIRST),
    )
    hub = Ledger(rules)
    first = date(2025, 6, 10)
    assert [hub.settle(stay(day, day), 600) for day in (first, last, last + timedelta(days=1))] == [600, 400, 600]
    hub.agree()


def test_the_trace_says_since_when_the_period_runs():
    hub = Ledger(PERIODS)
    hub.settle(stay(date(2025, 6, 1), date(2025, 6, 2)), 600)
    facts = placed(PERIODS, stay(date(2025, 6, 9), DAY), hub.stand)
    looked, period, *_ = settle(PERIODS, facts, bill((BED, 600)), hub.stand).shares[0].trace
    assert (looked.kind, period.kind, period.values, period.amount) == ("looked_at", "period", ("2025-06-01",), 0)


def test_a_bill_of_before_that_comes_late_goes_along_with_the_period_that_it_would_have_reached():
    hub = Ledger(PERIODS)
    hub.settle(stay(date(2025, 6, 9), DAY), 600)
    assert hub.settle(stay(date(2025, 6, 1), date(2025, 6, 2)), 600) == 400
    assert hub.settle(stay(date(2025, 1, 1), date(2025, 1, 2)), 600) == 600
    hub.agree()


def test_a_bill_goes_on_with_the_deductible_of_the_one_before_it_and_with_no_older_one():
    hub = Ledger(CHAINS)
    assert hub.settle(stay(date(2025, 6, 1), date(2025, 6, 2)), 500) == 500
    assert hub.settle(stay(date(2025, 6, 2), date(2025, 6, 9), "referred"), 500) == 300
    assert hub.settle(stay(date(2025, 7, 1), date(2025, 7, 2)), 0) == 0
    assert hub.settle(stay(date(2025, 7, 2), date(2025, 7, 9), "referred"), 500) == 500, "the one before met nothing"
    hub.agree()


def test_a_chain_of_before_chains_had_numbers_goes_on_and_goes_back_whole():
    ledger, day = Ledger(CHAINS), date(2025, 6, 10)
    before = AccumulatorKey("member:M1", "base", "one", "met_before", 0)
    ledger.stand[before] = 500
    ledger.settled.append({before: 500})  # by the program of then
    assert ledger.settle(stay(day, day, "referred"), 1000) == 300
    assert ledger.settle(stay(day, day, "referred"), 1000) == 0
    ledger.cancel(0)
    ledger.cancel(0)
    assert ledger.settle(stay(day, day), 1000) == 800  # without the mark: a chain of its own
    assert ledger.settle(stay(day, day, "referred"), 1000) == 0


def test_two_chains_that_begin_on_one_day_are_two():
    hub = Ledger(CHAINS)
    day = date(2025, 6, 1)
    assert [hub.settle(stay(day, day), 500) for _ in range(2)] == [500, 500]
    assert hub.settle(stay(day, day, "referred"), 500) == 300
    hub.agree()


def test_cancelling_the_first_of_two_bills_leaves_what_the_second_met():
    hub = Ledger(CHAINS)
    hub.settle(stay(date(2025, 6, 1), date(2025, 6, 2)), 3000)
    hub.settle(stay(date(2025, 6, 8), date(2025, 6, 9)), 200)
    hub.cancel(0)
    hub.agree()
    assert [key.name for key, value in hub.stand.items() if value == 200] == ["met_before"]
    assert hub.settle(stay(date(2025, 6, 9), DAY, "referred"), 1000) == 600


BOTH = law(
    benefit(
        ratios=bands((0, "0.8"), (700, "1"), per=Per.PERIOD),
        deductible=deductible(
            800, continues=("referred",), chain="met_before", counter="stays", later=None, sum_cap=None
        ),
        caps=(cap(900, per=Per.PERIOD), cap(5000, "counted", of=Of.COUNTED, per=Per.PERIOD)),
    ),
    period=lasting(20, owner=Owner.MEMBER),
)
a_bill = st.tuples(st.integers(0, 90), st.integers(0, 12), st.integers(0, 2500), st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(a_bill, min_size=1, max_size=7), st.data())
def test_settling_and_taking_back_in_any_order_restores_every_accumulator(bills, data):
    hub, in_force = Ledger(BOTH), []
    for number, (after, nights, coins, referred) in enumerate(bills):
        first = date(2025, 1, 1) + timedelta(days=after)
        hub.settle(stay(first, first + timedelta(days=nights), *(("referred",) if referred else ())), coins)
        in_force.append(number)
        if data.draw(st.booleans()):
            hub.cancel(in_force.pop(data.draw(st.integers(0, len(in_force) - 1))))
        hub.agree()
    for number in data.draw(st.permutations(in_force)):
        hub.cancel(number)
        hub.agree()
    assert not any(hub.stand.values())


def test_a_tally_names_its_time_and_another_familys_does_not():
    tally = FAMILY.tally(date(2026, 1, 5), date(2026, 1, 12))
    assert (tally.name, tally.year, FAMILY.number_in(tally)) == ("period.20260105", 20260112, 20260105)
    assert day_of(numbered(date(2026, 1, 5))) == date(2026, 1, 5)
    for other in (
        tally._replace(owner="member:M2"),
        tally._replace(name="period"),
        tally._replace(name="met.20260105"),
    ):
        assert FAMILY.number_in(other) is None


def test_a_scheme_without_such_a_time_needs_no_tallies():
    rules = law(benefit())
    assert begun(rules, CASE) == ()
    assert placed(rules, CASE, {FAMILY.tally(DAY, DAY): 1}) is CASE
