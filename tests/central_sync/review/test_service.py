"""The queue's use cases, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central_sync.review import service as queue
from central_sync.review.lifecycle import RERUNS_MAX, Reason
from tests.central_sync.hospital import NOW
from tests.central_sync.store.deferred import share

LATER = NOW + timedelta(hours=1)
WHAT = queue.Pended(
    institution="H1",
    member="m1",
    settlement_id="S1",
    hid="h",
    reason=Reason.MEMBER_RECORD,
    subject="COV-03:",
    detail="The cover ends during the stay",
    amount=100,
    currency="CNY",
    waits_for="member:m1",
)


def pended(store, what=WHAT, **more) -> str:
    with store.write() as uow:
        return queue.pend(uow, what, NOW, **more)


def entry(store, key):
    with store.read() as uow:
        return uow.reviews.get(key)


def steps(store, key):
    with store.read() as uow:
        return [step.event for step in uow.reviews.history(key)]


def test_one_thing_has_one_entry_and_a_look_that_changes_nothing_leaves_no_trace(store):
    key = pended(store)
    assert pended(store, replace(WHAT, amount=70)) == key
    assert (entry(store, key).state, entry(store, key).amount) == ("waiting", 70)
    assert steps(store, key) == ["pend"]
    assert pended(store, replace(WHAT, subject="other")) != key


def test_what_waits_for_a_person_or_was_given_up_needs_one_at_once(store):
    assert entry(store, pended(store, replace(WHAT, waits_for="person"))).state == "needs_person"
    assert entry(store, pended(store, replace(WHAT, subject="x"), given_up=True)).state == "needs_person"


def test_what_arrives_has_its_entries_looked_at_again_until_a_person_is_needed(store):
    key = pended(store)
    for _ in range(RERUNS_MAX):
        with store.write() as uow:
            assert queue.arrived(uow, "member:m2", NOW) == 0
            queue.arrived(uow, "member:m1", NOW)
        assert entry(store, key).state == "rerunning"
        pended(store)
    assert (entry(store, key).state, entry(store, key).reruns) == ("needs_person", RERUNS_MAX)
    with store.write() as uow:
        queue.arrived(uow, "member:m1", NOW)
        assert queue.cleared(uow, key, LATER, "gone")
        assert not queue.cleared(uow, "R0", LATER, "gone")
    assert entry(store, key).state == "resolved"
    assert steps(store, key)[-2:] == ["arrive", "clear"]


def test_a_settlement_that_ends_takes_its_entries_along(store):
    keys = [pended(store, replace(WHAT, subject=subject)) for subject in "ab"]
    with store.write() as uow:
        queue.settlement_ended(uow, "S2", NOW)
        queue.settlement_ended(uow, "S1", NOW)
    assert [entry(store, key).state for key in keys] == ["resolved"] * 2


def test_a_decision_is_made_once_with_a_reason_and_audited(store):
    key = pended(store)
    with store.write() as uow:
        with pytest.raises(queue.ReviewRefused, match="reason"):
            queue.decide(uow, key, accept=True, reason=" ", actor="officer", now=NOW)
        with pytest.raises(queue.ReviewRefused, match="no entry"):
            queue.decide(uow, "R0", accept=True, reason="x", actor="officer", now=NOW)
        queue.decide(uow, key, accept=False, reason="not insured", actor="officer", now=NOW)
    with store.write() as uow:
        with pytest.raises(queue.ReviewRefused, match="decided"):
            queue.decide(uow, key, accept=True, reason="again", actor="officer", now=NOW)
        with pytest.raises(queue.ReviewRefused, match="decided"):
            queue.rerun(uow, key, "officer", NOW)
        assert [(row.actor, row.action, row.subject) for row in uow.audit.latest()][-1] == (
            "officer",
            "review decided",
            key,
        )
        last = uow.reviews.history(key)[-1]
    assert (last.event, last.actor, last.detail) == ("decide", "officer", "declined: not insured")
    found = entry(store, key)
    assert (found.state, found.decision, found.decided_by) == ("decided", "declined", "officer")
    pended(store, replace(WHAT, amount=7))
    assert entry(store, key) == found, "a decision is about what was there"


def test_a_person_has_a_payer_asked_again(store):
    rows = [share(tries=16, next_at=None), share(place=1, state="declined", next_at=None)]
    with store.write() as uow:
        for row in rows:
            uow.payer_shares.add(row)
    waiting = replace(WHAT, reason=Reason.PAYER_UNAVAILABLE, subject="share 0", waits_for="payer:fund")
    declined = replace(WHAT, reason=Reason.PAYER_DECLINED, subject="share 1", waits_for="person")
    for what in (waiting, declined):
        key = pended(store, what)
        with store.write() as uow:
            assert queue.rerun(uow, key, "officer", NOW).state == "rerunning"
    with store.read() as uow:
        found = [(r.place, r.round, r.state, r.tries, r.next_at) for r in uow.payer_shares.of("m1", "S1")]
    assert found == [(0, 1, "asking", 0, NOW), (1, 1, "declined", 0, None), (1, 2, "asking", 0, NOW)]


def test_a_person_has_a_settlement_judged_again_and_so_has_a_changed_record(store):
    key = pended(store)
    with store.write() as uow:
        assert queue.member_changed(uow, "m1", NOW) == 0
        queue.rerun(uow, key, "officer", NOW)
    with store.write() as uow:
        (due,) = uow.audits.due(NOW, 10)
        assert uow.audits.judged(due, "r", NOW, 0, 0, b"")
        assert queue.member_changed(uow, "m1", LATER) == 1
        assert len(uow.audits.due(LATER, 10)) == 1
