"""Facts of lines: who is found of two, what counts to whom, and where a limit begins."""

from __future__ import annotations

from decimal import Decimal

import pytest

from central_sync.benefits.audit.line_facts import line_facts
from tests.central_sync.benefits.audit.cases import claim_of, shipped


def _facts(told):
    claim = claim_of(told)
    place = shipped().places[claim.region]
    return line_facts(place, claim, [place.items.get(line.item) for line in claim.lines])


def test_of_equal_charges_the_first_is_right_and_each_later_one_is_counted():
    found = _facts({"lines": [{"item": "L0002"}] * 3})

    assert [facts.copies for facts in found] == [None, 1, 2]


def test_a_limit_is_passed_by_the_line_that_passes_it_and_wholly_by_those_after():
    lines = [{"item": "D0014", "quantity": quantity} for quantity in ("15", "8", "2")]

    found = _facts({"claim": {"care": "inpatient"}, "lines": lines})

    assert [facts.quantity_over for facts in found] == [None, Decimal(3), Decimal(2)]


def test_operations_of_one_session_are_counted_by_surgeon_and_day():
    lines = [
        {"item": "S0007"},
        {"item": "S0008", "price": "1000", "percent": "75"},
        {"item": "S0001", "price": "1000", "percent": "25"},
        {"item": "S0002", "doctor": "Dr 2"},
    ]

    found = _facts({"lines": lines})

    # the second is paid 50 of the 75 per cent charged, the third 25: a third of 1,000 coins is above
    assert [facts.session_over for facts in found] == [None, 333, None, None]


def test_a_tariff_of_a_tier_says_nothing_where_the_tier_is_not_told():
    found = _facts({"claim": {"tier": "", "care": "inpatient"}, "lines": [{"item": "B0001", "price": "99999999"}]})

    assert found[0].over_tariff is None
    assert found[0].catalogue_class == "A"


@pytest.mark.parametrize(("amount", "off"), [("33.33", None), ("33.32", None), ("33.34", 1), ("33.31", -1)])
def test_an_amount_may_be_rounded_either_way_and_no_further(amount, off):
    told = {
        "claim": {"region": "cn"},
        "lines": [{"item": "ZL0004", "price": "99.999", "quantity": "0.3333", "amount": amount}],
    }

    assert _facts(told)[0].amount_off == off


def test_what_an_item_includes_is_found_before_and_after_it():
    found = _facts({"lines": [{"item": "T0001"}, {"item": "T0002"}, {"item": "T0001", "doctor": "Dr 2"}]})

    assert [facts.included for facts in found] == [True, None, True]


def test_the_same_drug_twice_is_a_copy_and_not_a_second_drug_of_its_agent():
    found = _facts({"claim": {"region": "cn"}, "lines": [{"item": "YP0006"}, {"item": "YP0006"}, {"item": "YP0013"}]})

    assert [facts.same_agent for facts in found] == [None, None, 2]


def test_a_line_of_which_nothing_need_be_said_is_four_words_long():
    facts = _facts({"lines": [{"item": "T0003"}]})[0]

    told = {name for name in facts.__struct_fields__ if getattr(facts, name) is not None}
    assert told == {"care", "kind", "catalogue_class", "quantity"}


def test_a_refund_gives_back_what_may_be_charged_again_but_not_more():
    lines = [{"item": "T0003", "quantity": "3"}, *[{"item": "T0003", "quantity": "2", "refund_of": "1"}] * 2]

    assert [facts.refund_over for facts in _facts({"lines": lines})] == [None, None, Decimal(1)]


def test_a_frequency_counts_from_the_last_time_before_the_case():
    given = [{"care": "outpatient", "from_day": day, "items": ["L0006"]} for day in ("2025-04-01", "2025-03-01")]

    assert _facts({"lines": [{"item": "L0006"}], "earlier": given})[0].too_soon == 20
