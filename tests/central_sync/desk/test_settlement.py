"""Settling, its cancel and its twin that writes nothing, on both databases."""

from fractions import Fraction

import msgspec
import pytest

from central_sync.store.settlements import unpack_deltas
from central_sync.wire import packets as p
from tests.central_sync.hospital import BARE, RULEBOOK, books_agree


def test_a_settlement_adds_up_and_moves_the_accumulators(hospital, store):
    answer = hospital.settled(1_000_00)
    assert answer.total == 1_000_00 == answer.patient + sum(s.amount for s in answer.shares)
    assert [s.layer for s in answer.shares] == ["base", "critical_illness"]
    assert answer.shares[0].amount > 0
    assert answer.confirmation == "awaited"
    assert answer.settlement_id
    assert answer.rulebook == RULEBOOK.version
    assert hospital.accumulators()
    books_agree(store)


def test_a_pre_settlement_equals_the_settlement_and_writes_nothing(hospital, store):
    hid = hospital.charged(1_000_00, 55_55)
    before = hospital.accumulators()
    pre = hospital.done("2206", p.PreSettle(hid=hid, currency="CNY", total=1_055_55))
    assert hospital.accumulators() == before == {}
    answer = hospital.done("2207", hospital.settle_request(hid, 1_055_55))
    assert msgspec.structs.replace(answer, settlement_id="", confirmation="none") == pre


def test_a_cancel_takes_back_exactly_and_the_case_can_be_settled_anew(hospital, store):
    first = hospital.settled(1_000_00)
    between = hospital.accumulators()
    second = hospital.settled(500_00)
    cancelled = hospital.done("2208", p.SettleCancel(hid=second.hid, settlement_id=second.settlement_id))
    assert (cancelled.total, cancelled.patient) == (-second.total, -second.patient)
    assert cancelled.total == cancelled.patient + cancelled.funds
    assert hospital.accumulators() == between
    again = hospital.done("2207", hospital.settle_request(second.hid, 500_00))
    assert again.settlement_id != second.settlement_id
    assert again.shares == second.shares
    assert (
        hospital.refused("2208", p.SettleCancel(hid=second.hid, settlement_id=second.settlement_id)) == "already_undone"
    )
    hospital.done("2208", p.SettleCancel(hid=first.hid, settlement_id=first.settlement_id))
    books_agree(store)


def test_the_whole_bill_is_settled_once(hospital):
    answer = hospital.settled(100_00)
    assert hospital.refused("2207", hospital.settle_request(answer.hid, 100_00)) == "already_settled"
    assert hospital.refused("2206", p.PreSettle(hid=answer.hid, currency="CNY", total=100_00)) == "already_settled"
    assert hospital.refused("2204", hospital.fees(answer.hid, hospital.line("9", 1_00))) == "case_closed"
    assert hospital.refused("2205", p.FeesCancel(hid=answer.hid)) == "case_closed"
    assert hospital.refused("2202", p.CaseRef(hid=answer.hid)) == "case_closed"
    assert hospital.refused("2203", p.Visit(hid=answer.hid, diagnoses=[hospital.diagnosis()])) == "case_closed"


@pytest.mark.parametrize(
    ("total", "currency", "code"),
    [(99_99, "CNY", "amounts_do_not_add_up"), (100_00, "IRR", "currency_wrong"), (0, "CNY", "amounts_do_not_add_up")],
)
def test_a_total_that_is_not_the_bill_is_refused(hospital, total, currency, code):
    hid = hospital.charged(100_00)
    assert hospital.refused("2207", p.Settle(hid=hid, currency=currency, total=total)) == code
    assert hospital.refused("2206", p.PreSettle(hid=hid, currency=currency, total=total)) == code
    assert hospital.accumulators() == {}


def test_an_empty_bill_is_not_settled(hospital):
    assert hospital.refused("2207", hospital.settle_request(hospital.register(), 0)) == "no_fees"


