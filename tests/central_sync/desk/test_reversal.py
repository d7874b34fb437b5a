"""2601, on both databases: what was applied goes back once, what never came never will."""

from datetime import timedelta

import pytest

from central_sync.wire import packets as p
from central_sync.wire.messages import Verdict
from tests.central_sync.hospital import DAY, books_agree


def reversal(msgid, number="2207", hid=""):
    return p.Reversal(original_msgid=msgid, original_number=number, hid=hid)


def test_a_settlement_goes_back_once(hospital, store):
    answer = hospital.settled(100_00, msgid="S1")
    assert hospital.done("2601", reversal("S1", hid=answer.hid)).effect == "reversed"
    assert hospital.accumulators() == {}
    assert hospital.refused("2601", reversal("S1")) == "already_undone"
    assert (
        hospital.refused("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id)) == "already_undone"
    )
    hospital.done("2207", hospital.settle_request(answer.hid, 100_00))
    assert hospital.refused("2601", reversal("S1")) == "already_undone"
    books_agree(store)


def test_the_same_reversal_sent_twice_gets_its_answer_again(hospital):
    hospital.settled(100_00, msgid="S1")
    first = hospital.send("2601", reversal("S1"), msgid="R1")
    second = hospital.send("2601", reversal("S1"), msgid="R1")
    assert (second.packet, second.repeated) == (first.packet, True)


def test_a_reversal_that_overtakes_its_original_stops_it(hospital, store):
    hid = hospital.charged(100_00)
    for _ in range(2):
        assert hospital.done("2601", reversal("S1", hid=hid)).effect == "never_applied"
    late = hospital.send("2207", hospital.settle_request(hid, 100_00), msgid="S1")
    assert (late.verdict, late.code, late.repeated) == (Verdict.REFUSED, "reversed_before_arrival", True)
    assert hospital.ask("S1", "2207", hospital.settle_request(hid, 100_00)).code == "reversed_before_arrival"
    assert (
        hospital.refused("2208", p.SettleCancel(hid=hid, settlement_id="S1"), msgid="S1") == "reversed_before_arrival"
    )
    hospital.done("2207", hospital.settle_request(hid, 100_00), msgid="S2")
    books_agree(store)


def test_a_refused_original_was_never_applied(hospital):
    hid = hospital.register()
    hospital.refused("2207", hospital.settle_request(hid, 1_00), msgid="S1")
    hospital.ask("S2", "2207", hospital.settle_request(hid, 1_00))
    for msgid in ("S1", "S2"):
        assert hospital.done("2601", reversal(msgid)).effect == "never_applied"


def test_a_registration_goes_back_like_its_cancel(hospital):
    hid = hospital.register(msgid="R1")
    hospital.done("2204", hospital.fees(hid, hospital.line("1", 1_00)))
    assert hospital.refused("2601", reversal("R1", "2201")) == "reversal_blocked"
    hospital.done("2205", p.FeesCancel(hid=hid))
    assert hospital.done("2601", reversal("R1", "2201")).effect == "reversed"
    assert hospital.refused("2601", reversal("R1", "2201")) == "already_undone"
    assert hospital.refused("2204", hospital.fees(hid, hospital.line("2", 1_00))) == "case_closed"
    request = p.Registration(person=hospital.person, service_date=DAY, department="d")
    assert hospital.refused("2201", request, hid=hid) == "hid_not_leased"


def test_a_settled_or_cancelled_registration_does_not_go_back(hospital):
    hid = hospital.register(msgid="R1")
    hospital.done("2204", hospital.fees(hid, hospital.line("1", 1_00)))
    hospital.done("2207", hospital.settle_request(hid, 1_00))
    assert hospital.refused("2601", reversal("R1", "2201")) == "reversal_blocked"
    hid = hospital.register(msgid="R2")
    hospital.done("2202", p.CaseRef(hid=hid))
    assert hospital.refused("2601", reversal("R2", "2201")) == "already_undone"


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_reversed_cancel_puts_the_settlement_in_force_again(hospital, store, confirmed):
    answer = hospital.settled(500_00, msgid="S1")
    if confirmed:
        hospital.done("49", p.Confirm(original_msgid="S1", his_result=0))
    before = hospital.accumulators()
    cancel = p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id)
    hospital.done("2208", cancel, msgid="C1")
    assert hospital.done("2601", reversal("C1", "2208")).effect == "reversed"
    assert hospital.accumulators() == before
    assert hospital.done("43", p.Query(original_msgid="S1")).confirmation == ("confirmed" if confirmed else "awaited")
    assert hospital.refused("2207", hospital.settle_request(answer.hid, 500_00)) == "already_settled"
    assert hospital.refused("2601", reversal("C1", "2208")) == "already_undone"
    hospital.done("2208", cancel, msgid="C2")
    assert hospital.accumulators() == {}
    assert hospital.refused("2601", reversal("C1", "2208")) == "already_undone"
    assert hospital.done("2601", reversal("C2", "2208")).effect == "reversed"
    books_agree(store)


