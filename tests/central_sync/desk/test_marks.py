"""Which marks hold of a case, and who is believed, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central_sync.benefits.bundle import versioned
from central_sync.desk.marks import declared
from central_sync.wire import packets as p
from central_sync.wire.refusals import Refused
from tests.central_sync.desk.provinces import (
    ACCOUNT,
    BASE,
    LAW,
    approval,
    member,
    paid,
    paying_by_approval,
    provinces,
    told,
)
from tests.central_sync.hospital import DAY


@pytest.fixture
def east(store):
    return provinces(store)[0]


@pytest.fixture
def west(store):
    return provinces(store)[1]


def settled(hospital, hid, amount=100_00):
    return paid(hospital.done("2207", hospital.settle_request(hid, amount)))["east_base"]


def test_a_mark_that_the_hospital_says_chooses_the_ratio(east):
    assert settled(east, east.visit(100_00)) == 50_00
    assert settled(east, east.visit(100_00, "referred")) == 60_00


def test_a_visit_says_all_marks_anew_or_leaves_them_as_they_were(east):
    hid = east.visit(100_00, "referred")
    found = [east.diagnosis()]
    east.done("2203", p.Visit(hid=hid, diagnoses=found))
    pre = p.PreSettle(hid=hid, currency="CNY", total=100_00)
    assert paid(east.done("2206", pre))["east_base"] == 60_00
    east.done("2203", p.Visit(hid=hid, diagnoses=found, marks=[]))
    assert paid(east.done("2206", pre))["east_base"] == 50_00


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        ("magic", "mark_unknown"),
        ("special_disease", "mark_not_hospitals"),
        ("out_of_area", "mark_not_hospitals"),
        ("out_of_area_filed", "mark_not_hospitals"),
    ],
)
def test_a_mark_that_no_hospital_may_say_is_refused_whichever_number_carries_it(east, mark, code):
    request = p.Registration(person=east.person, service_date=DAY, department="d", marks=[mark])
    assert east.refused("2201", request, hid=east.hid()) == code
    admission = p.Admission(
        person=east.person, admitted_on=DAY, department="d", diagnoses=[east.diagnosis()], marks=[mark]
    )
    assert east.refused("2401", admission, hid=east.hid()) == code
    hid = east.visit(100_00)
    assert east.refused("2203", p.Visit(hid=hid, diagnoses=[east.diagnosis()], marks=[mark])) == code
    assert east.refused("2403", p.StayChange(hid=east.stay(), marks=[mark])) == code


def test_a_refused_mark_is_told_by_its_place_and_not_by_what_was_written_there():
    for marks, code in (
        (["referred", "0499370899"], "mark_unknown"),
        (["referred", "special_disease"], "mark_not_hospitals"),
    ):
        with pytest.raises(Refused) as caught:
            declared(LAW, "CNY", marks)
        assert (caught.value.code, caught.value.detail) == (code, "$.marks[1]")


def test_what_the_insurer_must_vouch_for_holds_while_it_is_approved(east, store):
    told(store, member(approvals=[approval("special_disease")]))
    assert settled(east, east.visit(100_00)) == 90_00
    told(store, member(approvals=[approval("special_disease", to_day="2025-06-01")]))
    assert settled(east, east.visit(100_00)) == 50_00
    told(store, member(approvals=[approval("special_disease", institution="W1")]))
    assert settled(east, east.visit(100_00)) == 50_00
    told(store, member(approvals=[approval("special_disease", institution="E1", region="east")]))
    assert settled(east, east.visit(100_00)) == 90_00


@pytest.mark.parametrize(("days_ago", "paid_now"), [(1, 60_00), (0, 50_00)])
def test_a_scheme_of_before_keeps_nobody_from_believing_a_hospital(store, days_ago, paid_now):
    """Another scheme, which alone believes this mark of an approval, covered the member until the day before."""
    old = replace(LAW.schemes["east_base"], code="east_old", rank=1, vouched=("referred",))
    law = versioned(replace(LAW, schemes={**LAW.schemes, "east_old": old}))
    east = provinces(store, law)[0]
    former = {**BASE, "scheme": "east_old", "to_day": str(DAY - timedelta(days=days_ago))}
    told(store, member(covers=[BASE, former]), law=law)
    assert settled(east, east.visit(100_00, "referred")) == paid_now


def test_care_out_of_area_is_paid_by_whether_the_insurer_knows_of_a_filing(west, store):
    """Prices are those of the west (80 a day at most), ratios those of the east: 0.50 without a filing, 0.70 with one."""
    assert LAW.regions["west"].items["CARE"].versions[0].ceilings
    deductible = 1_000_00

    def first_stay(amount, quantity):
        hid = west.stay()
        line = west.line("1", amount, quantity=str(quantity), unit_price="100")
        west.done("2301", west.fees(hid, line))
        west.discharge(hid)
        answer = west.done("2304", west.settle_request(hid, amount))
        west.done("2305", p.SettleCancel(hid=hid, settlement_id=answer.settlement_id))
        return paid(answer)["east_base"]

    in_scope = 100 * 80_00
    assert first_stay(10_000_00, 100) == (in_scope - deductible) * 50 // 100
    told(store, member(approvals=[approval("out_of_area_filed", region="west")]))
    assert first_stay(10_000_00, 100) == (in_scope - deductible) * 70 // 100
    told(store, member(approvals=[approval("out_of_area_filed", region="east")]))
    assert first_stay(10_000_00, 100) == (in_scope - deductible) * 50 // 100


def test_care_where_the_member_is_insured_is_never_out_of_area(east, store):
    told(store, member(approvals=[approval("out_of_area_filed")]))
    assert paid(east.stayed(2_000_00))["east_base"] == (2_000_00 - 1_000_00) * 80 // 100


def test_a_letter_says_how_much_a_payer_pays_of_a_case_at_most(store):
    law = paying_by_approval()
    east, _ = provinces(store, law)
    covers = [BASE, {**ACCOUNT, "deposited": 10_000_00}]

    def pays(*letters):
        told(store, member(covers=covers, approvals=list(letters)), law=law)
        hid = east.visit(100_00)
        return paid(east.done("2207", east.settle_request(hid, 100_00)))["east_account"]

    letter = {"from_day": "2025-01-01", "reference": "L", "scheme": "east_account", "amount": 7_00}
    assert pays() == 50_00
    assert pays(letter) == 7_00
    assert pays(letter, {**letter, "amount": 9_00}) == 9_00
    assert pays({**letter, "institution": "W1"}) == 50_00
