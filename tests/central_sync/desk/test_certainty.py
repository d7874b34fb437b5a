"""49 confirm, 43 query, 44 uncertain, on both databases."""

import msgspec

from central_sync.wire import packets as p
from tests.central_sync.hospital import books_agree


def confirm(msgid, result=0, hid=""):
    return p.Confirm(original_msgid=msgid, his_result=result, hid=hid)


def test_a_confirmation_is_final_and_may_be_repeated(hospital, store):
    answer = hospital.settled(100_00, msgid="S1")
    for _ in range(2):
        found = hospital.done("49", confirm("S1", hid=answer.hid))
        assert found == p.Confirmed(settlement_id=answer.settlement_id, confirmation="confirmed")
    assert hospital.refused("49", confirm("S1", 1)) == "already_confirmed"
    assert hospital.accumulators()
    books_agree(store)


def test_an_annulment_gives_the_money_back_and_reopens_the_case(hospital, store):
    answer = hospital.settled(100_00, msgid="S1")
    for _ in range(2):
        assert hospital.done("49", confirm("S1", -7)).confirmation == "annulled"
        assert hospital.accumulators() == {}
    assert hospital.refused("49", confirm("S1", 0)) == "already_undone"
    assert (
        hospital.refused("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id)) == "already_undone"
    )
    assert hospital.refused("2601", p.Reversal(original_msgid="S1", original_number="2207")) == "already_undone"
    hospital.done("2207", hospital.settle_request(answer.hid, 100_00), msgid="S2")
    hospital.done("49", confirm("S2"))
    assert hospital.refused("49", confirm("S1", 0)) == "already_undone"
    books_agree(store)


def test_only_an_applied_settlement_of_ones_own_can_be_confirmed(hospital, other):
    hid = hospital.register()
    hospital.refused("2207", hospital.settle_request(hid, 1_00), msgid="NO")
    hospital.done("9001", p.SignIn(business_day=hospital.line("x", 1).service_date), msgid="IN")
    hospital.ask("GONE", "2207", hospital.settle_request(hid, 1_00))
    hospital.settled(100_00, msgid="S1")
    for msgid in ("NEVER", "NO", "IN", "GONE"):
        assert hospital.refused("49", confirm(msgid)) == "settlement_unknown"
        assert hospital.refused("49", confirm(msgid, 1)) == "settlement_unknown"
    assert other.refused("49", confirm("S1")) == "settlement_unknown"
    assert hospital.refused("49", confirm("S1", hid=hid)) == "original_mismatch"


def test_a_cancelled_or_reversed_settlement_is_not_confirmed(hospital):
    first = hospital.settled(100_00, msgid="S1")
    hospital.done("2208", p.SettleCancel(hid=first.hid, settlement_id=first.settlement_id))
    hospital.settled(100_00, msgid="S2")
    hospital.done("2601", p.Reversal(original_msgid="S2", original_number="2207"))
    for msgid in ("S1", "S2"):
        for result in (0, 1):
            assert hospital.refused("49", confirm(msgid, result)) == "already_undone"


def test_a_query_tells_what_became_of_a_transaction(hospital, other):
    answer = hospital.settled(100_00, msgid="S1")
    hospital.refused("2207", hospital.settle_request(answer.hid, 100_00), msgid="S2")
    for number in ("43", "5203"):
        found = hospital.done(number, p.Query(original_msgid="S1"))
        assert (found.outcome, found.number, found.confirmation) == ("final", "2207", "awaited")
        assert msgspec.convert(found.packet, p.Settlement) == answer
    found = hospital.done("43", p.Query(original_msgid="S2"))
    assert (found.outcome, found.code, found.packet) == ("refused", "already_settled", None)
    assert hospital.done("43", p.Query(original_msgid="S3")).outcome == "unknown"
    assert other.done("43", p.Query(original_msgid="S1")).outcome == "unknown"


def test_what_awaits_its_confirmation_is_listed_until_it_has_it(hospital, other):
    hospital.settled(100_00, msgid="S1")
    hospital.settled(100_00, msgid="S2")
    hospital.settled(100_00, msgid="S3")
    other.settled(100_00, msgid="S4")
    hospital.done("49", confirm("S1"))
    hospital.done("49", confirm("S2", 1))
    found = hospital.done("44", p.Uncertain())
    assert [(row.msgid, row.confirmation) for row in found.at_hub] == [("S3", "awaited")]
    assert found.at_edge == []
