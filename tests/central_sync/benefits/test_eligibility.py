"""Which covers count, in which order, and which accumulators they touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from central_sync.benefits.eligibility import (
    SchemesClash,
    accumulator_keys,
    balances,
    clash,
    clashing,
    entitled,
    in_force,
    obstacle,
    ordered,
)
from central_sync.benefits.explain import sentence
from central_sync.benefits.facts import AccumulatorKey, Balance, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.settlement import settle
from tests.central_sync.benefits.strategies import SHIPPED

DAY = date(2025, 3, 20)


def cover(scheme, group="employee", contract="C1", layer=None, first=date(2025, 1, 1), last=None):
    return CoverFacts(layer or SHIPPED.schemes[scheme].layer, scheme, contract, group, first, last)


def case(*covers, region="cn", tier="tier_3", care="inpatient", day=DAY):
    return CaseFacts("M1", region, tier, care, day, date(1980, 1, 1), covers)


def test_the_first_and_the_last_day_of_a_cover_are_covered():
    one = cover("cn_employee", first=DAY, last=DAY + timedelta(days=1))
    assert [in_force(one, DAY + timedelta(days=n)) for n in (-1, 0, 1, 2)] == [False, True, True, False]


def test_covers_are_asked_in_the_order_of_layers_and_once():
    base, more = cover("ir_social_security", "insured"), cover("ir_supplementary", "insured")
    other = cover("ir_supplementary", "insured", "C0")
    assert ordered(SHIPPED, case(more, base, other, more)) == (base, other, more)


@pytest.mark.parametrize("ended", [date(2025, 2, 28), date(2025, 3, 9), date(2025, 12, 31), None])
def test_rows_of_a_contract_that_follow_each_other_are_one_cover_of_the_last_ones_group(ended):
    """So a renewal, or another group from a day on, begins no waiting and no year anew."""
    first = cover("ir_supplementary", "insured", first=date(2024, 1, 1), last=date(2025, 2, 28))
    second = cover("ir_supplementary", "voluntary", first=date(2025, 3, 1), last=ended)
    third = cover("ir_supplementary", "rural", first=date(2025, 3, 10))
    unbroken = date(2024, 1, 1) if ended != date(2025, 2, 28) else date(2025, 3, 10)
    rows = (first, second, third) if ended != date(2025, 2, 28) else (first, third)
    for order in permutations(rows):
        assert ordered(SHIPPED, case(*order)) == (replace(third, from_day=unbroken),)


def test_a_renewed_contract_has_no_waiting_anew():
    day = date(2025, 11, 1)
    rows = [
        cover("ir_supplementary", "insured", first=date(2024, 9, 22), last=date(2025, 9, 22)),
        cover("ir_supplementary", "insured", first=date(2025, 9, 23)),
        cover("ir_supplementary", "insured", contract="C2", first=date(2025, 9, 23)),
    ]
    bill = [BillLine("1", "B0001", Decimal(1), Decimal(50_000_000), 50_000_000, day)]

    def paid(*covers):
        facts = replace(case(*covers, region="ir", tier="private", day=day), marks=("maternity",))
        return [share.amount > 0 for share in settle(SHIPPED, facts, bill, {}).shares]

    assert paid(*rows[:2]) == [True]
    assert paid(rows[1]) == [False]
    assert paid(rows[0], rows[2]) == [False], "another contract is another cover"


def test_a_member_is_entitled_while_a_cover_is_in_force():
    one = cover("cn_employee", last=DAY)
    assert entitled(SHIPPED, case(one))
    assert not entitled(SHIPPED, case(one, day=DAY + timedelta(days=1)))
    assert not entitled(SHIPPED, case())


@pytest.mark.parametrize(
    ("covers", "region", "said"),
    [
        ((cover("cn_employee", layer="supplementary"),), "cn", "does not know this scheme"),
        ((CoverFacts("base", "gone", "C1", "g", DAY, None),), "cn", "does not know this scheme"),
        ((cover("cn_employee"),), "ir", "another currency"),
        ((cover("cn_critical_illness"),), "cn", "pays only beside basic insurance"),
    ],
)
def test_a_cover_that_cannot_pay_says_why(covers, region, said):
    facts = case(*covers, region=region)
    assert said in sentence(obstacle(SHIPPED, facts, covers[0]))
    assert not entitled(SHIPPED, facts)
    assert accumulator_keys(SHIPPED, facts) == ()


def test_the_year_of_an_accumulator_is_that_of_the_schemes_calendar():
    covers = (cover("ir_social_security", "insured"), cover("ir_supplementary", "insured"))
    last = date(2025, 9, 22)  # 31 Shahrivar: the contract's year begins on 1 Mehr
    for day, year in ((DAY, 1403), (last, 1403), (last + timedelta(days=1), 1404)):
        keys = accumulator_keys(SHIPPED, case(*covers, region="ir", tier="public", day=day))
        assert keys == (
            AccumulatorKey("contract:C1", "supplementary", "ir_supplementary", "contract", year),
            AccumulatorKey("member:M1", "supplementary", "ir_supplementary", "inpatient", year),
        )


def test_a_stay_counts_its_number_its_pool_and_the_burden_of_critical_illness():
    keys = accumulator_keys(SHIPPED, case(cover("cn_employee"), cover("cn_critical_illness")))
    assert [(key.scheme, key.name) for key in keys] == [
        ("cn_employee", "pool"),
        ("cn_employee", "stays"),
        ("cn_critical_illness", "burden_above_threshold"),
        ("cn_critical_illness", "burden_below_threshold"),
        ("cn_critical_illness", "critical_illness"),
    ]


def test_balances_show_the_cap_of_the_members_group():
    facts = case(cover("cn_employee", "retiree"), care="outpatient")
    key = AccumulatorKey("member:M1", "base", "cn_employee", "outpatient", 2025)
    assert balances(SHIPPED, facts, {key: 1234}) == (
        Balance("base", "outpatient", 1234, 500_000),
        Balance("base", "pool", 0, 30_000_000),
    )


def test_two_schemes_of_one_layer_and_rank_clash_where_both_can_pay():
    one, other = cover("cn_employee"), cover("cn_nanchang_employee")
    wrong = clashing(SHIPPED, case(other, one))
    assert wrong is not None
    assert (wrong.layer, wrong.schemes) == ("base", ("cn_employee", "cn_nanchang_employee"))
    assert str(wrong) == "base: cn_employee and cn_nanchang_employee are of one rank"
    ended = cover("cn_nanchang_employee", last=DAY - timedelta(days=1))
    assert clashing(SHIPPED, case(one, ended)) is None
    assert clashing(SHIPPED, case(one, cover("cn_employee", contract="C2"))) is None, "one scheme of two contracts"
    ranked = cover("cn_nanchang_large_sum"), cover("cn_nanchang_civil_servant", "bureau_level")
    assert {SHIPPED.schemes[c.scheme].layer for c in ranked} == {"base_supplement"}
    assert clash(*(SHIPPED.schemes[c.scheme] for c in ranked)) is None


def test_a_scheme_that_can_pay_nothing_here_is_in_nobodys_way():
    iranian = cover("ir_social_security", "insured")
    assert clashing(SHIPPED, case(cover("cn_employee"), iranian)) is None


def test_a_bill_of_two_schemes_that_clash_is_not_settled():
    with pytest.raises(SchemesClash):
        settle(SHIPPED, case(cover("cn_employee"), cover("cn_nanchang_employee")), (), {})
