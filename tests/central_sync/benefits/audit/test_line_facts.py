"""Facts of lines: who is found of two, what counts to whom, and where a limit begins."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
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


@pytest.mark.parametrize(
    ("lines", "over"),
    [
        # the larger is charged in full, the smaller by half: right, whichever stands first
        ([("1000", "50", "08:00-09:00"), ("2000", "100", "08:00-09:00")], [None, None]),
        ([("2000", "100", "08:00-09:00"), ("1000", "50", "08:00-09:00")], [None, None]),
        # both in full: the smaller is paid by half
        ([("1000", "100", "08:00-09:00"), ("2000", "100", "09:00-10:00")], [500, None]),
        # the patient comes back in the evening: another session
        ([("1000", "100", "08:00-09:00"), ("2000", "100", "18:00-19:00")], [None, None]),
        ([("1000", "100", "08:00-09:00"), ("2000", "100", "10:00-11:00")], [500, None]),
        ([("1000", "100", "08:00-09:00"), ("2000", "100", "10:01-11:00")], [None, None]),
    ],
)
def test_what_a_session_pays_does_not_depend_on_the_order_of_the_bill(lines, over):
    told = [{"item": "S0008", "price": a, "percent": b, "times": c} for a, b, c in lines]

    assert [facts.session_over for facts in _facts({"lines": told})] == over


def test_operations_of_surgeons_that_nobody_names_are_no_session():
    told = [{"item": "S0008", "price": price, "percent": "100", "doctor": ""} for price in ("1000", "2000")]

    assert [facts.session_over for facts in _facts({"lines": told})] == [None, None]


def test_what_was_refunded_is_no_charge_and_is_held_against_nobody():
    charged_again = _facts({"lines": [{"item": "L0002"}, {"item": "L0002", "refund_of": "1"}, {"item": "L0002"}]})
    corrected = _facts(
        {
            "claim": {"care": "inpatient"},
            "lines": [
                {"item": "D0014", "quantity": "20"},
                {"item": "D0014", "quantity": "10", "refund_of": "1"},
                {"item": "D0014", "quantity": "11", "price": "1"},
            ],
        }
    )
    dear = _facts({"lines": [{"item": "L0002", "price": "99999999"}, {"item": "L0002", "refund_of": "1"}]})
    visits = _facts({"lines": [{"item": "V0002"}, {"item": "V0002", "refund_of": "1"}, {"item": "V0003"}]})

    assert [facts.copies for facts in charged_again] == [None, None, None]
    assert [facts.quantity_over for facts in corrected] == [None, None, Decimal(1)]
    assert dear[0].over_tariff is None
    assert [facts.visits_before for facts in visits] == [None, None, None]


def test_a_price_that_a_modifier_raises_is_not_held_against_the_bare_tariff():
    plain, raised, lowered = (
        _facts({"lines": [{"item": item, "price": "99999999", "modifiers": codes}]})[0].over_tariff
        for item, codes in (("A0001", []), ("A0001", ["34"]), ("L0001", ["26"]))
    )

    assert plain
    assert raised is None
    assert lowered


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


@pytest.mark.parametrize(
    ("first", "second", "busy"),
    [
        ("08:00-09:00", "08:00-09:00", None),
        ("08:00-09:00", "09:00-10:00", None),
        ("09:00-10:00", "08:00-09:00", None),
        ("09:00-10:00", "08:00-09:01", True),
        ("08:00-10:00", "08:30-09:00", True),
    ],
)
def test_a_surgeon_is_busy_where_two_operations_lie_across_each_other(first, second, busy):
    found = _facts({"lines": [{"item": "S0007", "times": first}, {"item": "S0008", "times": second, "percent": "50"}]})

    assert [facts.surgeon_busy for facts in found] == [None, busy]


def test_an_operation_of_no_length_ends_before_it_begins():
    assert _facts({"lines": [{"item": "S0007", "times": "08:00-08:00"}]})[0].times_reversed


@pytest.mark.parametrize(
    ("birth", "other"), [("1969-06-11", None), ("1969-06-10", True), ("2013-06-10", None), ("2013-06-11", True)]
)
def test_the_ages_of_an_item_are_both_included(birth, other):
    found = _facts({"claim": {"birth_date": birth}, "lines": [{"item": "S0003"}]})

    assert found[0].other_age is other


def test_what_is_above_a_limit_is_counted_and_the_limit_itself_is_not():
    lines = [{"item": "D0001", "daily_dose": dose, "days": days} for dose, days in (("6", "10"), ("7.5", "14"))]

    assert [(facts.dose_over, facts.supply_over) for facts in _facts({"lines": lines})] == [
        (None, None),
        (Decimal("1.5"), 4),
    ]


def test_a_waiting_period_counts_from_the_first_day_of_the_oldest_cover_in_force():
    covers = [{"from_day": day} for day in ("2025-06-01", "2025-01-01", "2025-05-01")]

    found = _facts({"member": {"covers": covers}, "lines": [{"item": "S0004"}]})

    assert found[0].waiting_days == 180 - 160


def test_a_waiting_period_does_not_begin_anew_with_a_cover_that_follows_another_one():
    covers = [{"from_day": "2025-05-01"}, {"from_day": "2025-01-01", "to_day": "2025-04-30"}]

    found = _facts({"member": {"covers": covers}, "lines": [{"item": "S0004"}]})
    covers[1]["to_day"] = "2025-04-29"
    apart = _facts({"member": {"covers": covers}, "lines": [{"item": "S0004"}]})

    assert (found[0].waiting_days, apart[0].waiting_days) == (180 - 160, 180 - 40)


@pytest.mark.parametrize(("day", "uncovered"), [("2025-06-10", None), ("2025-06-11", True)])
def test_a_cover_holds_from_its_first_day_on(day, uncovered):
    assert _facts({"member": {"covers": [{"from_day": day}]}})[0].uncovered is uncovered


@pytest.mark.parametrize(
    ("care", "ended", "day", "outside"),
    [
        ("outpatient", None, "2025-06-11", 1),
        ("outpatient", "2025-06-11", "2025-06-11", None),
        ("inpatient", None, "2025-06-19", None),
        ("inpatient", None, "2025-06-21", 1),
        ("inpatient", "2025-06-12", "2025-06-09", 1),
    ],
)
def test_a_visit_is_one_day_unless_it_says_so_and_a_stay_that_goes_on_lasts_until_today(care, ended, day, outside):

    told = {"claim": {"care": care, "on": "2025-06-20"}, "lines": [{"item": "T0003", "on": day}]}
    claim = msgspec.structs.replace(claim_of(told), to_day=date.fromisoformat(ended) if ended else None)

    assert line_facts(shipped().places["ir"], claim, [shipped().places["ir"].items["T0003"]])[0].days_outside == outside
