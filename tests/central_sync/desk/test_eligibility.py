"""1101 and 2001, on both databases."""

from datetime import date, timedelta

import pytest

from central_sync.wire import packets as p
from tests.central_sync.desk.provinces import ACCOUNT, BASE, HUSBAND, member, paid, provinces, told
from tests.central_sync.hospital import BARE, DAY, IRANIAN


def ref(kind, number):
    return p.PersonRef(kind=kind, number=number)


def test_a_known_person_is_shown_with_covers(hospital):
    answer = hospital.done("1101", p.PersonRequest(person=hospital.person))
    assert (answer.name, answer.birth_date, answer.sex) == ("Planted Name", date(1949, 12, 31), "female")
    assert [(c.layer, c.in_force) for c in answer.covers] == [("base", True), ("critical_illness", True)]
    assert answer.member not in ("", hospital.person.number)


def test_digits_of_any_script_name_the_same_person(iranian):
    persian = IRANIAN[1].translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    plain = iranian.done("1101", p.PersonRequest(person=iranian.person))
    assert iranian.done("1101", p.PersonRequest(person=ref(IRANIAN[0], persian))) == plain


@pytest.mark.parametrize(
    ("kind", "number", "code"),
    [
        ("cn_resident_number", "110105194912310021", "identifier_invalid"),
        ("cn_resident_number", "x", "identifier_invalid"),
        ("ir_national_code", "0013542419", "identifier_invalid"),
        ("passport", "P1", "identifier_invalid"),
        ("cn_resident_number", "440524188001010014", "person_unknown"),
    ],
)
def test_a_person_who_cannot_be_found_is_refused(hospital, kind, number, code):
    assert hospital.refused("1101", p.PersonRequest(person=ref(kind, number))) == code
    check = p.BenefitCheck(person=ref(kind, number), care="outpatient", service_date=DAY)
    assert hospital.refused("2001", check) == code


def test_benefits_tell_what_is_left_under_each_cap(hospital):
    check = p.BenefitCheck(person=hospital.person, care="outpatient", service_date=DAY)
    before = hospital.done("2001", check)
    assert before.entitled
    assert all(b.used == 0 for b in before.balances)
    answer = hospital.settled(1_000_00)
    used = {(b.layer, b.name): b.used for b in hospital.done("2001", check).balances}
    assert used["base", "outpatient"] == answer.shares[0].amount > 0


def test_a_person_without_cover_is_not_entitled_but_answered(hospital):
    answer = hospital.done("2001", p.BenefitCheck(person=ref(*BARE), care="outpatient", service_date=DAY))
    assert (answer.entitled, answer.reason, answer.covers) == (False, "not_covered", [])


def test_cover_is_judged_on_the_service_date(hospital):
    check = p.BenefitCheck(person=hospital.person, care="outpatient", service_date=date(2024, 12, 31))
    answer = hospital.done("2001", check)
    assert not answer.entitled
    assert [c.in_force for c in answer.covers] == [False, False]


def test_tomorrow_is_not_known(hospital):
    check = p.BenefitCheck(person=hospital.person, care="outpatient", service_date=DAY + timedelta(days=1))
    assert hospital.refused("2001", check) == "date_out_of_range"


def test_nobody_has_benefits_before_their_birth(hospital):
    for day in (date(1949, 12, 30), date(1, 1, 1)):
        request = p.BenefitCheck(person=hospital.person, care="outpatient", service_date=day)
        assert hospital.refused("2001", request) == "date_out_of_range"


def test_what_a_family_has_used_together_is_told_to_each_of_them(store):
    east, _ = provinces(store)
    visit = east.visit(400_00)
    assert paid(east.done("2207", east.settle_request(visit, 400_00)))["east_base"] == 200_00
    check = p.BenefitCheck(person=ref(*HUSBAND), care="outpatient", service_date=DAY)
    (balance,) = east.done("2001", check).balances
    assert (balance.name, balance.used, balance.cap, balance.owner) == ("visits", 200_00, 500_00, "family")
    east.patient = HUSBAND
    assert paid(east.done("2207", east.settle_request(east.visit(900_00), 900_00)))["east_base"] == 300_00


def test_what_an_account_still_holds_is_told_and_used(store):
    east, _ = provinces(store)
    told(store, member(covers=[BASE, {**ACCOUNT, "deposited": 70_00}]))
    check = p.BenefitCheck(person=east.person, care="outpatient", service_date=DAY)
    assert [(b.used, b.cap) for b in east.done("2001", check).balances if b.account] == [(0, 70_00)]
    answer = east.done("2207", east.settle_request(east.visit(100_00), 100_00))
    assert (paid(answer)["east_account"], answer.patient) == (50_00, 0)
    assert [(b.used, b.cap) for b in east.done("2001", check).balances if b.account] == [(50_00, 70_00)]
    answer = east.done("2207", east.settle_request(east.visit(100_00), 100_00))
    assert (paid(answer)["east_account"], answer.patient) == (20_00, 30_00)
    told(store, member(covers=[BASE, {**ACCOUNT, "deposited": 100_00}]))
    answer = east.done("2207", east.settle_request(east.visit(100_00), 100_00))
    assert (paid(answer)["east_account"], answer.patient) == (30_00, 20_00)


def test_a_cover_may_have_a_group_of_its_own(store):
    east, _ = provinces(store)
    told(store, member(covers=[{**BASE, "group": "retiree"}]))
    assert paid(east.stayed(2_000_00))["east_base"] == (2_000_00 - 1_000_00) * 85 // 100


def test_a_day_outside_every_version_of_the_rulebook_has_its_own_reason(store):
    east, _ = provinces(store)
    told(store, member(covers=[{**BASE, "from_day": "2020-01-01"}]))
    day = date(2023, 12, 31)
    check = p.BenefitCheck(person=east.person, care="outpatient", service_date=day)
    answer = east.done("2001", check)
    assert (answer.entitled, answer.reason) == (False, "no_rules_in_force")
    request = p.Registration(person=east.person, service_date=day, department="d")
    opened = east.done("2201", request, hid=east.hid())
    assert not opened.covered
    line = east.line("1", 100_00, service_date=day)
    assert east.refused("2204", east.fees(opened.hid, line)) == "item_unknown"
