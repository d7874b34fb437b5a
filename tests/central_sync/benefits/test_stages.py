"""The stages of a benefit, one at a time, with round sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from central_sync.benefits.choices import (
    CountedOn,
    Counts,
    Each,
    Hold,
    LastCoin,
    Of,
    Off,
    Owner,
    Per,
    RoundedAt,
)
from central_sync.benefits.explain import sentence
from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.parameters import (
    CoinRule,
    Lines,
    Rulebook,
    Take,
)
from central_sync.benefits.settlement import settle
from central_sync.terms.money import Rounding
from tests.central_sync.benefits.hand_made import (
    BED,
    CASE,
    COVER,
    DRUG,
    amount,
    bands,
    benefit,
    bill,
    cap,
    deductible,
    moved,
    paid,
    ratio,
    scheme,
    settled,
    why,
)
from tests.central_sync.benefits.strategies import SHIPPED


def key(name, owner="member:M1", year=2025):
    return AccumulatorKey(owner, "base", "one", name, year)


def test_bands_counted_net_begin_above_the_deductible_and_gross_below_it():
    pairs = ((0, "0.5"), (1000, "1"))
    net = benefit(ratios=bands(*pairs), deductible=deductible(400))
    gross = benefit(ratios=bands(*pairs, counts=Counts.GROSS), deductible=deductible(400))
    assert paid(settled([scheme(net)], bill((BED, 1500)))) == [600]
    assert paid(settled([scheme(gross)], bill((BED, 1500)))) == [800]


@pytest.mark.parametrize("counts", Counts)
def test_yearly_bands_and_deductible_come_to_the_same_over_two_bills(counts):
    one = scheme(
        benefit(
            ratios=bands((0, "0.5"), (1000, "0.9"), per=Per.YEAR, counts=counts),
            deductible=deductible(400, Per.YEAR, counter="met"),
        )
    )
    whole = settled([one], bill((BED, 3333)))
    first = settled([one], bill((BED, 777)))
    second = settled([one], bill((BED, 2556)), dict(first.deltas))
    assert paid(whole)[0] == paid(first)[0] + paid(second)[0]


@pytest.mark.parametrize(("coins", "patient"), [(1000, 0), (1001, 100), (2000, 200), (2001, 600), (0, 0)])
def test_a_bill_that_reaches_into_a_band_may_have_its_ratio_for_all_of_it(coins, patient):
    one = scheme(benefit(ratios=bands((0, "1"), (1000, "0.9"), (2000, "0.7"), hold=Hold.ALL)))
    assert settled([one], bill((BED, coins))).patient == patient


def test_a_fee_may_be_taken_off_the_payment_instead_of_the_cost():
    fee = deductible(200, sum_cap=cap(300, "fees"))
    one = benefit(ratios=bands((0, "0.7")), deductible=fee)
    assert paid(settled([scheme(one)], bill((BED, 1000)))) == [560]
    one = replace(one, deductible=replace(fee, off=Off.PAYMENT))
    assert paid(settled([scheme(one)], bill((BED, 1000)))) == [500]
    assert paid(settled([scheme(one)], bill((BED, 1000)), {key("fees"): 150})) == [550]
    assert paid(settled([scheme(one)], bill((BED, 100)))) == [0]


def later(*ratios):
    row = ratio("1").rows[0]
    return replace(ratio("1"), rows=(replace(row, value=tuple(ratio(one).rows[0].value for one in ratios)),))


def test_the_deductible_falls_with_each_stay_but_not_below_its_floor():
    one = scheme(
        benefit(
            deductible=deductible(1000, later=later("1", "0.5", "0.1"), counter="stays", least=amount(300, "floor"))
        )
    )
    left = [settled([one], bill((BED, 5000)), {key("stays"): stays}).patient for stays in (0, 1, 2, 9)]
    assert left == [1000, 500, 300, 300]


def test_a_bill_is_one_stay_however_many_lines_benefits_and_contracts_have_its_deductible():
    falling = deductible(1000, later=later("1", "0.5", "0.1"), counter="stays")
    by_line = scheme(benefit(deductible=falling, each=Each.LINE))
    drugs = benefit(deductible=falling, lines=Lines(items=(DRUG,)), name="drugs")
    by_benefit = scheme(drugs, benefit(deductible=falling))
    two = replace(CASE, covers=(COVER, replace(COVER, contract="C2")))
    for one, facts in ((by_line, CASE), (by_benefit, CASE), (scheme(drugs), two)):
        rulebook = Rulebook(SHIPPED.regions, {"one": one}, {}, "")
        for stays, each in ((0, 1000), (1, 500), (2, 100)):
            done = settle(rulebook, facts, bill((DRUG, 5000), (BED, 5000)), {key("stays"): stays})
            taken = [step for share in done.shares for step in share.trace if "deductible" in step.kind]
            assert sum(step.times for step in taken) == 2
            assert sum(step.amount for step in taken) == -2 * each
            assert moved(done) == {"stays": 1}


def test_the_sum_of_deductibles_of_a_year_is_capped():
    one = scheme(benefit(deductible=deductible(1000, sum_cap=cap(1500, "deducted"))))
    first = settled([one], bill((BED, 5000)))
    second = settled([one], bill((BED, 5000)), dict(first.deltas))
    third = settled([one], bill((BED, 5000)), {key("deducted"): 1500})
    assert [done.patient for done in (first, second, third)] == [1000, 500, 0]
    assert moved(second) == {"deducted": 500}
    assert "deducted: reached" in sentence(second.patient_trace[0])


def test_a_family_meets_its_deductible_together():
    one = scheme(benefit(deductible=deductible(1000, Per.YEAR, counter="met", owner=Owner.FAMILY)))
    facts = replace(CASE, covers=(replace(COVER, family="F7"),))
    done = settled([one], bill((BED, 5000)), {key("met", "family:F7"): 800}, facts)
    assert (done.patient, dict(done.deltas)) == (200, {key("met", "family:F7"): 200})
    alone = settled([one], bill((BED, 5000)), {key("met", "family:F7"): 800})
    assert (alone.patient, dict(alone.deltas)) == (1000, {key("met"): 1000})


@pytest.mark.parametrize(("per", "times"), [(Per.DAY, 5), (Per.NIGHT, 4)])
def test_a_fee_for_each_day_counts_the_first_and_the_last_and_for_each_night_only_one(per, times):
    one = scheme(benefit(deductible=deductible(100, per)))
    facts = replace(CASE, admitted=date(2025, 6, 6))
    assert settled([one], bill((BED, 9000)), facts=facts).patient == 100 * times


@pytest.mark.parametrize(
    ("starts", "year"), [("", 2025), ("06-10", 2025), ("06-11", 2024), ("cover", 2025), ("12-31", 2024)]
)
def test_a_year_that_does_not_begin_in_january_has_the_number_of_its_first_day(starts, year):
    one = replace(scheme(benefit(caps=(cap(10**6),))), year_starts=starts)
    assert dict(settled([one], bill((BED, 100))).deltas) == {key("cap", year=year): 100}


@pytest.mark.parametrize(("counted_on", "year"), [(CountedOn.DISCHARGE, 2025), (CountedOn.ADMISSION, 2024)])
def test_a_stay_over_new_year_counts_in_the_year_that_the_scheme_names(counted_on, year):
    one = replace(scheme(benefit(caps=(cap(10**6),))), counted_on=counted_on)
    facts = replace(CASE, admitted=date(2024, 12, 30))
    assert dict(settled([one], bill((BED, 100)), facts=facts).deltas) == {key("cap", year=year): 100}
    assert dict(settled([one], bill((BED, 100))).deltas) == {key("cap"): 100}


def test_the_month_and_for_ever_are_counted_too():
    one = scheme(benefit(caps=(cap(10**6, "month", per=Per.MONTH), cap(10**6, "life", per=Per.EVER))))
    assert dict(settled([one], bill((BED, 100))).deltas) == {key("month", year=202506): 100, key("life", year=0): 100}


def test_a_cap_on_counted_cost_leaves_what_is_above_it_to_the_patient():
    one = scheme(benefit(ratios=bands((0, "0.5")), caps=(cap(1000, of=Of.COUNTED),)))
    done = settled([one], bill((BED, 3000)), {key("cap"): 400})
    assert (paid(done), done.patient, moved(done)) == ([300], 2700, {"cap": 600})
    assert why(done) == {"one.cap": 2400, "one.bands": 300}


def test_a_cap_on_the_patients_part_makes_the_payer_pay_the_rest_and_says_so():
    one = scheme(
        benefit(ratios=bands((0, "0.8")), deductible=deductible(500), caps=(cap(2000, "most", of=Of.PATIENT),))
    )
    done = settled([one], bill((BED, 10_000)), {key("most"): 900})
    assert (paid(done), done.patient, moved(done)) == ([8900], 1100, {"most": 1100})
    assert why(done) == {"one.deductible": 500, "one.bands": 600}
    assert any(step.rule == "one.most" and step.amount == 0 for step in done.shares[0].trace)


def test_the_payers_cap_is_stronger_than_the_patients():
    one = scheme(
        benefit(
            ratios=bands((0, "0.5")),
            caps=(cap(100, "most", of=Of.PATIENT, per=Per.BILL), cap(600, "pays", per=Per.BILL)),
        )
    )
    done = settled([one], bill((BED, 1000)))
    assert (paid(done), why(done)) == ([600], {"one.bands": 100, "one.pays": 300})


def test_the_least_own_part_is_taken_of_each_line_and_never_more_than_the_line_costs():
    one = scheme(benefit(ratios=bands((0, "0.9")), each=Each.LINE, least=amount(500, "least")))
    done = settled([one], bill((DRUG, 300), (DRUG, 2000), (DRUG, 8000)))
    assert done.patient == 300 + 500 + 800


def test_a_cover_that_is_too_young_leaves_everything():
    one = scheme(benefit(waiting=replace(amount(0, "waiting"), rows=(replace(amount(0).rows[0], value=90),))))
    for since, pays in ((date(2025, 3, 12), 1000), (date(2025, 3, 13), 0)):
        facts = replace(CASE, covers=(replace(COVER, from_day=since),))
        done = settled([one], bill((BED, 1000)), facts=facts)
        assert paid(done) == [pays]
    assert "nothing is paid before 2025-06-11" in sentence(done.patient_trace[0])


def test_for_a_stay_the_waiting_ends_on_the_day_of_admission():
    one = scheme(benefit(waiting=replace(amount(0, "waiting"), rows=(replace(amount(0).rows[0], value=90),))))
    facts = replace(CASE, covers=(replace(COVER, from_day=date(2025, 3, 12)),), admitted=date(2025, 6, 9))
    assert paid(settled([one], bill((BED, 1000)), facts=facts)) == [0]


def test_an_account_pays_what_it_holds():
    one = scheme(benefit(account="purse"))
    facts = replace(CASE, covers=(replace(COVER, deposited=5000),))
    done = settled([one], bill((BED, 1000)), {key("purse", year=0): 4400}, facts)
    assert (paid(done), done.patient, moved(done)) == ([600], 400, {"purse": 600})


@pytest.mark.parametrize(
    ("mode", "last", "to", "pays"),
    [
        (Rounding.HALF_UP, LastCoin.PATIENT, 1, 648),  # 70 % of 925 is 647.5
        (Rounding.DOWN, LastCoin.PATIENT, 1, 647),
        (Rounding.HALF_UP, LastCoin.PAYER, 1, 647),  # 277.5 of the patient goes to 278
        (Rounding.UP, LastCoin.PATIENT, 5, 650),
        (Rounding.DOWN, LastCoin.PATIENT, 1000, 0),
        (Rounding.HALF_UP, LastCoin.PAYER, 10, 645),  # 277.5 goes to 280
        (Rounding.UP, LastCoin.PAYER, 1000, 0),  # the patient never pays more than there is
    ],
)
def test_the_scheme_names_what_is_rounded_and_to_what(mode, last, to, pays):
    one = scheme(benefit(ratios=bands((0, "0.7"))), rounding=CoinRule(mode, to, last_coin=last))
    done = settled([one], bill((BED, 925)))
    assert (paid(done), done.patient) == ([pays], 925 - pays)


@pytest.mark.parametrize(("mode", "patient"), [(Rounding.DOWN, 300), (Rounding.UP, 350), (Rounding.HALF_UP, 350)])
def test_rounding_the_claim_makes_the_patients_sum_round(mode, patient):
    coin = CoinRule(mode, 50, RoundedAt.CLAIM, LastCoin.PAYER)
    one = scheme(benefit(ratios=bands((0, "0.7")), caps=(cap(10**6),)), rounding=coin)
    done = settled([one], bill((BED, 1100)))
    assert (done.patient, moved(done)) == (patient, {"cap": 1100 - patient})


def test_a_layer_that_pays_nothing_pays_no_rounding_of_the_claim_either():
    """While the cover is too young, below the deductible, and where nothing of the bill is for it."""
    coin = CoinRule(Rounding.DOWN, 50, RoundedAt.CLAIM, LastCoin.PAYER)
    young = benefit(waiting=replace(amount(900, "waiting"), unit="days"))
    for one in (young, benefit(deductible=deductible(2000)), benefit(lines=Lines(items=(DRUG,)))):
        done = settled([scheme(one, rounding=coin)], bill((BED, 1030)))
        assert (paid(done), done.patient) == ([0], 1030)


def test_a_cap_forbids_rounding_in_the_patients_favour():
    coin = CoinRule(Rounding.DOWN, 50, RoundedAt.CLAIM, LastCoin.PAYER)
    one = scheme(benefit(ratios=bands((0, "0.7")), caps=(cap(770),)), rounding=coin)
    assert settled([one], bill((BED, 1100))).patient == 330


def test_waiting_may_be_counted_in_months_of_the_schemes_calendar():
    wait = replace(amount(9, "waiting"), unit="months")
    one = scheme(benefit(waiting=wait))
    since = replace(COVER, from_day=date(2024, 9, 10))  # nine months later is the day of the case
    assert paid(settled([one], bill((BED, 1000)), facts=replace(CASE, covers=(since,)))) == [1000]
    young = replace(COVER, from_day=date(2024, 9, 11))
    assert paid(settled([one], bill((BED, 1000)), facts=replace(CASE, covers=(young,)))) == [0]


@pytest.mark.parametrize(("approved", "pays"), [(None, 700), (700, 700), (699, 699), (0, 0)])
def test_no_more_is_paid_than_was_approved(approved, pays):
    one = scheme(benefit(ratios=bands((0, "0.7")), caps=(cap(10**6),), approved=True))
    facts = replace(CASE, covers=(replace(COVER, approved=approved),))
    done = settled([one], bill((BED, 1000)), facts=facts)
    assert (paid(done), done.patient, moved(done).get("cap", 0)) == ([pays], 1000 - pays, pays)


def test_an_approval_is_for_all_benefits_of_the_scheme_together_and_only_for_those_that_ask_for_it():
    beds = benefit(name="beds", lines=Lines(kinds=("bed",)), approved=True)
    drugs = benefit(name="drugs", lines=Lines(kinds=("drug",)), approved=True)
    facts = replace(CASE, covers=(replace(COVER, approved=1200),))
    lines = bill((BED, 1000), (DRUG, 1000))
    done = settled([scheme(beds, drugs)], lines, facts=facts)
    assert (paid(done), why(done)) == ([1200], {"one.drugs.approved": 800})
    assert paid(settled([scheme(beds, replace(drugs, approved=False))], lines, facts=facts)) == [2000]


def test_what_was_approved_is_for_all_lines_together_where_each_is_computed_by_itself():
    one = scheme(benefit(each=Each.LINE, approved=True))
    facts = replace(CASE, covers=(replace(COVER, approved=1200),))
    assert paid(settled([one], bill((BED, 1000), (DRUG, 1000)), facts=facts)) == [1200]


def test_rounding_a_claim_does_not_pass_what_was_approved():
    coin = CoinRule(Rounding.DOWN, 50, RoundedAt.CLAIM, LastCoin.PAYER)
    one = scheme(benefit(ratios=bands((0, "0.7")), approved=True), rounding=coin)
    facts = replace(CASE, covers=(replace(COVER, approved=770),))
    assert settled([one], bill((BED, 1100)), facts=facts).patient == 330


def test_a_band_of_a_hundred_percent_rounds_with_the_bands_below_it():
    """90 % of 2,119 and 70 % of 662 and all of 59 coins are 2,429.5: rounded once, to the even coin."""
    one = scheme(benefit(ratios=bands((0, "0.9"), (2119, "0.7"), (2781, "1"))), rounding=CoinRule(Rounding.HALF_EVEN))
    done = settled([one], bill((BED, 2840)))
    assert (paid(done), done.patient) == ([2430], 410)
    assert sum(step.amount for step in done.patient_trace) == 410


def test_the_own_first_part_goes_before_the_deductible_and_is_no_own_part_that_a_cap_limits():
    care = benefit(
        first_part=ratio("0.2"), deductible=deductible(100), ratios=bands((0, "0.5")), caps=(cap(150, of=Of.PATIENT),)
    )
    done = settled([scheme(care)], bill((BED, 1000)))
    assert why(done) == {"one.ratio": 200, "one.deductible": 100, "one.bands": 50}
    assert paid(done) == [650]


def test_a_share_of_the_rest_may_leave_the_first_part_out():
    base = benefit(first_part=ratio("0.2"), ratios=bands((0, "0.5")))
    later = replace(benefit(ratios=bands((0, "1"))), takes=(Take("in_scope", None, ("bands",)),))
    done = settled([scheme(base), scheme(later, code="two", layer="critical_illness")], bill((BED, 1000)))
    assert paid(done) == [400, 400]
    assert why(done) == {"one.ratio": 200}


NUMBER = 20250610_00
"""Of a chain that begins on the day of the case."""
GOING_ON = {"continues": ("goes_on",), "chain": "chain"}


@pytest.mark.parametrize(
    ("met", "marks", "deducted", "chain"),
    [(0, ("goes_on",), 800, 800), (600, ("goes_on",), 200, 200), (900, ("goes_on",), 0, 0), (600, (), 800, 800)],
)
def test_after_a_referral_the_deductible_goes_on_and_else_begins_anew(met, marks, deducted, chain):
    care = benefit(deductible=deductible(800, **GOING_ON))
    used = {key("chain", year=NUMBER): met}
    done = settled([scheme(care)], bill((BED, 5000)), used, replace(CASE, marks=marks))
    assert why(done).get("one.deductible", 0) == deducted
    assert moved(done).get("chain", 0) == chain


def test_a_stay_that_goes_on_is_not_another_one_of_the_year():
    rule = deductible(
        800, later=replace(ratio("1"), rows=(replace(ratio("1").rows[0], value=(1, 0)),)), counter="stays"
    )
    care = benefit(deductible=replace(rule, **GOING_ON))
    used = {key("stays"): 1, key("chain", year=NUMBER): 500}
    done = settled([scheme(care)], bill((BED, 5000)), used, replace(CASE, marks=("goes_on",)))
    assert why(done) == {"one.deductible": 300}
    assert moved(done) == {"chain": 300, f"chain.{NUMBER}": 1}


def test_relatives_spend_one_account_together():
    care = benefit(account="purse", account_owner=Owner.FAMILY)
    held = replace(CASE, covers=(replace(COVER, family="F1", deposited=500),))
    used = {key("purse", "family:F1", 0): 300}
    assert paid(settled([scheme(care)], bill((DRUG, 1000)), used, held)) == [200]
    alone = replace(CASE, covers=(replace(COVER, deposited=500),))
    assert paid(settled([scheme(care)], bill((DRUG, 1000)), used, alone)) == [500]
