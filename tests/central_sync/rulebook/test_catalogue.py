"""A catalogue's rows are complete, consistent and dated."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from central_sync.rulebook.load import load
from tests.central_sync.rulebook.mistakes import TARIFF, Mistake, refused

MISTAKES = {
    "a_tier_without_k": Mistake("tariffs/ir.csv", "A0001,2023-03-21", "A0001,2022-03-21", "line 2"),
    "a_row_with_a_bad_day": Mistake(TARIFF, "CW0001,2023-01-01", "CW0001,2023-13-01", "line 2"),
    "a_row_with_an_unknown_class": Mistake(TARIFF, "bed,日,A", "bed,日,D", "line 2"),
    "a_row_of_an_unknown_kind": Mistake(TARIFF, "bed,日,A", "bunk,日,A", "line 2"),
    "class_a_with_a_first_self_pay": Mistake(TARIFF, "bed,日,A,,", "bed,日,A,0.10,", "line 2"),
    "a_row_without_a_source": Mistake(TARIFF, "50.00,illustrative_cn", "50.00,", "line 2"),
    "a_row_with_a_bad_price": Mistake(TARIFF, "50.00,illustrative_cn", "5e1,illustrative_cn", "line 2"),
    "units_without_a_group": Mistake(TARIFF, "bed,日,A,,,30,40,50,,,", "bed,日,A,,,,,,1.0,,", "line 2"),
    "an_item_twice_on_one_day": Mistake(
        TARIFF, "CW0002,2023-01-01,监护病房床位费", "CW0001,2023-01-01,普通床位费", "line 3"
    ),
    "an_item_with_two_names": Mistake(TARIFF, "CW0002,2023-01-01", "CW0001,2024-01-01", "line 3"),
    "a_code_with_a_space": Mistake(TARIFF, "CW0001,", "CW 0001,", "line 2"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_file_and_key(tmp_path, name):
    refused(tmp_path, MISTAKES[name])


def test_an_items_versions_follow_each_other():
    item = load().regions["cn"].items["YP0009"]
    assert [version.from_day for version in item.versions] == [date(2023, 1, 1), date(2026, 1, 1)]
    assert [version.first_self_pay for version in item.versions] == [Fraction(1, 5), Fraction(1, 10)]
    assert item.versions[0].ceilings == {"": 37_800}
    assert item.at(date(2022, 12, 31)) is None
