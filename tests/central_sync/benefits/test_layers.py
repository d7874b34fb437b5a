"""One layer: what it leaves, for which reasons, and off which reasons a later layer pays first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from central_sync.benefits.asking import Asking
from central_sync.benefits.choices import Basis, LastCoin, RoundedAt
from central_sync.benefits.explain import sentence
from central_sync.benefits.facts import AccumulatorKey, CaseFacts, CoverFacts
from central_sync.benefits.kinds import Kind
from central_sync.benefits.layers import ask as ask_layer
from central_sync.benefits.line_shares import line_shares
from central_sync.benefits.parameters import (
    CoinRule,
    Lines,
    Package,
    Take,
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
    deductible,
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


def drugs_alone(ratio="1", **more):
    """A later payer of drugs."""
    return scheme(benefit(ratios=bands((0, ratio)), lines=Lines(kinds=("drug",)), **more), code="two", layer="aid")


def test_what_a_fixed_price_leaves_lies_on_the_sections_in_whose_place_it_stands_in_proportion():
    fixed = scheme(benefit(ratios=bands((0, "0.7")), package=package(1001)))
    done = settled([fixed, drugs_alone()], bill((BED, 1000), (DRUG, 500)))
    assert paid(done) == [701, 100]  # of the price 667 and 334 coins; of the 300 that are left 200 and 100
    assert done.patient == 200
    lines = line_shares(done)
    assert [(line.shares, line.patient, line.difference) for line in lines] == [
        ((467, 0), 200, -333),
        ((234, 100), 0, -166),
    ]


def test_a_fixed_price_lies_on_the_part_that_the_benefit_names_first():
    fixed = scheme(benefit("first_self_pay", "in_scope", ratios=bands((0, "0.5")), package=package(800)))
    later = scheme(benefit("in_scope"), code="two", layer="aid")
    first = scheme(benefit("first_self_pay"), code="two", layer="aid")
    assert paid(settled([fixed, later], PAIR)) == [400, 0]
    assert paid(settled([fixed, first], PAIR)) == [400, 400]


def test_a_share_of_a_part_is_rounded_once_whatever_its_pieces():
    half = amount(0, "share")
    half = replace(half, rows=(replace(half.rows[0], value=Fraction(1, 2)),))
    base = scheme(benefit(ratios=bands((0, "0.7"), (10, "0.3")), deductible=deductible(3)))
    taker = benefit(name="care")
    taker = replace(taker, takes=(Take("in_scope", half),))
    done = settled([base, scheme(taker, code="two", layer="aid")], bill((BED, 23)))
    left = 23 - paid(done)[0]
    assert len({step.rule for step in done.patient_trace}) > 1
    assert paid(done)[1] == (left + 1) // 2, "half up, once: not for each reason"


def test_the_whole_of_a_secondary_payer_holds_what_earlier_ones_paid_to_nothing():
    base = scheme(benefit(lines=Lines(kinds=("drug",)), name="drugs"), benefit(ratios=bands((0, "0.4")), name="rest"))
    two = scheme(benefit(ratios=bands((0, "0.7")), basis=Basis.WHOLE), code="two", layer="aid")
    difference = scheme(benefit(ratios=bands((0, "0.7")), basis=Basis.DIFFERENCE), code="two", layer="aid")
    lines = bill((BED, 1000), (DRUG, 500))  # the drug is paid to nothing, of the bed 600 are left
    assert paid(settled([base, two], lines)) == [900, 600], "0.7 of 1500 is more than is left"
    assert paid(settled([base, difference], lines)) == [900, 150], "0.7 of 1500, less the 900 of the first"


def test_what_another_benefit_of_the_scheme_has_looked_at_is_no_part_of_the_whole():
    base = scheme(benefit(ratios=bands((0, "0.4"))))
    drugs = benefit(lines=Lines(kinds=("drug",)), name="drugs")
    rest = benefit(ratios=bands((0, "0.7")), basis=Basis.DIFFERENCE, name="rest")
    done = settled([base, scheme(drugs, rest, code="two", layer="aid")], bill((BED, 1000), (DRUG, 500)))
    assert paid(done) == [600, 300 + 300], "the drugs' 300; and 0.7 of the bed's 1000 less 400"
