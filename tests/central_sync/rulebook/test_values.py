"""Values are exact and checked where they stand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from central_sync.benefits.parameters import Band
from central_sync.rulebook.load import load
from tests.central_sync.rulebook.mistakes import EMPLOYEE, STAY, VISIT, Mistake, refused

MISTAKES = {
    "ratio_over_one": Mistake(STAY, 'ratio: "0.90"', 'ratio: "1.01"', "bands.values[0].value[0].ratio"),
    "more_decimals_than_the_coin": Mistake(STAY, 'value: "300"', 'value: "300.001"', "deductible.values[0].value"),
    "amount_above_the_limit": Mistake(
        EMPLOYEE, 'value: "300000"', 'value: "9999999999999999"', "caps.pool.values[0].value"
    ),
    "amount_where_bands_belong": Mistake(VISIT, '[{over: "0", ratio: "0.70"}]', '"0.70"', "bands.values[0].value"),
    "bands_that_do_not_start_at_0": Mistake(VISIT, '{over: "0"', '{over: "1"', "bands.values[0].value[0].over"),
    "bands_that_do_not_rise": Mistake(STAY, '{over: "40000"', '{over: "20000"', "bands.values[0].value[2].over"),
    "wrong_unit": Mistake(STAY, "unit: CNY", "unit: IRR", "deductible.unit"),
    "unknown_source": Mistake(
        STAY, "reference: illustrative_cn", "reference: hearsay", "deductible.values[0].reference"
    ),
    "unknown_tier": Mistake(STAY, "tier: tier_1", "tier: tier_9", "deductible.values[0].tier"),
    "unknown_group": Mistake(VISIT, "group: employee", "group: farmer", "bands.values[0].group"),
    "a_tier_without_a_value": Mistake(
        STAY,
        'tier: tier_2, from: 2023-01-01, value: "600"',
        'tier: tier_1, from: 2022-01-01, value: "600"',
        "deductible",
    ),
    "the_same_value_twice": Mistake(STAY, "tier: tier_2, from", "tier: tier_1, from", "deductible.values"),
    "a_tier_that_begins_later_than_the_others": Mistake(
        STAY,
        'tier: tier_2, from: 2023-01-01, value: "600"',
        'tier: tier_2, from: 2023-01-02, value: "600"',
        "deductible",
    ),
    "a_gap_in_time": Mistake(
        STAY,
        '    - {tier: tier_3, from: 2025-01-01, value: "900"',
        "    - {tier: tier_3, from: 2024-06-01, value: null, reference: illustrative_cn, illustrative: true}\n"
        '    - {tier: tier_3, from: 2025-01-01, value: "900"',
        "deductible",
    ),
    "an_unknown_mark": Mistake(STAY, "{tier: tier_1, from", "{mark: referred, from", "deductible.values[0].mark"),
    "ages_that_run_backwards": Mistake(
        STAY, "{tier: tier_1, from", '{ages: ["18", "0"], tier: tier_1, from', "deductible.values[0].ages"
    ),
    "ages_that_overlap": Mistake(
        EMPLOYEE,
        "      - {group: retiree, from",
        '      - {ages: ["0", "10"], group: retiree, from: 2020-01-01, value: "1", reference: illustrative_cn}\n'
        '      - {ages: ["9", "18"], group: retiree, from: 2020-01-01, value: "1", reference: illustrative_cn}\n'
        "      - {group: retiree, from",
        "caps.outpatient.values[3]",
    ),
    "ages_against_a_tier": Mistake(STAY, "{tier: tier_1, from", '{ages: ["0", "18"], from', "deductible.values[1]"),
    "tier_against_group": Mistake(EMPLOYEE, "{group: retiree, from", "{tier: tier_1, from", "caps.outpatient.values"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_file_and_key(tmp_path, name):
    refused(tmp_path, MISTAKES[name])


def test_numbers_are_exact():
    bands = load().schemes["cn_employee"].benefits["inpatient"][0].bands.ratios.rows[0].value
    assert bands == (Band(0, Fraction(9, 10)), Band(2_000_000, Fraction(93, 100)), Band(4_000_000, Fraction(96, 100)))
