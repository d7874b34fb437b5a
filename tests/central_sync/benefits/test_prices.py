"""Classifying lines: class, first self-pay, ceilings by tier, relative value x K, each on its own day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from central_sync.benefits.facts import BillLine, CaseFacts
from central_sync.benefits.parameters import Parameter, PriceModifier, Row
from central_sync.benefits.prices import ItemUnknown, LineNegative, price
from central_sync.benefits.results import PricedLine
from tests.central_sync.benefits.strategies import SHIPPED

DAY = date(2025, 6, 10)


def priced(region, tier, item, quantity, amount, day=DAY):
    facts = CaseFacts("M1", region, tier, "outpatient", day, date(1980, 1, 1), ())
    return price(SHIPPED, facts, [BillLine("1", item, Decimal(quantity), Decimal(0), amount, day)])[0]


def test_class_a_without_a_ceiling_is_wholly_in_scope():
    assert priced("cn", "tier_1", "YP0001", "2", 2560) == PricedLine("1", 2560, "A", 0, 0, 0, 2560)


def test_class_b_leaves_its_first_part_of_what_the_ceiling_allows():
    assert priced("cn", "tier_1", "YP0009", "2", 82000) == PricedLine("1", 82000, "B", 0, 6400, 15120, 60480)


def test_class_c_is_the_patients_own():
    assert priced("cn", "tier_1", "YP0017", "1", 1790000) == PricedLine("1", 1790000, "C", 1790000, 0, 0, 0)


@pytest.mark.parametrize(("tier", "over"), [("tier_1", 1000), ("tier_2", 500), ("tier_3", 0)])
def test_a_ceiling_depends_on_the_tier_of_the_hospital(tier, over):
    assert priced("cn", tier, "YX0001", "1", 5800).over_ceiling == over


def test_a_price_below_the_ceiling_is_in_scope_as_billed():
    assert priced("cn", "tier_3", "YX0001", "1", 4000).in_scope == 4000


@pytest.mark.parametrize(
    ("tier", "ceiling"), [("public", 18_600_000), ("charity", 29_760_000), ("private", 54_400_000)]
)
def test_relative_units_times_k_of_the_sector_are_the_ceiling(tier, ceiling):
    line = priced("ir", tier, "S0001", "1", 100_000_000)
    assert line.in_scope == 18_600_000, "the public price is insured in every hospital"
    assert line.in_scope + (line.over_ceiling if line.over_tariff else 0) == ceiling


def test_a_fraction_of_a_unit_has_a_fraction_of_the_ceiling():
    assert priced("ir", "public", "S0001", "0.5", 18_600_000).in_scope == 9_300_000
    assert priced("ir", "public", "S0001", "0", 5).over_ceiling == 5


@pytest.mark.parametrize(
    ("item", "day"),
    [("NO-SUCH", DAY), ("YP0001", date(2022, 12, 31)), ("YP0015", date(2026, 1, 1)), ("yp0001", DAY), ("", DAY)],
)
def test_an_item_that_is_not_in_the_catalogue_on_that_day_is_unknown(item, day):
    with pytest.raises(ItemUnknown) as caught:
        priced("cn", "tier_1", item, "1", 100, day)
    assert (caught.value.item, caught.value.serial) == (item, "1")
    assert not item or item not in str(caught.value)


def test_an_item_stands_until_the_day_before_its_end():
    assert priced("cn", "tier_1", "YP0015", "1", 1480, date(2025, 12, 31)).catalogue_class == "A"


@pytest.mark.parametrize(("quantity", "amount"), [("1", -1), ("-1", 1)])
def test_a_negative_line_is_not_priced(quantity, amount):
    with pytest.raises(LineNegative, match="negative"):
        priced("cn", "tier_1", "YP0001", quantity, amount)


def test_an_unknown_region_is_an_error_of_the_caller():
    with pytest.raises(KeyError):
        priced("xx", "tier_1", "YP0001", "1", 1)


BOOK = SHIPPED.regions["ir"]


def number(value, unit="factor"):
    rows = (Row(date(2025, 3, 21), Decimal(value), "invented", True, "public"),)
    return Parameter("ir.modifiers.x", "x", unit, rows)


MODIFIERS = {
    "plus": PriceModifier(units=number("2", "units")),
    "half": PriceModifier(("surgery",), professional=number("0.5")),
    "physician": PriceModifier(technical=number("0")),
    "tenth": PriceModifier(price=number("0.1")),
}


@pytest.mark.parametrize(
    ("codes", "tier", "expected"),
    [
        ((), "public", 18_600_000),  # 28 x 550,000 + 8 x 400,000
        (("plus",), "public", 19_700_000),  # 30 x 550,000 + 3,200,000
        (("half",), "public", 10_900_000),
        (("plus", "half"), "public", 11_450_000),
        (("physician",), "public", 15_400_000),
        (("tenth",), "public", 1_860_000),
        (("nobody knows it",), "public", 18_600_000),
        (("half",), "private", 54_400_000),  # of the public sector alone
    ],
)
def test_modifiers_change_the_price_of_relative_units(codes, tier, expected):
    region = replace(BOOK, modifiers=MODIFIERS, insured_tier="")
    book = replace(SHIPPED, regions={"ir": region})
    facts = CaseFacts("M1", "ir", tier, "inpatient", DAY, date(1980, 1, 1), ())
    line = BillLine("1", "S0001", Decimal(1), Decimal(0), 10**9, DAY, codes)
    assert price(book, facts, [line])[0].in_scope == expected


def test_a_modifier_for_other_kinds_changes_nothing_and_one_of_the_whole_price_changes_a_ceiling():
    region = replace(BOOK, modifiers=MODIFIERS, insured_tier="")
    book = replace(SHIPPED, regions={"ir": region})
    facts = CaseFacts("M1", "ir", "public", "inpatient", DAY, date(1980, 1, 1), ())
    bed = BillLine("1", "B0001", Decimal(2), Decimal(0), 10**9, DAY, ("half", "tenth"))
    assert price(book, facts, [bed])[0].in_scope == 2 * 820_000


@pytest.mark.parametrize(
    ("amount", "parts"),
    [  # insured 18,600,000 in the public sector, 54,400,000 in the private one
        (10_000_000, (10_000_000, 0, 0)),
        (18_600_000, (18_600_000, 0, 0)),
        (54_400_000, (18_600_000, 35_800_000, 0)),
        (60_000_000, (18_600_000, 35_800_000, 5_600_000)),
    ],
)
def test_where_another_tiers_price_is_insured_what_is_above_it_is_told_from_what_is_above_the_hospitals_own(
    amount, parts
):
    book = replace(SHIPPED, regions={"ir": replace(BOOK, insured_tier="public")})
    facts = CaseFacts("M1", "ir", "private", "inpatient", DAY, date(1980, 1, 1), ())
    [line] = price(book, facts, [BillLine("1", "S0001", Decimal(1), Decimal(0), amount, DAY)])
    assert (line.in_scope, line.over_ceiling, line.over_tariff) == parts
