"""One plan serves every case of its kind, and no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from central_sync.benefits.planning import Plans, parameters, plans
from tests.central_sync.benefits.hand_made import CASE, COVER, DAY, amount, benefit, deductible, scheme
from tests.central_sync.benefits.strategies import COUNTRIES, SHIPPED


def fee(*rows):
    general = amount(1).rows[0]
    return replace(amount(1), rows=(*(replace(general, **row) for row in rows), general))


def due(one, **facts):
    case = replace(CASE, **facts)
    found = Plans().of(scheme(benefit(deductible=replace(deductible(1), amount=one))), case, COVER)
    return found.benefits[0].deductible.amount


def test_a_row_for_a_mark_or_an_age_speaks_before_the_general_one():
    one = fee({"value": 3, "mark": "referred"}, {"value": 2, "ages": (0, 18)})
    assert due(one).value == 1
    assert due(one, marks=("referred",)).value == 3
    assert due(one, birth_date=date(2010, 1, 1)).value == 2


def test_a_row_for_a_mark_alone_says_nothing_without_it():
    one = replace(amount(1), rows=(replace(amount(1).rows[0], mark="referred"),))
    assert due(one) is None
    assert due(one, marks=("referred",)).value == 1


def test_cases_that_the_values_do_not_tell_apart_share_a_plan():
    known, one = Plans(), scheme(benefit(deductible=deductible(1)))
    first = known.of(one, CASE, COVER)
    for case in (replace(CASE, member="M2"), replace(CASE, marks=("referred",)), replace(CASE, birth_date=DAY)):
        assert known.of(one, case, COVER) is first
    assert known.of(one, CASE, replace(COVER, contract="C9")) is first


@pytest.mark.parametrize(
    ("facts", "cover"),
    [
        ({"day": DAY + timedelta(days=1)}, {}),
        ({"tier": "tier_2"}, {}),
        ({"care": "outpatient"}, {}),
        ({"marks": ("referred",)}, {}),
        ({"birth_date": date(2010, 1, 1)}, {}),
        ({}, {"group": "other"}),
        ({}, {"family": "F1"}),
    ],
    ids=str,
)
def test_cases_that_the_values_may_tell_apart_do_not(facts, cover):
    known = Plans()
    one = scheme(benefit(deductible=replace(deductible(1), amount=fee({"mark": "referred"}, {"ages": (0, 18)}))))
    assert known.of(one, replace(CASE, **facts), replace(COVER, **cover)) is not known.of(one, CASE, COVER)


def test_every_parameter_of_the_rulebooks_is_looked_at():
    for book in (SHIPPED, COUNTRIES):
        for one in book.schemes.values():
            for found in (each for several in one.benefits.values() for each in several):
                rules = {parameter.rule for parameter in parameters(found)}
                assert {cap.amount.rule for cap in found.caps} <= rules
                assert found.bands.ratios.rule in rules


def test_threads_that_ask_for_the_same_plan_get_equal_ones():
    one, book = SHIPPED.schemes["cn_employee"], replace(SHIPPED)
    with ThreadPoolExecutor(8) as threads:
        days = [DAY + timedelta(days=number % 20) for number in range(400)]
        found = list(threads.map(lambda day: plans(book).of(one, replace(CASE, day=day), COVER), days))
    for day, plan in zip(days, found, strict=True):
        assert plan.benefits == Plans().of(one, replace(CASE, day=day), COVER).benefits
