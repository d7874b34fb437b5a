"""The life of an entry of the queue, and which one comes first."""

from datetime import timedelta

import pytest

from central_sync.review.lifecycle import (
    ENTRY,
    OPEN,
    RERUNS_MAX,
    EntryEvent,
    EntryState,
    Impossible,
    Reason,
    after,
    looked_at,
    priority,
)
from tests.central_sync.hospital import NOW

DAY = timedelta(days=1)


def test_every_event_has_its_place_while_an_entry_is_open():
    assert {(state, event) for state in OPEN for event in EntryEvent} <= set(ENTRY)


def test_a_decision_stands_and_what_is_resolved_may_come_back():
    assert {ENTRY.get((EntryState.DECIDED, event), EntryState.DECIDED) for event in EntryEvent} == {EntryState.DECIDED}
    assert after("resolved", EntryEvent.STAY) is EntryState.WAITING
    for state in ("resolved", "decided"):
        for event in (EntryEvent.ARRIVE, EntryEvent.DECIDE):
            with pytest.raises(Impossible):
                after(state, event)


def test_what_was_looked_at_often_enough_needs_a_person():
    assert looked_at("rerunning", RERUNS_MAX - 1, mendable=True) is EntryEvent.STAY
    assert looked_at("rerunning", RERUNS_MAX, mendable=True) is EntryEvent.ESCALATE
    assert looked_at("waiting", 99, mendable=True) is EntryEvent.STAY
    assert looked_at("waiting", 0, mendable=False) is EntryEvent.ESCALATE


def test_more_money_and_a_longer_wait_come_first():
    def rank(reason=Reason.FINDING, amount=100_00, days=0):
        return priority(reason, amount, 100, NOW - days * DAY, NOW)

    assert rank(amount=10_000_00) > rank() > rank(amount=0)
    assert rank(amount=-10_000_00) == rank(amount=10_000_00), "what a part of a stay gives back"
    assert rank(days=3) > rank()
    assert rank(Reason.PAYER_DECLINED) > rank() > rank(Reason.PAYER_UNAVAILABLE)
    assert rank(days=100_000) == rank(days=365)
