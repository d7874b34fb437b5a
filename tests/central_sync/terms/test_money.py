"""Money adds up to the coin."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.terms.money import (
    AMOUNT_MAX,
    CURRENCIES,
    Rounding,
    line_amount,
    product,
    rounded,
    rounded_to,
    share,
    split,
)

amounts = st.integers(0, AMOUNT_MAX)
ratios = st.fractions(0, 1, max_denominator=10_000)
roundings = st.sampled_from(Rounding)


@given(amounts, st.lists(amounts, min_size=1, max_size=30))
def test_a_split_adds_up_and_no_place_is_a_coin_off_its_part(amount, weights):
    parts = split(amount, weights)
    assert sum(parts) == amount
    assert min(parts) >= 0
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert not total or abs(part - Fraction(amount * weight, total)) < 1


@given(amounts, st.lists(st.integers(0, 1000), min_size=1, max_size=10))
def test_a_place_without_weight_gets_nothing_while_another_has_weight(amount, weights):
    for part, weight in zip(split(amount, weights), weights, strict=True):
        assert part == 0 or weight > 0 or sum(weights) == 0


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, []), (1, [1, -1])])
def test_a_split_of_nonsense_is_refused(amount, weights):
    with pytest.raises(ValueError, match="split"):
        split(amount, weights)


def test_coins_left_over_go_to_the_largest_remainder_then_to_the_first():
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(10, [1, 2, 4]) == [1, 3, 6]
    assert split(7, [0, 0]) == [7, 0]


@given(st.fractions(), roundings)
def test_rounding_is_less_than_a_coin_off_and_mirrors_at_zero(value, rounding):
    assert abs(rounded(value, rounding) - value) < 1
    assert rounded(-value, rounding) == -rounded(value, rounding)


@given(st.fractions(), st.fractions(), roundings)
def test_rounding_keeps_order(one, other, rounding):
    low, high = sorted((one, other))
    assert rounded(low, rounding) <= rounded(high, rounding)


@given(st.integers(), roundings)
def test_whole_coins_stay_as_they_are(value, rounding):
    assert rounded(Fraction(value), rounding) == value


@pytest.mark.parametrize(
    ("value", "half_up", "half_even", "down", "up"),
    [("0.5", 1, 0, 0, 1), ("1.5", 2, 2, 1, 2), ("2.5", 3, 2, 2, 3), ("-2.5", -3, -2, -2, -3), ("2.49", 2, 2, 2, 3)],
)
def test_each_rounding_does_what_its_name_says(value, half_up, half_even, down, up):
    found = [rounded(Decimal(value), way) for way in (Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.DOWN, Rounding.UP)]
    assert found == [half_up, half_even, down, up]


@given(amounts, ratios, roundings)
def test_a_share_lies_between_nothing_and_everything(amount, ratio, rounding):
    assert 0 <= share(amount, ratio, rounding) <= amount


def test_a_line_is_quantity_times_price_in_main_units():
    assert line_amount(Decimal("2.5"), Decimal("10.10"), CURRENCIES["CNY"], Rounding.HALF_UP) == 2525
    assert line_amount(Decimal(3), Decimal("0.005"), CURRENCIES["CNY"], Rounding.HALF_UP) == 2
    assert line_amount(Decimal(2), Decimal(1372000), CURRENCIES["IRR"], Rounding.HALF_UP) == 2744000


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), st.sampled_from(sorted(CURRENCIES)))
def test_what_a_person_reads_is_the_amount(amount, code):
    shown, name = CURRENCIES[code].display(amount).split(" ")
    assert name == code
    assert Decimal(shown.replace(",", "")).scaleb(CURRENCIES[code].decimals) == amount


def test_small_and_negative_amounts_read_well():
    assert CURRENCIES["CNY"].display(5) == "0.05 CNY"
    assert CURRENCIES["CNY"].display(-12345678) == "-123,456.78 CNY"
    assert CURRENCIES["IRR"].display(1372000) == "1,372,000 IRR"


@given(
    st.decimals("0", "9999", places=3),
    st.fractions(0, 10**6, max_denominator=10**4),
    st.sampled_from(Rounding),
)
def test_a_product_is_rounded_as_its_exact_value(quantity, price, rounding):
    assert product(quantity, price, rounding) == rounded(Fraction(quantity) * price, rounding)


@given(st.fractions(0, 10**6, max_denominator=1000), st.sampled_from(Rounding), st.sampled_from([1, 5, 10, 1000]))
def test_rounding_to_a_unit_gives_a_multiple_nearer_than_one_unit(value, rounding, unit):
    found = rounded_to(value, rounding, unit)
    assert found % unit == 0
    assert abs(found - value) < unit
    assert rounding is not Rounding.DOWN or found <= value
    assert rounding is not Rounding.UP or found >= value
