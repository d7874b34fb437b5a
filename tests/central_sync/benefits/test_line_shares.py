"""What each layer and the patient pay of each line: to the coin, never negative, and where the layer's own reasons put it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from central_sync.benefits.choices import Each, LastCoin, RoundedAt
from central_sync.benefits.line_shares import line_shares
from central_sync.benefits.parameters import CoinRule, Lines, Package
from central_sync.benefits.settlement import settle
from central_sync.terms.money import Rounding
from tests.central_sync.benefits.dice import situation
from tests.central_sync.benefits.hand_made import (
    BED,
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
)
from tests.central_sync.benefits.strategies import any_situation

DENSE = 1500
MANY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def adds_up(rulebook, facts, lines, before):
    done = settle(rulebook, facts, lines, before)
    found = line_shares(done)
    assert [(one.serial, one.amount) for one in found] == [(line.serial, line.amount) for line in lines]
    for one in found:
        assert one.amount + one.difference == sum(one.shares) + one.patient
        assert min(one.shares, default=0) >= 0
        assert one.patient >= 0
    for number, share in enumerate(done.shares):
        assert sum(one.shares[number] for one in found) == share.amount
    assert sum(one.patient for one in found) == done.patient
    assert sum(one.difference for one in found) == done.package_difference
    assert line_shares(done) == found


@MANY
@given(any_situation)
def test_lines_add_up_to_the_shares_and_each_line_to_its_amount(situation):
    adds_up(*situation)


def test_lines_of_dense_rulebooks_add_up():
    for seed in range(DENSE):
        adds_up(*situation(seed))


def parts(done):
    return [(one.shares, one.patient, one.difference) for one in line_shares(done)]


def test_a_layer_pays_nothing_of_a_line_that_it_does_not_look_at():
    done = settled([scheme(benefit(ratios=bands((0, "0.8"))))], bill((BED, 1000), (PRIVATE, 500), (BED, 3000)))
    assert parts(done) == [((800,), 200, 0), ((0,), 500, 0), ((2400,), 600, 0)]


def test_a_coverage_group_pays_its_own_lines():
    drugs = benefit(ratios=bands((0, "0.5")), lines=Lines(kinds=("drug",)), name="drugs")
    rest = benefit(ratios=bands((0, "0.9")), name="rest")
    done = settled([scheme(drugs, rest)], bill((BED, 1000), (DRUG, 400)))
    assert parts(done) == [((900,), 100, 0), ((200,), 200, 0)]


def test_coins_left_over_go_to_the_largest_remainder_and_then_to_the_earlier_line():
    one = scheme(benefit(ratios=bands((0, "0.5")), deductible=deductible(1)))
    assert parts(settled([one], bill((BED, 1), (BED, 1), (BED, 1)))) == [((1,), 0, 0), ((0,), 1, 0), ((0,), 1, 0)]


def test_a_later_layer_for_a_group_pays_what_the_first_has_left_of_its_lines():
    first = scheme(benefit(ratios=bands((0, "0.8")), deductible=deductible(400)))
    drugs = benefit(lines=Lines(kinds=("drug",)))
    done = settled([first, scheme(drugs, code="two", layer="aid")], bill((DRUG, 300), (BED, 1000), (DRUG, 100)))
    # 80 % of 1,000 are paid, 800 of 1,400; of the drugs' 400 228.57, of the bed 571.43.
    assert parts(done) == [((172, 128), 0, 0), ((571, 0), 429, 0), ((57, 43), 0, 0)]


def test_a_later_layer_pays_of_what_the_first_has_left_of_each_line():
    first = scheme(benefit(ratios=bands((0, "0.5")), each=Each.LINE, deductible=deductible(600)))
    done = settled([first, scheme(benefit(), code="two", layer="aid")], bill((BED, 1000), (BED, 500)))
    assert parts(done) == [((200, 800), 0, 0), ((0, 500), 0, 0)]


@pytest.mark.parametrize(("price", "differences"), [(900, [-450, -150]), (1800, [225, 75])])
def test_a_fixed_price_is_spread_over_the_lines_in_whose_place_it_stands(price, differences):
    fixed = Package(amount(price, "package"), items=(BED,))
    one = scheme(benefit(ratios=bands((0, "0.7")), package=fixed))
    done = settled([one], bill((BED, 1125), (DRUG, 375), (PRIVATE, 50)))
    found = line_shares(done)
    assert [line.difference for line in found] == [*differences, 0]
    assert sum(line.shares[0] for line in found) == paid(done)[0]
    assert (found[2].patient, found[2].shares) == (50, (0,))


def test_what_rounding_the_claim_gives_back_to_the_patient_comes_off_the_layers_lines():
    up = CoinRule(Rounding.UP, 50, RoundedAt.CLAIM, LastCoin.PAYER)
    done = settled([scheme(benefit(ratios=bands((0, "0.97"))), rounding=up)], bill((BED, 600), (BED, 400)))
    assert parts(done) == [((570,), 30, 0), ((380,), 20, 0)]


def test_a_computation_with_its_shares_marked_still_tells_its_lines():
    done = settled([scheme(benefit())], bill((BED, 100)))
    marked = replace(done, shares=tuple(replace(share, deferred=True) for share in done.shares))
    assert parts(marked) == [((100,), 0, 0)]
