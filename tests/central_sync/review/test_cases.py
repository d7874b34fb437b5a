"""A settled case as the audit reads it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from central_sync.benefits.audit.vocabulary import OfLine
from central_sync.publications import shipped
from central_sync.review.cases import SAID_BY, claim_of
from central_sync.wire import packets as p
from tests.central_sync.desk.provinces import approval, member, provinces, told
from tests.central_sync.hospital import DAY, NOW

RULES = shipped().audit


def marked(store, places=RULES.places):
    with store.read() as uow:
        (row,) = uow.audits.due(NOW, 10)
        return row, claim_of(uow, row, places)


def test_a_claim_holds_the_bill_the_record_and_what_was_before(hospital, other, store):
    other.register(day=DAY - timedelta(days=3))
    other.charged(7_00)
    other.admit(DAY - timedelta(days=2))
    answer = hospital.settled(100_00)
    _, claim = marked(store)
    assert (claim.care, claim.from_day, claim.to_day, claim.on, claim.region) == ("outpatient", DAY, DAY, DAY, "cn")
    assert [(line.item, line.amount) for line in claim.lines] == [("YP0001", 100_00)]
    assert (claim.member.sex, len(claim.member.covers), claim.insured_at) == ("female", 2, "cn")
    assert [(one.here, one.care, one.items) for one in claim.earlier] == [
        (False, "inpatient", ()),
    ]
    _, claim = marked(store, {"cn": rare(RULES.places["cn"], "YP0001")})
    assert [(one.here, one.care, one.items) for one in claim.earlier] == [
        (False, "outpatient", ("YP0001",)),
        (False, "inpatient", ()),
        (False, "outpatient", ()),
    ]
    assert answer.total == sum(line.amount for line in claim.lines)


def rare(place, code):
    item = msgspec.structs.replace(place.items[code], every_days=30)
    return msgspec.structs.replace(place, items={**place.items, code: item})


def test_a_settlement_that_is_no_longer_in_force_is_no_claim(hospital, store):
    answer = hospital.settled(100_00)
    hospital.done("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id))
    assert marked(store)[1] is None


def test_what_no_line_says_stays_untold_and_what_one_says_is_asked_of_all(hospital, store):
    assert set(SAID_BY) <= set(OfLine.__struct_fields__)
    hospital.settled(100_00)
    assert marked(store)[1].untold == tuple(SAID_BY)


def test_what_a_line_says_besides_reaches_the_audit(hospital, store):
    hid = hospital.register()
    said = {
        "national_code": "XJ01",
        "doctor": "D7",
        "daily_dose": "1.5",
        "days": 7,
        "started_at": datetime(2026, 3, 20, 9, 30, tzinfo=UTC),
        "group": "drugs",
    }
    fees = hospital.fees(hid, hospital.line("1", 60_00, facts=p.LineFacts(**said)), hospital.line("2", 40_00))
    hospital.done("2204", fees)
    hospital.done("2207", hospital.settle_request(hid, 100_00))
    _, claim = marked(store)
    told, silent = claim.lines
    assert (told.national_code, told.doctor, told.days, told.group) == ("XJ01", "D7", 7, "drugs")
    assert (told.daily_dose, told.started_at) == (Decimal("1.5"), datetime(2026, 3, 20, 9, 30))  # noqa: DTZ001 -- local, as operating rooms write
    assert (silent.national_code, silent.doctor, silent.days) == ("", "", None)
    assert set(claim.untold) == set(SAID_BY) - {
        "national_code_missing",
        "national_code_differs",
        "times_missing",
        "doctor_missing",
    }


def test_only_a_filing_or_a_referral_allows_care_in_another_region(store):
    """Not any mark that a hospital says, and not what an insurer approved for something else."""
    _, west = provinces(store)
    places = {"west": RULES.places["cn"]}

    def filing(*marks, approvals=()):
        told(store, member(approvals=list(approvals)))
        hid = west.visit(100_00, *marks)
        answer = west.done("2207", west.settle_request(hid, 100_00))
        with store.read() as uow:
            row = next(row for row in uow.audits.due(NOW, 100) if row.settlement_id == answer.settlement_id)
            return claim_of(uow, row, places).filing

    assert filing() == ""
    assert filing(approvals=[approval("special_disease")]) == ""
    assert filing(approvals=[approval("out_of_area_filed", to_day="2025-06-01")]) == ""
    assert filing(approvals=[approval("special_disease"), approval("out_of_area_filed", reference="F-7")]) == "F-7"
    assert filing("referred") == "referred"