def test_a_cancel_does_not_go_back_when_the_case_was_settled_anew(hospital, store):
    answer = hospital.settled(500_00)
    hospital.done("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id), msgid="C1")
    hospital.done("2207", hospital.settle_request(answer.hid, 500_00))
    assert hospital.refused("2601", reversal("C1", "2208")) == "reversal_blocked"
    books_agree(store)


def test_a_cancel_does_not_go_back_when_the_bill_has_changed(hospital, store):
    answer = hospital.settled(500_00)
    hospital.done("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id), msgid="C1")
    hospital.done("2204", hospital.fees(answer.hid, hospital.line("9", 1_00)))
    assert hospital.refused("2601", reversal("C1", "2208")) == "reversal_blocked"
    hospital.done("2205", p.FeesCancel(hid=answer.hid, serials=["9"]))
    assert hospital.done("2601", reversal("C1", "2208"), msgid="again").effect == "reversed"
    books_agree(store)


def test_a_cancel_does_not_go_back_past_a_cap_that_others_filled(hospital, other, store):
    answer = hospital.settled(5_000_00)
    hospital.done("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id), msgid="C1")
    other.settled(20_000_00)
    assert hospital.refused("2601", reversal("C1", "2208")) == "reversal_blocked"
    books_agree(store)


def test_an_inpatient_case_goes_back_step_by_step(hospital, store):
    hid = hospital.admit()
    hospital.done("2301", hospital.fees(hid, hospital.line("1", 20_000_00)))
    hospital.done("2402", p.Discharge(hid=hid, discharged_on=DAY, way="recovered", diagnoses=[hospital.diagnosis()]))
    hospital.done("2304", hospital.settle_request(hid, 20_000_00), msgid="S1")
    assert hospital.done("2601", reversal("S1", "2304")).effect == "reversed"
    assert hospital.accumulators() == {}
    hospital.done("2405", p.CaseRef(hid=hid))
    hospital.done("2302", p.FeesCancel(hid=hid))
    hospital.done("2404", p.CaseRef(hid=hid))
    books_agree(store)


@pytest.mark.parametrize("number", ["2204", "2203", "49", "2601", "9001", "2402", "9999", "2206"])
def test_what_the_catalogue_calls_irreversible_is_not_reversed(hospital, number):
    hospital.settled(100_00, msgid="S1")
    assert hospital.refused("2601", reversal("S1", number)) == "original_not_reversible"
    assert hospital.refused("2601", reversal("NEVER", number)) == "original_not_reversible"
    hospital.done("9001", p.SignIn(business_day=DAY - timedelta(days=1)), msgid="NEVER")


def test_an_original_of_another_number_or_case_is_not_touched(hospital):
    answer = hospital.settled(100_00, msgid="S1")
    assert hospital.refused("2601", reversal("S1", "2201")) == "original_mismatch"
    assert hospital.refused("2601", reversal("S1", hid=hospital.register())) == "original_mismatch"
    assert hospital.refused("2601", reversal("R1", hid="0000000000000001")) == "hid_invalid"
    assert hospital.done("2601", reversal("S1", hid=answer.hid)).effect == "reversed"


def test_a_reversal_cannot_reverse_itself(hospital):
    assert hospital.refused("2601", reversal("R1"), msgid="R1") == "original_mismatch"


def test_a_stranger_reverses_nothing(hospital, other, store):
    answer = hospital.settled(100_00, msgid="S1")
    assert other.refused("2601", reversal("S1", hid=answer.hid)) == "case_unknown"
    assert other.done("2601", reversal("S1")).effect == "never_applied"
    assert hospital.done("43", p.Query(original_msgid="S1")).confirmation == "awaited"
    assert hospital.accumulators()
    books_agree(store)
