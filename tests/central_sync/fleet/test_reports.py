"""What edges report is written in batches, the newest of each, with its history, and ends their outages."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from central_sync.errors import StoreError, StoreUnavailable
from central_sync.fleet import reports as module
from central_sync.fleet.limits import HISTORY_SLOT_S, HISTORY_SLOTS
from central_sync.fleet.reports import Reports, slot_of
from central_sync.wire import reports as wire
from central_sync.wire.refusals import Refused
from tests.central_sync.fleet.test_lifecycle import WELL

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Hand:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = AT

    def __call__(self):
        return self.now

    def on(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def reports(store, hand):
    return Reports(store, hand)


def said(**changed):
    return wire.encoded(msgspec.structs.replace(WELL, **changed))


def kept(store, institution="H1"):
    with store.read() as uow:
        row = uow.reports.of(institution)
    return (row.at, row.rises, wire.read(row.body)) if row else None


def test_the_newest_of_each_edge_is_written_in_one_commit(store, reports, hand):
    reports.take("H1", said(pending=1))
    reports.take("H1", said(pending=2))
    reports.take("H2", said(pending=7))
    assert kept(store) is None
    assert reports.write() == 2
    assert kept(store) == (AT, 0, msgspec.structs.replace(WELL, pending=2))
    assert reports.write() == 0


def test_what_is_no_report_changes_nothing(store, reports):
    with pytest.raises(Refused):
        reports.take("H1", "no report")
    assert reports.write() == 0


def test_a_backlog_that_rises_is_counted_from_report_to_report(store, reports, hand):
    for pending, rises in ((1, 0), (2, 1), (5, 2), (5, 0)):
        hand.on(30)
        reports.take("H1", said(pending=pending))
        reports.write()
        assert kept(store)[1] == rises


def test_history_is_written_seldom_and_holds_the_worst(store, reports, hand):
    for pending in (3, 9, 4):
        hand.on(30)
        reports.take("H1", said(pending=pending, sent_at=AT, oldest_at=AT - timedelta(seconds=pending)))
        reports.write()
    with store.read() as uow:
        assert [row.pending for row in uow.reports.history("H1", AT - timedelta(days=1))] == [3], "the first at once"
    hand.on(300)
    reports.take("H1", said(pending=1))
    reports.write()
    hand.on(HISTORY_SLOT_S)
    reports.take("H1", said(pending=2))
    reports.write()
    with store.read() as uow:
        rows = uow.reports.history("H1", AT - timedelta(days=1))
    assert [(row.pending, row.oldest_s) for row in rows] == [(9, 9), (2, 0)]


def test_a_report_ends_the_outage_of_its_edge(store, reports, hand):
    with store.write() as uow:
        uow.reports.begin_outage("H1", AT - timedelta(hours=1))
        uow.reports.begin_outage("H2", AT - timedelta(hours=1))
    reports.take("H1", said())
    reports.write()
    with store.read() as uow:
        assert set(uow.reports.silent()) == {"H2"}


def test_what_the_database_does_not_take_is_written_with_the_next(store, reports, hand, monkeypatch):
    def fails(*_args, **_more):
        raise StoreUnavailable("away")

    reports.take("H1", said(pending=1))
    reports.take("H2", said(pending=1))
    with monkeypatch.context() as patch:
        patch.setattr(store, "write", fails)
        with pytest.raises(StoreError):
            reports.write()
    reports.take("H1", said(pending=2))
    assert reports.write() == 2
    assert kept(store)[2].pending == 2


def test_the_thread_writes_and_a_stop_writes_the_rest(store, hand, monkeypatch):
    monkeypatch.setattr(module, "REPORTS_WRITTEN_EVERY_S", 60)
    reports = Reports(store, hand)
    reports.start()
    reports.take("H1", said())
    reports.stop()
    reports.stop()
    assert kept(store) is not None


def test_slots_are_a_ring_of_a_week():
    place, begins_at = slot_of(AT + timedelta(seconds=HISTORY_SLOT_S - 1))
    assert begins_at == AT
    assert slot_of(AT + timedelta(seconds=HISTORY_SLOT_S))[0] == (place + 1) % HISTORY_SLOTS
    assert slot_of(AT + timedelta(days=7))[0] == place
