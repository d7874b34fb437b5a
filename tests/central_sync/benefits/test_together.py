"""Layers that hand exact fractions on are rounded together, when the last of them has paid."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.benefits.choices import LastCoin, Of, Owner, Per, RoundedAt
from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.parameters import CoinRule, Lines, Rulebook
from central_sync.benefits.settlement import settle
from central_sync.benefits.together import wholes
from central_sync.terms.money import Rounding
from tests.central_sync.benefits.hand_made import (
    BED,
    CASE,
    DRUG,
    bands,
    benefit,
    bill,
    cap,
    deductible,
    moved,
    paid,
    scheme,
    settled,
    why,
)
from tests.central_sync.benefits.strategies import SHIPPED

LAYERS = ("base", "base_supplement", "aid", "subsidy")
HALF_UP = CoinRule(Rounding.HALF_UP, at=RoundedAt.TOGETHER)


def layers(*ratios, coin=HALF_UP, **more):
    return [
        scheme(benefit(ratios=bands((0, ratio)), **more), code=f"s{place}", layer=layer, rounding=coin)
        for place, (ratio, layer) in enumerate(zip(ratios, LAYERS, strict=False))
    ]


def test_each_layer_gets_the_exact_rest_and_all_are_rounded_at_the_end():
    done = settled(layers("0.7", "0.5", "0.5"), bill((BED, 1007)))  # 704.9, 151.05, 75.525: 931.475
    assert (paid(done), done.patient) == ([705, 151, 75], 76)
    apart = settled(layers("0.7", "0.5", "0.5", coin=CoinRule(Rounding.HALF_UP)), bill((BED, 1007)))
    assert (paid(apart), apart.patient) == ([705, 151, 76], 75)
    assert [step.amount for step in done.shares[2].trace] == [151, -76]
    [left] = done.patient_trace
    assert (left.amount, [one.amount for one in left.less]) == (76, [151, 75])


@pytest.mark.parametrize(
    ("mode", "last", "patient"),
    [
        (Rounding.DOWN, LastCoin.PATIENT, 1),  # 0.5 are paid: none
        (Rounding.UP, LastCoin.PATIENT, 0),
        (Rounding.DOWN, LastCoin.PAYER, 0),
        (Rounding.UP, LastCoin.PAYER, 1),
        (Rounding.HALF_EVEN, LastCoin.PATIENT, 1),
    ],
)
def test_the_mode_and_who_gets_the_last_coin_are_the_schemes(mode, last, patient):
    coin = CoinRule(mode, at=RoundedAt.TOGETHER, last_coin=last)
    assert (
        settled(layers("0.25", "0.3333333333333333333333333333333", coin=coin)[:1], bill((BED, 2))).patient >= patient
    )
    assert settled(layers("0.5", coin=coin), bill((BED, 1))).patient == patient


def test_a_layer_with_a_rounding_of_its_own_gets_whole_coins_and_ends_the_group():
    one, two = layers("0.5", "0.5")
    last = scheme(benefit(ratios=bands((0, "0.5"))), code="last", layer="subsidy")
    done = settled([one, two, last], bill((BED, 3)))  # 1.5 and 0.75 are 2.25: two, the larger fraction lost first
    assert (paid(done), done.patient) == ([1, 1, 1], 0)


def test_no_cap_is_passed_and_the_accumulators_are_whole():
    capped = scheme(benefit(ratios=bands((0, "0.333")), caps=(cap(10),)), code="a", rounding=HALF_UP)
    met = deductible(7, Per.YEAR, counter="met")
    own = scheme(
        benefit(ratios=bands((0, "0.777")), deductible=met, caps=(cap(9, "own", of=Of.PATIENT),)),
        code="b",
        layer="aid",
        rounding=HALF_UP,
    )
    for coins in range(60):
        done = settled([capped, own], bill((BED, coins)))
        assert sum(paid(done)) + done.patient == coins
        assert all(isinstance(delta, int) for delta in done.deltas.values())
        assert moved(done).get("cap", 0) == paid(done)[0] <= 10
        assert min([done.patient, *paid(done)]) >= 0
        assert sum(why(done).values()) == done.patient


def test_a_contracts_cap_counts_the_whole_coins_that_it_paid_and_is_never_passed():
    half = benefit(ratios=bands((0, "0.15")), caps=(cap(3, owner=Owner.CONTRACT),))
    one = scheme(half, layer="supplementary", rounding=HALF_UP)
    covers = tuple(replace(CASE.covers[0], scheme="one", layer="supplementary", contract=name) for name in "ab")
    facts, rulebook = replace(CASE, covers=covers), Rulebook(SHIPPED.regions, {"one": one}, {}, "")
    used: Counter[AccumulatorKey] = Counter()
    of_each = [0, 0]
    for coins in (9, 3, 3, 9, 2, 3, 6, 3, 9, 3, 3):  # each contract's share has a fraction
        done = settle(rulebook, facts, bill((BED, coins)), used)
        used.update(done.deltas)
        of_each = [so_far + more for so_far, more in zip(of_each, paid(done), strict=True)]
        counted = {key.owner: much for key, much in used.items()}
        assert [counted.get(f"contract:{name}", 0) for name in "ab"] == of_each
        assert max(of_each) <= 3


def test_sections_keep_their_fractions_too():
    drugs = scheme(
        benefit(ratios=bands((0, "0.5")), lines=Lines(kinds=("drug",))), code="d", layer="aid", rounding=HALF_UP
    )
    done = settled([*layers("0.7"), drugs], bill((BED, 101), (DRUG, 103)))  # 142.8 and 15.45: 158.25
    assert (paid(done), done.patient) == ([143, 15], 46)


fractions = st.lists(st.fractions(-50, 50, max_denominator=12), min_size=1, max_size=8)


@given(fractions, st.booleans())
def test_amounts_are_rounded_down_or_up_and_add_up(amounts, up):
    exact = sum(amounts)
    total = -(-exact.numerator // exact.denominator) if up else exact.numerator // exact.denominator
    found = wholes(amounts, total)
    assert sum(found) == total
    assert all(abs(Fraction(one) - amount) < 1 for one, amount in zip(found, amounts, strict=True))
