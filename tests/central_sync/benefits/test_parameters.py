"""Dated values: the value of the day, the special row before the general one, ``None`` as an end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.benefits.parameters import LAYERS, PARTS, Parameter, Row
from tests.central_sync.benefits.strategies import SHIPPED

DAY = date(2025, 6, 1)


def parameter(*rows):
    return Parameter(
        "rule", "text", "CNY", tuple(Row(day, value, "r", True, tier, group) for day, value, tier, group in rows)
    )


def value_at(of, day=DAY, tier="", group=""):
    row = of.at(day, tier, group)
    return row.value if row else None


def test_a_value_holds_from_its_day_until_the_next():
    amount = parameter((date(2024, 1, 1), 1, "", ""), (date(2025, 1, 1), 2, "", ""))
    assert value_at(amount, date(2023, 12, 31)) is None
    assert value_at(amount, date(2024, 1, 1)) == value_at(amount, date(2024, 12, 31)) == 1
    assert value_at(amount, date(2025, 1, 1)) == 2


def test_rows_need_no_order():
    amount = parameter((date(2025, 1, 1), 2, "", ""), (date(2024, 1, 1), 1, "", ""))
    assert value_at(amount, date(2024, 6, 1)) == 1
    assert value_at(amount) == 2


def test_null_ends_a_value_and_a_later_one_begins_anew():
    amount = parameter((date(2024, 1, 1), 1, "", ""), (date(2025, 1, 1), None, "", ""), (date(2026, 1, 1), 3, "", ""))
    assert amount.at(DAY) is None
    assert value_at(amount, date(2026, 1, 1)) == 3


def test_the_row_that_names_more_wins_while_it_lasts():
    amount = parameter(
        (date(2024, 1, 1), 1, "", ""),
        (date(2024, 1, 1), 2, "t", ""),
        (date(2024, 1, 1), 3, "t", "g"),
        (date(2025, 6, 2), None, "t", "g"),
    )
    assert value_at(amount) == value_at(amount, group="g") == 1
    assert value_at(amount, tier="t") == value_at(amount, tier="t", group="other") == 2
    assert value_at(amount, tier="t", group="g") == 3
    assert value_at(amount, DAY + timedelta(days=1), "t", "g") == 2


def test_zero_is_a_value():
    assert value_at(parameter((date(2024, 1, 1), 5, "", ""), (date(2025, 1, 1), 0, "", ""))) == 0


@given(
    st.lists(
        st.tuples(
            st.dates(date(2020, 1, 1), date(2030, 1, 1)),
            st.none() | st.integers(0, 9),
            st.sampled_from(["", "t"]),
            st.just(""),
        ),
        unique_by=lambda row: (row[0], row[2]),
        max_size=8,
    ),
    st.dates(date(2019, 1, 1), date(2031, 1, 1)),
)
def test_the_value_of_the_day_is_the_latest_that_has_begun(rows, day):
    def latest(tier):
        begun = sorted(row for row in [(r[0], r[1]) for r in rows if r[2] == tier] if row[0] <= day)
        return begun[-1][1] if begun else None

    special = latest("t")
    assert value_at(parameter(*rows), day, "t") == (latest("") if special is None else special)


READ = {"nanchang_notice_2025", "nanchang_second_hand", "beijing_order_158", "beijing_second_hand"} | {
    "ir_shares_1395",
    "ir_shares_1397",
    "ir_children_1403",
    "ir_own_centres_1396",
    "ir_special_diseases_1400",
    "ir_full_time_1393",
    "ir_group_contract_education",
}
"""Sources that were read: what rests on any other one says that it is illustrative."""


@pytest.mark.parametrize("scheme", SHIPPED.schemes.values(), ids=lambda scheme: scheme.code)
def test_every_shipped_value_names_a_source_and_says_whether_it_is_invented(scheme):
    for benefit in (one for several in scheme.benefits.values() for one in several):
        parameters = [benefit.bands.ratios, *(cap.amount for cap in benefit.caps)]
        if benefit.deductible:
            parameters += [benefit.deductible.amount, *filter(None, [benefit.deductible.later])]
        for one in parameters:
            assert one.unit in ("ratio", scheme.currency)
            assert one.rule.startswith(scheme.code)
            assert all(row.reference in SHIPPED.sources for row in one.rows)
            assert all(row.illustrative or row.reference in READ for row in one.rows)


@pytest.mark.parametrize("region", SHIPPED.regions.values(), ids=lambda region: region.code)
def test_each_shipped_region_has_a_catalogue_to_make_bills_of(region):
    assert len(region.items) >= 60
    kinds = {item.kind for item in region.items.values()}
    assert {"drug", "laboratory", "imaging", "bed", "surgery", "nursing", "consumable"} <= kinds
    assert {v.catalogue_class for item in region.items.values() for v in item.versions} == {"", "A", "B", "C"}
    for item in region.items.values():
        for version in item.versions:
            assert version.price >= 0
            assert version.illustrative or not version.reference.startswith("illustrative")
            assert version.reference in SHIPPED.sources


def test_layers_are_asked_in_the_order_of_the_field():
    assert LAYERS == ("base", "base_supplement", "critical_illness", "supplementary", "aid", "subsidy", "account")
    assert set(PARTS) == {"own_pay", "over_tariff", "over_ceiling", "first_self_pay", "in_scope"}
