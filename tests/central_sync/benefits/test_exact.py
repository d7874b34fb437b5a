"""Exact fractions in the place of whole coins."""

from __future__ import annotations

from fractions import Fraction

import pytest

from central_sync.benefits.exact import exact, exactly_split


def test_a_fraction_of_numbers_or_fractions_is_itself():
    assert exact(1, 3) == Fraction(1, 3)
    assert exact(Fraction(1, 2), 3) == Fraction(1, 6)


@pytest.mark.parametrize("weights", [[1, 2], [Fraction(1, 3), Fraction(2, 3), 0]])
def test_what_is_split_is_in_proportion_and_adds_up(weights):
    parts = exactly_split(Fraction(10), weights)
    assert sum(parts) == 10
    assert parts[1] == 2 * parts[0]


def test_without_any_weight_the_first_place_gets_all():
    assert exactly_split(0, [0, 0]) == [0, 0]
