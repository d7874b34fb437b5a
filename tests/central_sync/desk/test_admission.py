"""Registration, admission and what follows, on both databases."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from central_sync.terms import hid as hids
from central_sync.wire import packets as p
from tests.central_sync.hospital import DAY, MASTER


def registration(hospital, **more) -> p.Registration:
    return p.Registration(**{"person": hospital.person, "service_date": DAY, "department": "internal", **more})


def discharge(hospital, hid, day=DAY, **more) -> p.Discharge:
    base = {"hid": hid, "discharged_on": day, "way": "recovered", "diagnoses": [hospital.diagnosis()]}
    return p.Discharge(**{**base, **more})


def test_only_a_leased_and_unused_hid_opens_a_case(hospital, other):
    hid = hospital.hid()
    hospital.done("2201", registration(hospital), hid=hid)
    assert hospital.refused("2201", registration(hospital), hid=hid) == "hid_not_leased"
    assert hospital.refused("2201", registration(hospital), hid=other.hid()) == "hid_not_leased"
    assert hospital.refused("2201", registration(hospital), hid=hids.from_serial(999_999)) == "hid_not_leased"
    for bad in ("", "123", hid[:-1] + str((int(hid[-1]) + 1) % 10), "x" * 16, "0" * 16):
        assert hospital.refused("2201", registration(hospital), hid=bad) == "hid_invalid"


def test_a_refused_registration_does_not_use_its_hid_up(hospital):
    hid = hospital.hid()
    stranger = p.PersonRef(kind=MASTER[0], number="440524188001010014")
    assert hospital.refused("2201", registration(hospital, person=stranger), hid=hid) == "person_unknown"
    hospital.done("2201", registration(hospital), hid=hid)


@pytest.mark.parametrize("day", [DAY + timedelta(days=1), date(1949, 12, 30), date.max, date.min])
def test_an_impossible_day_is_refused(hospital, day):
    assert hospital.refused("2201", registration(hospital, service_date=day), hid=hospital.hid()) == "date_out_of_range"
    request = p.Admission(person=hospital.person, admitted_on=day, department="d", diagnoses=[hospital.diagnosis()])
    assert hospital.refused("2401", request, hid=hospital.hid()) == "date_out_of_range"


def test_today_is_the_institutions_civil_day_not_utc(hospital):
    evening = datetime(2025, 6, 2, 17, 0, tzinfo=UTC)  # 01:00 of the third in Shanghai
    hospital.now = evening
    hospital.done("2201", registration(hospital, service_date=DAY + timedelta(days=1)), hid=hospital.hid())


@pytest.mark.parametrize("code", ["J99.999", "nonsense", "Z"])
def test_a_diagnosis_that_does_not_exist_is_refused(hospital, code):
    hid = hospital.register()
    for diagnoses in ([hospital.diagnosis(code)], [hospital.diagnosis(), p.Diagnosis(code=code)]):
        assert hospital.refused("2203", p.Visit(hid=hid, diagnoses=diagnoses)) == "diagnosis_unknown"
    request = p.Admission(person=hospital.person, admitted_on=DAY, department="d", diagnoses=[hospital.diagnosis(code)])
    assert hospital.refused("2401", request, hid=hospital.hid()) == "diagnosis_unknown"


def test_exactly_one_diagnosis_is_the_main_one(hospital):
    hid, main = hospital.register(), hospital.diagnosis()
    side = p.Diagnosis(code="I10.x00")
    for wrong in ([side], [main, p.Diagnosis(code="I10.x00", main=True)], [main, p.Diagnosis(code=main.code)]):
        assert hospital.refused("2203", p.Visit(hid=hid, diagnoses=wrong)) == "packet_invalid"
    hospital.done("2203", p.Visit(hid=hid, diagnoses=[main, side]))


def test_a_visit_replaces_the_one_before(hospital, store):
    hid = hospital.register()
    hospital.done("2203", p.Visit(hid=hid, diagnoses=[hospital.diagnosis()], complaint="one", doctor="D"))
    hospital.done("2203", p.Visit(hid=hid, diagnoses=[hospital.diagnosis("I10.x00")], complaint="two"))
    with store.read() as uow:
        case = uow.cases.get("H1", hid)
    assert (case.complaint, case.doctor) == ("two", "D")
    assert [d["code"] for d in msgspec.msgpack.decode(case.diagnoses)] == ["I10.x00"]


def test_numbers_of_the_other_kind_of_care_are_refused(hospital):
    outpatient, inpatient = hospital.register(), hospital.admit()
    assert hospital.refused("2203", p.Visit(hid=inpatient, diagnoses=[hospital.diagnosis()])) == "case_wrong_kind"
    assert hospital.refused("2204", hospital.fees(inpatient, hospital.line("1", 1_00))) == "case_wrong_kind"
    assert hospital.refused("2301", hospital.fees(outpatient, hospital.line("1", 1_00))) == "case_wrong_kind"
    assert hospital.refused("2402", discharge(hospital, outpatient)) == "case_wrong_kind"
    assert hospital.refused("2404", p.CaseRef(hid=outpatient)) == "case_wrong_kind"
    assert hospital.refused("2202", p.CaseRef(hid=inpatient)) == "case_wrong_kind"


def test_a_strangers_case_does_not_exist(hospital, other):
    hid = hospital.register()
    assert other.refused("2203", p.Visit(hid=hid, diagnoses=[other.diagnosis()])) == "case_unknown"
    assert other.refused("2202", p.CaseRef(hid=hid)) == "case_unknown"
    assert other.refused("2204", other.fees(hid, other.line("1", 1_00))) == "case_unknown"
    assert hospital.refused("2202", p.CaseRef(hid="0" * 16)) == "hid_invalid"


def test_a_case_is_cancelled_only_without_fees_and_once(hospital):
    hid = hospital.charged(1_00)
    assert hospital.refused("2202", p.CaseRef(hid=hid)) == "case_has_fees"
    hospital.done("2205", p.FeesCancel(hid=hid))
    hospital.done("2202", p.CaseRef(hid=hid))
    assert hospital.refused("2202", p.CaseRef(hid=hid)) == "case_closed"


def test_a_stay_changes_and_what_is_empty_stays(hospital, store):
    hid = hospital.admit(bed="1", doctor="A")
    hospital.done("2403", p.StayChange(hid=hid, bed="2"))
    with store.read() as uow:
        case = uow.cases.get("H1", hid)
    assert (case.bed, case.doctor, case.department) == ("2", "A", "surgery")
    assert len(msgspec.msgpack.decode(case.diagnoses)) == 1
    hospital.done("2402", discharge(hospital, hid))
    assert hospital.refused("2403", p.StayChange(hid=hid, bed="3")) == "case_closed"


def test_a_discharge_lies_between_the_last_fee_and_today(hospital):
    hid = hospital.admit(day=DAY - timedelta(days=5))
    yesterday = DAY - timedelta(days=1)
    hospital.done("2301", hospital.fees(hid, hospital.line("1", 1_00, service_date=yesterday)))
    for day in (DAY + timedelta(days=1), DAY - timedelta(days=6), DAY - timedelta(days=2)):
        assert hospital.refused("2402", discharge(hospital, hid, day)) == "date_out_of_range"
    hospital.done("2402", discharge(hospital, hid, yesterday))
    assert hospital.refused("2402", discharge(hospital, hid)) == "case_closed"
    assert hospital.refused("2404", p.CaseRef(hid=hid)) == "case_closed"
    late = hospital.line("2", 1_00, service_date=DAY)
    assert hospital.refused("2301", hospital.fees(hid, late)) == "date_out_of_range"
    hospital.done("2405", p.CaseRef(hid=hid))
    assert hospital.refused("2405", p.CaseRef(hid=hid)) == "case_not_discharged"
    hospital.done("2301", hospital.fees(hid, late))