def test_an_inpatient_is_settled_after_discharge_only(hospital, store):
    hid = hospital.admit()
    hospital.done("2301", hospital.fees(hid, hospital.line("1", 30_000_00)))
    assert hospital.refused("2304", hospital.settle_request(hid, 30_000_00)) == "case_not_discharged"
    hospital.done(
        "2402",
        p.Discharge(
            hid=hid, discharged_on=hospital.line("x", 1).service_date, way="recovered", diagnoses=[hospital.diagnosis()]
        ),
    )
    answer = hospital.done("2304", hospital.settle_request(hid, 30_000_00))
    assert sum(share.amount for share in answer.shares) > 0
    assert hospital.refused("2405", p.CaseRef(hid=hid)) == "case_closed"
    hospital.done("2305", p.SettleCancel(hid=hid, settlement_id=answer.settlement_id))
    hospital.done("2405", p.CaseRef(hid=hid))
    assert hospital.refused("2304", hospital.settle_request(hid, 30_000_00)) == "case_not_discharged"
    books_agree(store)


def test_a_person_without_cover_pays_all(hospital):
    hid = hospital.hid()
    request = p.Registration(
        person=p.PersonRef(kind=BARE[0], number=BARE[1]),
        service_date=hospital.line("x", 1).service_date,
        department="d",
    )
    assert hospital.done("2201", request, hid=hid).covered is False
    hospital.done("2204", hospital.fees(hid, hospital.line("1", 70_00)))
    answer = hospital.done("2207", hospital.settle_request(hid, 70_00))
    assert (answer.shares, answer.patient) == ([], 70_00)
    assert hospital.accumulators() == {}


def test_settling_in_an_iranian_hospital_counts_in_the_iranian_year(iranian, store):
    answer = iranian.settled(8_000_000)
    assert answer.currency == "IRR"
    assert {key.year for key in iranian.accumulators()} == {1403}, "the contract's year, which began on 1 Mehr 1403"
    books_agree(store)


def test_a_stranger_cannot_cancel_or_settle(hospital, other):
    answer = hospital.settled(100_00)
    assert other.refused("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id)) == "case_unknown"
    own = other.charged(10_00)
    assert other.refused("2208", p.SettleCancel(hid=own, settlement_id=answer.settlement_id)) == "settlement_unknown"
    theirs = hospital.charged(20_00)
    assert (
        hospital.refused("2208", p.SettleCancel(hid=theirs, settlement_id=answer.settlement_id)) == "settlement_unknown"
    )
    assert other.refused("2207", other.settle_request(theirs, 20_00)) == "case_unknown"


def test_the_stored_settlement_holds_its_whole_answer(hospital, store):
    answer = hospital.settled(1_000_00)
    with store.read() as uow:
        case = uow.cases.get("H1", answer.hid)
        row = uow.settlements.get(case.member, answer.settlement_id)
    assert msgspec.msgpack.decode(row.answer, type=p.Settlement) == answer
    assert unpack_deltas(row.deltas) == hospital.accumulators()
    assert case.state == "settled"


def test_each_reason_is_told_as_text_and_as_data(hospital):
    share = hospital.settled(1_000_00).shares[0]
    looked, *rest = share.trace
    assert (looked.kind, looked.amount) == ("looked_at", 1_000_00)
    assert looked.values["parts"] == "in_scope"
    assert "what is in scope" in looked.text
    band = next(step for step in rest if step.kind == "band")
    left = (1 - Fraction(band.values["ratio"])) * (band.values["high"] - band.values["low"])
    assert abs(-band.amount - left) < 1


def test_each_line_says_what_each_share_pays_of_it(hospital):
    answer = hospital.settled(1_000_00)
    for number, share in enumerate(answer.shares):
        assert sum(line.shares[number] for line in answer.lines) == share.amount
    rest = [line.amount + line.difference - sum(line.shares) for line in answer.lines]
    assert sum(rest) == answer.patient
    assert min(rest) >= 0


def test_the_longest_bills_come_without_the_shares_of_their_lines(hospital, monkeypatch):
    monkeypatch.setattr("central_sync.desk.settlement.LINES_TOLD_BY_SHARE_MAX", 0)
    answer = hospital.settled(1_000_00)
    assert [line.shares for line in answer.lines] == [[] for _ in answer.lines]
    assert answer.shares[0].amount > 0
