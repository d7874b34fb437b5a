"""Values in force, ready for whole numbers."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from central_sync.benefits.choices import Hold
from central_sync.benefits.parameters import Band
from central_sync.benefits.plans import ladder
from tests.central_sync.benefits.hand_made import bands, benefit, ready
from tests.central_sync.benefits.strategies import band_lists


@given(band_lists, st.integers(0, 10**10))
def test_a_ladder_pays_the_exact_sum_of_its_slices(bands, amount):
    exact = Fraction(0)
    for number, band in enumerate(bands):
        top = bands[number + 1].over if number + 1 < len(bands) else amount
        exact += max(min(amount, top) - band.over, 0) * band.ratio
    found = ladder(bands)
    assert Fraction(found.paid(amount), found.of) == exact


def test_the_steps_of_a_ladder_join_and_tell_number_and_ratio():
    found = ladder((Band(0, Fraction(1, 2)), Band(100, Fraction(9, 10))))
    assert found.steps == ((0, 0, 5, 100, (1, 2, "1/2")), (100, 500, 9, None, (2, 2, "9/10")))


def test_where_a_band_holds_for_all_of_a_bill_the_one_that_it_reaches_into_holds():
    one = ready(benefit(ratios=bands((0, "1"), (1000, "0.9"), hold=Hold.ALL))).bands
    assert [one.reached(amount).steps[0][4][2] for amount in (0, 1000, 1001)] == ["1", "1", "9/10"]
