"""Settling again what was settled, after what was known has been corrected; on both databases."""

from dataclasses import replace

import msgspec
import pytest

from central_sync.desk.resettlement import resettle
from central_sync.payers import Payers
from central_sync.wire import packets as p
from central_sync.wire.messages import Notice
from central_sync.wire.refusals import Refused
from tests.central_sync.desk.provinces import BASE, ILLNESS, LAW, member, paid, provinces, told
from tests.central_sync.desk.test_reconciliation import detail, details, totals
from tests.central_sync.desk.test_stays import DAYS, confirmed, part
from tests.central_sync.hospital import NOW, books_agree

RETIREE = member(covers=[{**BASE, "group": "retiree"}, ILLNESS])


@pytest.fixture
def east(store):
    return provinces(store)[0]


def again(store, answer, **more):
    words = {"actor": "officer", "reason": "group corrected", "now": NOW}
    with store.write() as uow:
        return resettle(uow, LAW, Payers(), answer.settlement_id, **{**words, **more})


def stored(store, key):
    with store.read() as uow:
        return uow.settlements.named(key)


def test_what_was_corrected_changes_the_settlement_and_the_difference_is_named_not_paid(east, store):
    answer = east.stayed(11_000_00)
    east.done("49", confirmed(east, answer))
    told(store, RETIREE)
    done = again(store, answer)
    base, illness = done.payers
    assert (base.before, base.now) == (8_000_00, 8_500_00)
    assert (illness.before, illness.now) == (600_00, 300_00)
    assert done.differs
    new = stored(store, done.replaced_by)
    assert new.patient - answer.patient == new.patient_due == -200_00
    assert (new.replaces, new.confirmation, new.msgid) == (
        answer.settlement_id,
        "confirmed",
        stored(store, answer.settlement_id).msgid,
    )
    packet = msgspec.msgpack.decode(new.answer, type=p.Settlement)
    assert (packet.replaces, packet.patient_due, packet.settled_on) == (
        answer.settlement_id,
        -200_00,
        answer.settled_on,
    )
    assert stored(store, answer.settlement_id).confirmation == "replaced"
    books_agree(store)


def test_what_comes_to_the_same_stands_as_it_is(east, store):
    answers = [east.stayed(11_000_00), east.stayed(30_000_00), east.stayed(9_000_00)]
    before = east.accumulators()
    for answer in answers:
        done = again(store, answer)
        assert (done.differs, done.replaced_by) == (False, "")
        assert stored(store, answer.settlement_id).confirmation == "awaited"
    assert east.accumulators() == before


def test_what_one_batch_settled_has_its_turns_too(east, store):
    """A hospital whose line was down sends a day's stays in one batch: each was before the next."""
    hids = []
    for _ in range(4):
        hids.append(east.stay())
        east.charge(hids[-1], "1", 9_000_00)
        east.discharge(hids[-1])
    batch = east.take(*(east.transaction("2304", east.settle_request(hid, 9_000_00)) for hid in hids))
    answers = [msgspec.msgpack.decode(one.packet, type=p.Settlement) for one in batch.answers]
    for answer in answers:
        assert not again(store, answer).differs


def test_what_a_stay_met_for_the_one_after_it_is_that_of_its_turn(store):
    """A deductible that goes on after a referral: each stay finds what the one before it had met."""
    base = LAW.schemes["east_base"]
    (stay,) = base.benefits["inpatient"]
    on = replace(stay, deductible=replace(stay.deductible, continues=("referred",), chain="met_before"))
    benefits = {**base.benefits, "inpatient": (on,)}
    law = replace(LAW, schemes={**LAW.schemes, "east_base": replace(base, benefits=benefits)})
    east, _ = provinces(store, law)
    answers = [east.stayed(3_000_00), east.stayed(200_00), east.stayed(5_000_00, marks=["referred"])]
    before = east.accumulators()
    for answer in answers:
        with store.write() as uow:
            assert not resettle(uow, law, Payers(), answer.settlement_id, actor="x", reason="", now=NOW).differs
    assert east.accumulators() == before


def test_trying_changes_nothing(east, store):
    answer = east.stayed(11_000_00)
    before = east.accumulators()
    told(store, RETIREE)
    with store.read() as uow:
        done = resettle(uow, LAW, Payers(), answer.settlement_id, actor="x", reason="", now=NOW, dry_run=True)
    assert (done.differs, done.replaced_by, done.patient_now) == (True, "", answer.patient - 200_00)
    assert stored(store, answer.settlement_id).confirmation == "awaited"
    assert east.accumulators() == before


def test_the_hospital_is_told_and_its_books_agree_once_it_has_booked_the_new_one(east, store):
    answer = east.stayed(11_000_00)
    east.done("49", confirmed(east, answer))
    told(store, RETIREE)
    with store.read() as uow:
        told_before = len(uow.feed.after("E1", 0, 100))
    done = again(store, answer)
    with store.read() as uow:
        rows = uow.feed.after("E1", 0, 100)
        assert "settlement replaced" in {row.action for row in uow.audit.latest()}
    assert len(rows) == told_before + 1
    notice = msgspec.msgpack.decode(rows[-1].body, type=Notice)
    assert done.replaced_by in notice.text
    assert "get 200.00 CNY back" in notice.text
    found = east.done("3202", details(detail(answer)))
    (difference,) = found.differences
    assert (difference.kind, difference.settlement_id) == ("replaced", answer.settlement_id)
    assert (difference.replaced_by, difference.hub_patient) == (done.replaced_by, answer.patient - 200_00)
    assert not found.equal
    assert not east.done("3201", totals(detail(answer))).equal
    new = p.DetailRow(
        settlement_id=done.replaced_by,
        total=difference.hub_total,
        funds=difference.hub_funds,
        patient=difference.hub_patient,
    )
    assert east.done("3202", details(new)).equal
    assert east.done("3201", totals(new)).equal


