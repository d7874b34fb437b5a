"""What a benefits officer would hold of the Chinese schemes, whatever the bill: more cost never leaves the patient less, and who is
poorer, has filed, is retired or insured for more never pays more.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_sync.benefits.facts import BillLine, CaseFacts, CoverFacts
from central_sync.benefits.settlement import accumulator_keys, settle
from central_sync.rulebook.load import load

BOOK = load()
DAY, BORN = date(2025, 9, 10), date(1980, 1, 1)
TIERS = ("tier_1", "tier_2", "tier_3")
DRUG = "YP0001"
"""Class A without a ceiling: all of it is in scope."""
STACKS = {
    "employee": [
        ("cn_nanchang_employee", "employee"),
        ("cn_nanchang_large_sum", "employee"),
        ("cn_nanchang_civil_servant", "section_employee"),
    ],
    "resident": [
        ("cn_nanchang_resident", "resident"),
        ("cn_nanchang_critical_illness", "resident"),
        ("cn_medical_aid", "at_risk"),
    ],
    "poor": [
        ("cn_nanchang_resident", "resident"),
        ("cn_nanchang_critical_illness", "poor"),
        ("cn_medical_aid", "low_income"),
        ("cn_medical_aid_more", "low_income"),
    ],
    "beijing": [("cn_beijing_employee", "employee"), ("cn_beijing_large_sum", "employee")],
}
coins = st.integers(0, 10**5) | st.integers(0, 10**8)
tiers = st.sampled_from(TIERS)
cares = st.sampled_from(["inpatient", "outpatient"])
QUICK = settings(max_examples=60, deadline=None)


def facts(covers, tier, care, marks=()):
    held = tuple(CoverFacts(BOOK.schemes[code].layer, code, "C1", group, BORN, None) for code, group in covers)
    return CaseFacts("M1", "cn", tier, care, DAY, BORN, held, DAY if care == "inpatient" else None, tuple(marks))


def patient(case, amount, used=()):
    """What the patient pays of ``amount`` in scope; the accumulators of the case stand at ``used``, in order, as far as it goes."""
    keys = [key for key in accumulator_keys(BOOK, case) if key.name != "stays"]
    before = dict(zip(keys, used, strict=False))
    return settle(BOOK, case, [BillLine("1", DRUG, Decimal(1), Decimal(0), amount, DAY)], before).patient


used_sums = st.lists(coins, max_size=8)


@pytest.mark.parametrize("name", STACKS)
@QUICK
@given(coins, coins, tiers, cares, used_sums)
def test_a_dearer_bill_never_leaves_the_patient_less(name, amount, more, tier, care, used):
    case = facts(STACKS[name], tier, care)
    assert patient(case, amount, used) <= patient(case, amount + more, used)


@QUICK
@given(coins, tiers, cares)
def test_the_poor_never_pay_more_than_others(amount, tier, care):
    poor, resident = facts(STACKS["poor"], tier, care), facts(STACKS["resident"][:2], tier, care)
    assert patient(poor, amount) <= patient(resident, amount)


@pytest.mark.parametrize("name", ["employee", "resident", "poor"])
@QUICK
@given(coins, tiers, cares)
def test_filing_never_costs_more_than_not_filing(name, amount, tier, care):
    ways = ["long_term_away", "out_of_area_filed", "out_of_area"]
    paid = [patient(facts(STACKS[name], tier, care, [way]), amount) for way in ways]
    assert paid == sorted(paid)
    assert paid[0] == patient(facts(STACKS[name], tier, care), amount)


@pytest.mark.parametrize("code", ["cn_nanchang_employee", "cn_beijing_employee"])
@QUICK
@given(coins, tiers, cares)
def test_the_retired_never_pay_more_than_employees(code, amount, tier, care):
    retired, employed = facts([(code, "retiree")], tier, care), facts([(code, "employee")], tier, care)
    assert patient(retired, amount) <= patient(employed, amount)


@pytest.mark.parametrize("name", STACKS)
@QUICK
@given(coins, tiers, cares)
def test_every_further_payer_leaves_the_patient_no_more(name, amount, tier, care):
    for number in range(1, len(STACKS[name])):
        fewer, more = (facts(STACKS[name][:end], tier, care) for end in (number, number + 1))
        assert patient(more, amount) <= patient(fewer, amount)


def test_a_higher_hospital_pays_a_smaller_part_of_a_stay():
    for name in STACKS:
        paid = [patient(facts(STACKS[name][:1], tier, "inpatient"), 5_000_000) for tier in TIERS]
        assert paid == sorted(paid)
