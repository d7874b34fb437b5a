"""The loader forgives nothing, and says in which file and at which key."""

from __future__ import annotations

import shutil
from fractions import Fraction

import pytest

from central_sync.benefits import bundle
from central_sync.benefits.parameters import Band
from central_sync.rulebook.build import build
from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.strict import RulebookError

EMPLOYEE = "schemes/cn_employee/scheme.yaml"
STAY = "schemes/cn_employee/inpatient.yaml"
VISIT = "schemes/cn_employee/outpatient.yaml"
ILLNESS = "schemes/cn_critical_illness/every_care.yaml"
TARIFF = "tariffs/cn.csv"


@pytest.fixture
def folder(tmp_path):
    for name in ("regions", "schemes", "tariffs"):
        shutil.copytree(PACKAGED / name, tmp_path / name)
    shutil.copy(PACKAGED / "sources.yaml", tmp_path)
    return tmp_path


def change(folder, file, old, new):
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{file} has changed: mend this test"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


MISTAKES = {
    "unknown_key": (STAY, "takes: [in_scope]", "takes: [in_scope]\ntaken: 1", "taken"),
    "unknown_key_in_a_value": (STAY, "tier: tier_1, from", "teir: tier_1, from", "$.deductible.values[0]"),
    "missing_key": (STAY, "cares: [inpatient]\n", "", "cares"),
    "duplicate_key": (STAY, "takes: [in_scope]", "takes: [in_scope]\ntakes: [own_pay]", "line 3"),
    "bad_day": (STAY, "from: 2025-01-01", "from: 2025-02-30", "$.deductible.values[3].from"),
    "no_day": (STAY, "from: 2025-01-01", "from: next year", "$.deductible.values[3].from"),
    "ratio_over_one": (STAY, 'ratio: "0.90"', 'ratio: "1.01"', "bands.values[0].value[0].ratio"),
    "ratio_that_is_no_number": (STAY, 'ratio: "0.90"', "ratio: ninety", "$.bands.values[0].value"),
    "negative_amount": (STAY, 'value: "300"', 'value: "-300"', "$.deductible.values[0].value"),
    "more_decimals_than_the_coin": (STAY, 'value: "300"', 'value: "300.001"', "deductible.values[0].value"),
    "amount_above_the_limit": (EMPLOYEE, 'value: "300000"', 'value: "9999999999999999"', "caps.pool.values[0].value"),
    "amount_where_bands_belong": (VISIT, '[{over: "0", ratio: "0.70"}]', '"0.70"', "bands.values[0].value"),
    "bands_that_do_not_start_at_0": (VISIT, '{over: "0"', '{over: "1"', "bands.values[0].value[0].over"),
    "bands_that_do_not_rise": (STAY, '{over: "40000"', '{over: "20000"', "bands.values[0].value[2].over"),
    "wrong_unit": (STAY, "unit: CNY", "unit: IRR", "deductible.unit"),
    "unknown_source": (STAY, "reference: illustrative_cn", "reference: hearsay", "deductible.values[0].reference"),
    "missing_source": (STAY, ", reference: illustrative_cn", "", "$.deductible.values[0]"),
    "unknown_tier": (STAY, "tier: tier_1", "tier: tier_9", "deductible.values[0].tier"),
    "unknown_group": (VISIT, "group: employee", "group: farmer", "bands.values[0].group"),
    "a_tier_without_a_value": (
        STAY,
        'tier: tier_2, from: 2023-01-01, value: "600"',
        'tier: tier_1, from: 2022-01-01, value: "600"',
        "deductible",
    ),
    "the_same_value_twice": (STAY, "tier: tier_2, from", "tier: tier_1, from", "deductible.values"),
    "tier_against_group": (EMPLOYEE, "{group: retiree, from", "{tier: tier_1, from", "caps.outpatient.values"),
    "unknown_cap": (STAY, "caps: [pool]", "caps: [pond]", "caps"),
    "unused_cap": (VISIT, "caps: [outpatient, pool]", "caps: [pool]", "caps.outpatient"),
    "unknown_part": (STAY, "takes: [in_scope]", "takes: [everything]", "takes"),
    "unknown_care": (STAY, "cares: [inpatient]", "cares: [dental]", "cares"),
    "a_care_twice": (VISIT, "cares: [outpatient]", "cares: [outpatient, inpatient]", "cares"),
    "a_yearly_counter_without_a_name": (ILLNESS, "  counter: burden_above_threshold\n", "", "bands.counter"),
    "a_counter_of_one_bill": (STAY, "bands:\n  per: bill", "bands:\n  per: bill\n  counter: banded", "bands.counter"),
    "a_counter_named_as_a_cap": (VISIT, "counter: outpatient_in_scope", "counter: pool", "counter"),
    "unknown_layer": (EMPLOYEE, "layer: base", "layer: bottom", "layer"),
    "unknown_required_layer": (
        "schemes/cn_critical_illness/scheme.yaml",
        "requires: base",
        "requires: bottom",
        "requires",
    ),
    "unknown_region": (EMPLOYEE, "region: cn", "region: xx", "region"),
    "unknown_rounding": (EMPLOYEE, "rounding: half_up", "rounding: nearest", "$.rounding"),
    "another_code_than_the_folder": (EMPLOYEE, "code: cn_employee", "code: cn_other", "code"),
    "not_yaml": (STAY, "takes: [in_scope]", "takes: [in_scope", "line"),
    "a_yes_that_is_no_truth": (STAY, "illustrative: true", "illustrative: yes", "$.deductible.values[0].illustrative"),
    "unknown_currency": ("regions/cn.yaml", "currency: CNY", "currency: XXX", "currency"),
    "unknown_zone": ("regions/cn.yaml", "Asia/Shanghai", "Asia/Nowhere", "zone"),
    "unknown_calendar": ("regions/cn.yaml", "calendar: gregorian", "calendar: mayan", "$.calendar"),
    "unknown_identifier": ("regions/cn.yaml", "cn_resident_number", "cn_number", "identifier_kind"),
    "unknown_diagnosis_list": ("regions/cn.yaml", "icd10_cn", "icd9", "diagnosis_list"),
    "a_catalogue_that_is_not_there": ("regions/cn.yaml", "catalogue: cn.csv", "catalogue: zz.csv", "document"),
    "a_tier_without_k": (
        "regions/ir.yaml",
        '{tier: public, from: 2023-03-21, value: "90000"',
        '{tier: public, from: 2024-03-21, value: "90000"',
        "line",
    ),
    "a_source_without_a_title": ("sources.yaml", "title:", "titel:", ""),
    "unknown_column": (TARIFF, "code,from,", "code,since,from,", "line 1"),
    "missing_column": (TARIFF, ",price,", ",", "line 1"),
    "a_column_twice": (TARIFF, ",kind,", ",price,", "line 1"),
    "a_row_too_long": (TARIFF, "CW0001,", "CW0001,CW0001,", "line 2"),
    "a_row_with_a_bad_day": (TARIFF, "CW0001,2023-01-01", "CW0001,2023-13-01", "line 2"),
    "a_row_with_an_unknown_class": (TARIFF, "bed,日,A", "bed,日,D", "line 2"),
    "a_row_of_an_unknown_kind": (TARIFF, "bed,日,A", "bunk,日,A", "line 2"),
    "class_a_with_a_first_self_pay": (TARIFF, "bed,日,A,,", "bed,日,A,0.10,", "line 2"),
    "a_row_without_a_source": (TARIFF, "50.00,illustrative_cn", "50.00,", "line 2"),
    "a_row_with_a_bad_price": (TARIFF, "50.00,illustrative_cn", "5e1,illustrative_cn", "line 2"),
    "units_without_a_group": (TARIFF, "bed,日,A,,,30,40,50,,,", "bed,日,A,,,,,,1.0,,", "line 2"),
    "an_item_twice_on_one_day": (TARIFF, "CW0002,2023-01-01,监护病房床位费", "CW0001,2023-01-01,普通床位费", "line 3"),
    "an_item_with_two_names": (TARIFF, "CW0002,2023-01-01", "CW0001,2024-01-01", "line 3"),
    "a_code_with_a_space": (TARIFF, "CW0001,", "CW 0001,", "line 2"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_file_and_key(folder, name):
    file, old, new, key = MISTAKES[name]
    change(folder, file, old, new)
    with pytest.raises(RulebookError) as caught:
        load(folder)
    expected = {
        "a_catalogue_that_is_not_there": "tariffs/zz.csv",
        "a_tier_without_k": "tariffs/ir.csv",
        "unused_cap": EMPLOYEE,
        "unknown_key_in_a_value": file,
    }
    assert caught.value.file == expected.get(name, file)
    assert key in caught.value.key or key in caught.value.problem
    assert str(folder) not in str(caught.value)


@pytest.mark.parametrize("file", ["tariffs/old.csv", "schemes/cn_new/notes.yaml"])
def test_a_file_that_nothing_names_is_refused(folder, file):
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text("", encoding="utf-8")
    with pytest.raises(RulebookError):
        load(folder)


def test_a_folder_that_is_no_rulebook_is_refused(tmp_path):
    with pytest.raises(RulebookError):
        load(tmp_path)


def test_numbers_are_exact():
    bands = load().schemes["cn_employee"].benefits["inpatient"].bands.ratios.rows[0].value
    assert bands == (Band(0, Fraction(9, 10)), Band(2_000_000, Fraction(93, 100)), Band(4_000_000, Fraction(96, 100)))


def test_the_same_content_is_the_same_bundle_wherever_it_lies(folder):
    assert build(folder) == build() == bundle.packed(load())


def test_a_bundle_gives_the_same_rulebook_back():
    shipped = load()
    assert bundle.unpacked(build()) == shipped
    assert len(shipped.version) == 64


def test_a_comment_changes_no_version_and_a_value_does(folder):
    shipped = load().version
    change(folder, STAY, "cares:", "# a remark\ncares:")
    assert load(folder).version == shipped
    change(folder, STAY, 'value: "900"', 'value: "899"')
    assert load(folder).version != shipped


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"over":0', b'"over":1'), (b"9/10", b"9/0"), (b"9/10", b"8/10"), (b'"regions"', b'"region"'), (b"{", b"[")],
)
def test_a_bundle_that_was_changed_is_refused(old, new):
    with pytest.raises(bundle.BundleBroken):
        bundle.unpacked(build().replace(old, new, 1))


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"null", b"[" * 5000])
def test_bytes_that_are_no_bundle_are_refused(body):
    with pytest.raises(bundle.BundleBroken):
        bundle.unpacked(body)
