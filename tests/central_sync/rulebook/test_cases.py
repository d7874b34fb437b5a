"""A worked case is read strictly, and tells where it is not what it expects."""

from __future__ import annotations

import pytest

from central_sync.rulebook.cases import differences, read, told
from central_sync.rulebook.load import load
from central_sync.rulebook.strict import RulebookError

RULEBOOK = load()
CASE = """
- case: a drug at a clinic
  region: cn
  tier: tier_1
  care: outpatient
  day: 2025-06-10
  covers: [{scheme: cn_employee, group: employee}]
  used: {cn_employee.pool: "1.00"}
  bill: [{item: YP0001, quantity: "2", amount: "25.60"}]
  expect:
    total: "25.60"
    shares: {cn_employee: "17.92"}
    patient: "7.68"
    why: {cn_employee.outpatient.bands: "7.68"}
    moved: {cn_employee.pool: "17.92"}
"""


def written(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    return read(tmp_path / "a.yaml")


def test_a_case_that_holds_says_nothing(tmp_path):
    [case] = written(tmp_path, CASE)
    done, said = differences(RULEBOOK, case)
    assert (done.patient, said) == (768, [])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('total: "25.60"', 'total: "25.61"', "total : 25.6, expected 25.61"),
        ('{cn_employee: "17.92"}', '{cn_employee: "17"}', "shares cn_employee: 17.92, expected 17"),
        ('{cn_employee: "17.92"}', "{}", "shares cn_employee: 17.92, expected 0"),
        ('patient: "7.68"', 'patient: "8"', "patient : 7.68, expected 8"),
        ('bands: "7.68"', 'bands: "1"', "why cn_employee.outpatient.bands: 7.68, expected 1"),
        ('pool: "17.92"', 'pool: "18"', "moved cn_employee.pool: 17.92, expected 18"),
        ('patient: "7.68"', 'patient: "7.68"\n    difference: "-1"', "difference : 0, expected -1"),
    ],
)
def test_a_case_that_does_not_hold_says_where(tmp_path, old, new, said):
    assert old in CASE
    [case] = written(tmp_path, CASE.replace(old, new))
    assert differences(RULEBOOK, case)[1] == [said]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("region: cn", "region: xx"),
        ("scheme: cn_employee", "scheme: nobody"),
        ("group: employee", "group: nobody"),
        ("cn_employee.pool:", "cn_employee.pond:"),
        ('amount: "25.60"', 'amount: "25.601"'),
    ],
)
def test_a_case_that_names_what_there_is_not_is_refused(tmp_path, old, new):
    [case] = written(tmp_path, CASE.replace(old, new, 1))
    with pytest.raises(RulebookError):
        told(RULEBOOK, case)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tier: tier_1", "tier: tier_9", "tier: the region has no tier_9"),
        ("day: 2025-06-10", "day: 2025-06-10\n  marks: [refered]", "marks: no scheme knows refered"),
        ("day: 2025-06-10", "day: 2025-06-10\n  admitted: 2025-06-11", "admitted: lies after the day of discharge"),
        ("day: 2025-06-10", "day: 2025-06-10\n  born: 2025-06-11", "born: lies after the case began"),
        ("covers: [", "covers: [{scheme: cn_employee, group: retiree}, ", "covers: one scheme stands there twice"),
        ('quantity: "2"', 'quantity: "0"', "bill: a quantity is above 0"),
    ],
)
def test_a_case_that_cannot_be_is_refused_and_not_computed_as_another(tmp_path, old, new, said):
    assert old in CASE
    with pytest.raises(RulebookError, match=said):
        differences(RULEBOOK, *written(tmp_path, CASE.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CASE + CASE.replace('"2"', '"-2"'), "a.yaml:24: bill[0].quantity: not a number without a sign"),
        (CASE + CASE.replace("tier: tier_1", "tear: tier_1"), "a.yaml:19: unknown key `tear`"),
        (CASE.replace('patient: "7.68"', 'patient: "7.68"\n    difference: x'), "a.yaml:14: expect.difference"),
        (CASE + "\n  day: 2025-06-11", "a.yaml:17: duplicate key 'day'"),
        ("- " + "[" * 2_000, "stand too deep in each other"),
    ],
)
def test_a_mistake_in_one_of_many_cases_is_told_with_its_line(tmp_path, text, said):
    with pytest.raises(RulebookError) as caught:
        written(tmp_path, text)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["a: 1", CASE.replace("tier:", "tear:"), CASE + "\n  day: 2025-06-11", "- case: x"])
def test_what_is_no_list_of_cases_is_refused(tmp_path, text):
    with pytest.raises(RulebookError):
        written(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("YP0001", "YP9999", "no item YP9999"),
        ('quantity: "2"', 'quantity: "-2"', "quantity"),
        ('amount: "25.60"', 'amount: "-25.60"', "amount"),
    ],
)
def test_a_line_that_cannot_be_settled_is_told_with_its_place(tmp_path, old, new, said):
    assert old in CASE
    with pytest.raises(RulebookError, match=said):
        differences(RULEBOOK, *written(tmp_path, CASE.replace(old, new)))


def test_a_case_of_two_schemes_that_claim_one_place_is_refused(tmp_path):
    covers = "{scheme: cn_employee, group: employee}"
    two = CASE.replace(covers, f"{covers}, {covers.replace('cn_employee', 'cn_nanchang_employee')}")
    [case] = written(tmp_path, two)
    with pytest.raises(RulebookError, match="covers: base: cn_employee and cn_nanchang_employee are of one rank"):
        told(RULEBOOK, case)
