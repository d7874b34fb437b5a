"""What differs between two days or two rulebooks, value by value."""

from __future__ import annotations

from datetime import date

from central_sync.rulebook.changes import NOTHING, changes, in_force, parameters
from central_sync.rulebook.load import load
from tests.central_sync.rulebook.mistakes import EMPLOYEE, STAY, TARIFF, change, copied

SHIPPED = load()


def between(first, last, other=SHIPPED, under=""):
    found = changes(in_force(SHIPPED, first), in_force(other, last))
    return [(one.rule, one.who, one.before, one.after) for one in found if one.rule.startswith(under)]


def test_a_day_does_not_differ_from_itself():
    assert between(date(2025, 6, 10), date(2025, 6, 10)) == []


def test_what_changed_at_new_year_is_told_with_both_values():
    assert between(date(2024, 12, 31), date(2025, 1, 1), under="cn_employee") == [
        ("cn_employee.inpatient.deductible", "tier_3", "1,000.00 CNY", "900.00 CNY")
    ]
    found = between(date(2025, 12, 31), date(2026, 1, 1), under="cn_employee.caps")
    assert ("cn_employee.caps.pool", "", "300,000.00 CNY", "350,000.00 CNY") in found


def test_an_item_of_the_catalogue_is_told_as_it_is_treated():
    [change_of_hip] = between(date(2025, 12, 31), date(2026, 1, 1), under="cn.catalogue.HC0004")
    assert change_of_hip[2:] == ("class B, first part 15 %, ceiling 7700 CNY", "class A, ceiling 7100 CNY")


def test_a_coefficient_is_told_in_main_units():
    found = between(date(2025, 3, 20), date(2025, 3, 21), under="ir.coefficients.general.professional")
    assert ("ir.coefficients.general.professional", "public", "105000 IRR", "120000 IRR") in found


def test_what_begins_and_what_ends_differ_from_nothing(tmp_path):
    folder = copied(tmp_path)
    change(
        folder,
        EMPLOYEE,
        '      - {from: 2026-01-01, value: "350000", reference: illustrative_cn, illustrative: true}\n',
        "      - {from: 2026-01-01, value: null, reference: illustrative_cn, illustrative: true}\n",
    )
    change(folder, TARIFF, "CW0001,2023-01-01", "CW0001,2026-01-01")
    other = load(folder)
    day = date(2026, 1, 1)
    assert ("cn_employee.caps.pool", "", "300,000.00 CNY", NOTHING) in between(date(2025, 1, 1), day, other)
    assert ("cn.catalogue.CW0001", "", NOTHING) in [one[:3] for one in changes_of(other, date(2025, 1, 1), day)]


def changes_of(other, first, last):
    found = changes(in_force(other, first), in_force(other, last))
    return [(one.rule, one.who, one.before, one.after) for one in found]


def test_another_rulebook_of_the_same_day_differs_where_it_was_edited(tmp_path):
    folder = copied(tmp_path)
    change(folder, STAY, 'ratio: "0.83"', 'ratio: "0.84"')
    day = date(2025, 6, 10)
    assert between(day, day, load(folder)) == [
        (
            "cn_employee.inpatient.bands",
            "tier_3 employee",
            "83 %, 88 % over 20,000.00 CNY, 92 % over 40,000.00 CNY",
            "84 %, 88 % over 20,000.00 CNY, 92 % over 40,000.00 CNY",
        )
    ]


def test_every_parameter_is_told_once():
    rules = [parameter.rule for parameter, _ in parameters(SHIPPED)]
    assert len(rules) == len(set(rules)) > 10


def test_prices_of_packages_and_modifiers_are_told(tmp_path):
    change(
        copied(tmp_path),
        "regions/cn.yaml",
        "rounding:",
        "modifiers: {'90': {price: {text: x, unit: factor, values: [{from: 2023-01-01, value: '1.5', reference: "
        "illustrative_cn}]}}}\nrounding:",
    )
    change(tmp_path, STAY, "takes:", "packages: fixed.csv\ntakes:")
    head = "item,from,text,price,reference,illustrative\n"
    row = "SS0001,2024-01-01,a fixed price,5000,illustrative_cn,true\n"
    (tmp_path / "schemes/cn_employee/fixed.csv").write_text(head + row, encoding="utf-8")
    day = date(2025, 6, 10)
    found = between(day, day, load(tmp_path))
    assert ("cn.modifiers.90.price", "", NOTHING, "1.5 factor") in found
    assert ("cn_employee.inpatient.packages.SS0001", "", NOTHING, "5,000.00 CNY") in found