def test_an_awaited_one_is_confirmed_annulled_and_cancelled_as_if_it_had_never_been_replaced(east, store):
    """By its msgid and by the id that the hospital was given: an edge knows no other."""
    first, second, third = (east.stayed(2_000_00) for _ in range(3))
    words = {answer.settlement_id: confirmed(east, answer) for answer in (first, second, third)}
    told(store, RETIREE)
    news = {answer.settlement_id: again(store, answer).replaced_by for answer in (first, second, third)}
    assert all(news.values())
    said = east.done("49", words[first.settlement_id])
    assert (said.settlement_id, said.confirmation) == (first.settlement_id, "confirmed")
    assert said.replaced_by == news[first.settlement_id]
    assert (
        east.done("43", p.Query(original_msgid=words[first.settlement_id].original_msgid)).confirmation == "confirmed"
    )
    back = east.done("2305", p.SettleCancel(hid=second.hid, settlement_id=second.settlement_id))
    assert (back.settlement_id, back.replaced_by) == (second.settlement_id, news[second.settlement_id])
    assert back.patient == -stored(store, news[second.settlement_id]).patient
    reversal = p.Reversal(original_msgid=words[third.settlement_id].original_msgid, original_number="2304")
    assert east.done("2601", reversal).effect == "reversed"
    books_agree(store)
    with pytest.raises(Refused, match="already_undone"):
        again(store, second)


def test_a_settlement_may_be_made_again_more_than_once(east, store):
    answer = east.stayed(11_000_00)
    told(store, RETIREE)
    second = again(store, answer)
    told(store, member())
    with pytest.raises(Refused, match=f"already_undone.*replaced by {second.replaced_by}"):
        again(store, answer)
    with store.write() as uow:
        third = resettle(uow, LAW, Payers(), second.replaced_by, actor="x", reason="", now=NOW)
    with pytest.raises(Refused, match=f"already_undone.*replaced by {third.replaced_by}"):
        again(store, answer)
    new = stored(store, third.replaced_by)
    assert (new.patient, new.patient_due) == (answer.patient, 200_00)
    back = east.done("2305", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id))
    assert (back.settlement_id, back.replaced_by) == (answer.settlement_id, new.id)
    assert east.accumulators() == {}


def test_what_later_bills_added_does_not_change_an_earlier_one_unless_a_cap_is_full(east, store):
    """Bands of the year are counted in the turn of the bills; the cap of the year is never passed."""
    first = east.stayed(20_000_00)
    later = east.stayed(20_000_00)
    cap = 30_000_00
    assert paid(first)["east_base"] + paid(later)["east_base"] == cap
    told(store, RETIREE)
    done = again(store, first)
    assert done.payers[0].now == done.payers[0].before
    with store.read() as uow:
        spent = sum(amount for key, amount in uow.accumulators.all().items() if key.name == "pool")
    assert spent == cap
    books_agree(store)


def test_of_a_stay_in_parts_the_last_one_makes_good_what_was_wrong_before(east, store):
    hid = east.stay()
    east.charge(hid, "1", 4_000_00, DAYS[1])
    first = part(east, hid, 4_000_00, DAYS[1])
    east.charge(hid, "2", 7_000_00, DAYS[2])
    second = part(east, hid, 7_000_00, DAYS[2])
    told(store, RETIREE)
    with pytest.raises(Refused, match="later_settlement_first"):
        again(store, first)
    done = again(store, second)
    new = stored(store, done.replaced_by)
    assert (new.until, new.after) == (DAYS[2], first.settlement_id)
    assert east.refused("2302", p.FeesCancel(hid=hid, serials=["2"])) == "fee_settled"
    east.charge(hid, "3", 1_000_00)
    east.discharge(hid)
    last = east.done("2304", east.settle_request(hid, 1_000_00))
    assert last.after == new.id
    base = [msgspec.msgpack.decode(row.answer, type=p.Settlement) for row in (stored(store, first.settlement_id), new)]
    assert (
        sum(paid(answer)["east_base"] for answer in (*base, last))
        == 9_000_00 * 85 // 100 + 1_000_00 * 95 // 100 + 1_000_00 * 85 // 100
    )
    books_agree(store)


def test_what_is_not_there_cannot_be_made_again(east, store):
    answer = east.stayed(2_000_00)
    east.done("2305", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id))
    with pytest.raises(Refused, match="already_undone"):
        again(store, answer)
    with store.write() as uow, pytest.raises(Refused, match="settlement_unknown"):
        resettle(uow, LAW, Payers(), "S-NONE", actor="x", reason="", now=NOW)
