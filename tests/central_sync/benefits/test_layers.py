"""One layer: what it leaves, for which reasons, and off which reasons a later layer pays first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from central_sync.benefits.asking import Asking
from central_sync.benefits.choices import Basis, LastCoin, RoundedAt
from central_sync.benefits.explain import sentence
from central_sync.benefits.facts import AccumulatorKey, CaseFacts, CoverFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.layers import ask as ask_layer
from central_sync.benefits.parameters import (
    CoinRule,
    Package,
)
from central_sync.benefits.planning import Plans
from central_sync.benefits.results import Left, TraceStep
from central_sync.terms.money import Rounding
from tests.central_sync.benefits.hand_made import (
    BED,
    CASE,
    DRUG,
    PRIVATE,
    amount,
    bands,
    benefit,
    bill,
    paid,
    scheme,
    settled,
    why,
)
from tests.central_sync.benefits.strategies import SHIPPED

DAY = date(2025, 6, 10)


def ask(code, pieces, care="inpatient", group="employee", counters=None):
    """One cover of a shipped scheme asked about pieces: its share, and what is left."""
    scheme = SHIPPED.schemes[code]
    cover = CoverFacts(scheme.layer, code, "C1", group, DAY, None)
    facts = CaseFacts("M1", scheme.region, "tier_3", care, DAY, date(1980, 1, 1), (cover,))
    plan = Plans().of(scheme, facts, cover)
    share, turns, difference = ask_layer(Asking(facts, cover, plan, {} if counters is None else counters), pieces)
    assert difference == 0
    return share, turns[-1].left


def key_of(code, name):
    return AccumulatorKey("member:M1", SHIPPED.schemes[code].layer, code, name, DAY.year)


YEARLY_CAP = key_of("cn_employee", SHIPPED.schemes["cn_employee"].benefits["outpatient"][0].caps[0].name)


def left(amount, part="in_scope", *, asked=False, rule="r"):
    return Left(part, TraceStep(rule, Kind.BAND, amount, values=(1, 1, "1")), asked=asked)


def test_a_layer_looks_only_at_the_parts_that_it_takes():
    share, after = ask("cn_employee", [left(90_000), left(5, "own_pay")])
    assert share.amount == 0
    assert [(piece.part, piece.step.amount) for piece in after] == [("own_pay", 5), ("in_scope", 90_000)]


def test_a_later_layer_pays_off_the_last_reason_first():
    pieces = [left(1_600_000, asked=True, rule="first"), left(100_000, asked=True, rule="last")]
    share, after = ask("cn_critical_illness", pieces)
    assert share.amount == 120_000  # 60 % of what is above 15,000.00
    assert [(piece.step.rule, piece.step.amount) for piece in after] == [("first", 1_580_000)]
    assert "critical-illness insurance pays " in sentence(after[0].step)


def test_an_accumulator_below_zero_widens_no_cap():
    counters = {YEARLY_CAP: -(10**9)}
    share, _ = ask("cn_employee", [left(10**9)], "outpatient", counters=counters)
    assert share.amount == 400_000
    assert counters[YEARLY_CAP] == 400_000


def test_an_accumulator_above_its_cap_pays_nothing_and_stays():
    counters = {YEARLY_CAP: 400_001}
    share, after = ask("cn_employee", [left(100)], "outpatient", counters=counters)
    assert (share.amount, sum(piece.step.amount for piece in after), counters[YEARLY_CAP]) == (0, 100, 400_001)


def test_a_group_without_ratios_is_paid_nothing_and_told_so():
    share, after = ask("cn_employee", [left(200_000)], group="stranger")
    assert share.amount == 0
    assert "none is set" in sentence(after[-1].step)


def test_each_stay_counts_one():
    counters = {}
    for number in (1, 2, 3):
        ask("cn_employee", [left(100_000)], counters=counters)
        assert counters[key_of("cn_employee", "stays")] == number


PAIR = bill((BED, 1000))


@pytest.mark.parametrize(
    ("basis", "first", "second"),
    [(Basis.LEFT, 600, 360), (Basis.WHOLE, 600, 400), (Basis.DIFFERENCE, 600, 300)],
)
def test_a_secondary_payer_computes_on_what_is_left_or_on_the_whole_or_makes_up_the_difference(basis, first, second):
    one = scheme(benefit(ratios=bands((0, "0.6"))))
    two = scheme(benefit(ratios=bands((0, "0.9")), basis=basis), code="two", layer="supplementary")
    done = settled([one, two], PAIR)
    assert paid(done) == [first, second]
    assert sum(step.amount for step in done.shares[1].trace) == second


def test_a_secondary_payer_of_the_difference_pays_nothing_below_what_was_paid():
    one = scheme(benefit(ratios=bands((0, "0.6"))))
    two = scheme(benefit(ratios=bands((0, "0.5")), basis=Basis.DIFFERENCE), code="two", layer="supplementary")
    assert paid(settled([one, two], PAIR)) == [600, 0]


def test_two_schemes_of_one_layer_are_asked_by_rank():
    one = replace(scheme(benefit(ratios=bands((0, "0.6")))), rank=1)
    two = scheme(benefit(ratios=bands((0, "0.5"))), code="two")
    done = settled([one, two], PAIR)
    assert [(share.scheme, share.amount) for share in done.shares] == [("two", 500), ("one", 300)]


def package(value, **more):
    return Package(amount(value, "package"), **{"items": (BED,), **more})


@pytest.mark.parametrize(("price", "difference"), [(900, -100), (1000, 0), (1300, 300)])
def test_a_fixed_price_takes_the_place_of_the_itemised_bill(price, difference):
    one = scheme(benefit("in_scope", "first_self_pay", ratios=bands((0, "0.7")), package=package(price)))
    done = settled([one], bill((BED, 1000), (PRIVATE, 50)))
    assert (done.total, done.package_difference) == (1050, difference)
    assert paid(done) == [price * 7 // 10]
    assert why(done) == {"cn.catalogue.own_pay": 50, "one.bands": price - price * 7 // 10}
    assert done.patient + sum(paid(done)) == done.total + difference


def test_a_fixed_price_is_for_its_diagnoses_and_the_general_benefit_for_the_rest():
    fixed = benefit(ratios=bands((0, "1")), package=package(700, items=(), diagnoses=("K35",)), name="fixed")
    one = scheme(fixed, benefit(ratios=bands((0, "0.5")), name="rest"))
    assert paid(settled([one], PAIR, facts=replace(CASE, diagnoses=("K35.800", "I10")))) == [700]
    assert paid(settled([one], PAIR, facts=replace(CASE, diagnoses=("I10", "K35.800")))) == [500]


def test_the_next_layer_sees_what_the_fixed_price_left():
    fixed = scheme(benefit(ratios=bands((0, "0.7")), package=package(800)))
    done = settled([fixed, scheme(benefit(), code="two", layer="aid")], PAIR)
    assert (paid(done), done.patient, done.package_difference) == ([560, 240], 0, -200)


def test_a_benefit_for_marked_cases_comes_before_the_general_one():
    marked = benefit(ratios=bands((0, "0.95")), when=("special",), name="special")
    one = scheme(marked, benefit(ratios=bands((0, "0.5")), name="rest"))
    assert paid(settled([one], PAIR)) == [500]
    assert paid(settled([one], PAIR, facts=replace(CASE, marks=("special",)))) == [950]
    assert paid(settled([scheme(marked)], PAIR)) == [0]


def test_what_a_claim_was_rounded_up_by_stays_with_the_patient():
    up = CoinRule(Rounding.UP, 50, RoundedAt.CLAIM, LastCoin.PAYER)
    one = scheme(benefit(ratios=bands((0, "0.97"))), rounding=up)
    two = scheme(benefit("in_scope", basis=Basis.WHOLE), code="two", layer="aid")
    done = settled([one, two], PAIR)
    assert (paid(done), why(done)) == ([950, 30], {"one.rounding": 20})


def test_a_secondary_payer_after_a_fixed_price_above_the_bill_pays_what_is_left_of_the_price():
    fixed = scheme(benefit(ratios=bands((0, "0.5")), package=package(3000)))
    two = scheme(benefit(basis=Basis.DIFFERENCE), code="two", layer="aid")
    done = settled([fixed, two], PAIR)
    assert (paid(done), done.patient, done.package_difference) == ([1500, 1500], 0, 2000)


def test_of_several_fixed_prices_by_item_the_highest_holds():
    table = Package(None, (BED, DRUG), (), {BED: amount(800, "bed price"), DRUG: amount(900, "drug price")})
    fixed = scheme(benefit(ratios=bands((0, "0.5")), package=table))
    done = settled([fixed], bill((BED, 500), (DRUG, 500)))
    assert (paid(done), done.patient, done.package_difference) == ([450], 450, -100)
    assert paid(settled([fixed], bill((BED, 1000)))) == [400]
    gone = replace(table, prices={BED: amount(None), DRUG: amount(None)})
    assert paid(settled([scheme(benefit(ratios=bands((0, "0.5")), package=gone), benefit(name="rest"))], PAIR)) == [
        1000
    ]
