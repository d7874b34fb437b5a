"""Which rules of a scheme may stand in a trace, and with which values."""

from __future__ import annotations

from datetime import date

from central_sync.benefits.kinds import Kind
from central_sync.benefits.slots import rows_of, slots
from tests.central_sync.benefits.worked import worked

SHIPPED = worked()[0].rulebook


def test_a_rule_stands_only_where_its_kind_belongs():
    found = slots(SHIPPED.schemes["cn_employee"])

    assert found[Kind.PAID_CAP, "cn_employee.caps.pool"][0].name == "pool"
    assert (Kind.OWN_CAP, "cn_employee.caps.pool") not in found
    assert found[Kind.LOOKED_AT, "cn_employee.inpatient.takes"][0].name == "in_scope"
    assert found[Kind.DEDUCTIBLE, "cn_employee.inpatient.deductible"][0].ratios == {"1", "1/2", "3/10"}


def test_values_are_found_by_day_and_source_and_for_a_known_case_only_the_one_in_force():
    one = next(
        one
        for one in worked()
        if one.facts.region == "cn" and one.facts.tier == "tier_3" and one.facts.day > date(2025, 1, 1)
    )
    parameter = slots(SHIPPED.schemes["cn_employee"])[Kind.DEDUCTIBLE, "cn_employee.inpatient.deductible"][0].parameter
    assert parameter

    old = rows_of(parameter, date(2023, 1, 1), "illustrative_cn", None, "")
    assert old == [30_000, 60_000, 100_000]
    assert rows_of(parameter, date(2025, 1, 1), "illustrative_cn", one.facts, "employee") == [90_000]
    assert rows_of(parameter, date(2023, 1, 1), "illustrative_cn", one.facts, "employee") == []
    assert rows_of(parameter, date(2025, 1, 1), "hearsay", None, "") == []
