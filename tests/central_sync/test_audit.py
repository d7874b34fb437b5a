"""The audit trail writes soon, sums up repeats, and cannot be flooded."""

import shutil
from datetime import UTC, datetime, timedelta

from central_sync.audit import Note, Trail, Window
from central_sync.store import Store

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def note(n=0):
    return Note(f"10.0.0.{n}", "connection_refused", "sync", "certificate_missing")


def test_a_repeated_note_becomes_one_row_with_its_number_when_the_minute_is_over():
    window = Window()
    assert window.take(note(), NOW) == [note()]
    assert [window.take(note(), NOW + timedelta(seconds=s)) for s in range(1, 40)] == [[]] * 39
    assert window.ended(NOW + timedelta(seconds=59)) == []
    (row,) = window.ended(NOW + timedelta(seconds=60))
    assert row.detail == "certificate_missing repeated 39 times"
    assert window.take(note(), NOW + timedelta(seconds=61)) == [note()]


def test_different_notes_beyond_the_bound_become_one_row():
    window = Window(distinct_max=10)
    written = [row for n in range(100) for row in window.take(note(n), NOW)]
    assert len(written) == 10
    (row,) = window.ended(NOW, at_once=True)
    assert (row.action, row.detail) == ("audit_suppressed", "90 more within a minute")


def test_a_minute_that_ended_is_summed_up_before_the_next_note():
    window = Window()
    window.take(note(), NOW)
    window.take(note(), NOW)
    rows = window.take(note(1), NOW + timedelta(minutes=2))
    assert [row.detail for row in rows] == ["certificate_missing repeated 1 times", "certificate_missing"]


def test_what_was_noted_is_written_when_the_trail_stops(store):
    trail = Trail(store, lambda: NOW)
    trail.start()
    assert trail.note("10.0.0.1", "connection_refused", "sync", "x")
    assert not trail.note("10.0.0.1", "connection_refused", "sync", "x")
    trail.stop()
    with store.read() as uow:
        rows = [(row.at, row.actor, row.detail) for row in uow.audit.latest()]
    assert rows == [(NOW, "10.0.0.1", "x"), (NOW, "10.0.0.1", "x repeated 1 times")]


def test_what_no_database_takes_holds_no_other_row_up(store):
    trail = Trail(store, lambda: NOW)
    trail.start()
    assert trail.note("10.0.0.1", "page_refused", "H\0\ud8001", "x")
    assert trail.note("10.0.0.2", "page_refused", "H2", "x")
    trail.stop()
    with store.read() as uow:
        assert {row.subject for row in uow.audit.latest()} == {"H1", "H2"}


def test_a_database_that_cannot_be_written_is_tried_again_and_stops_nobody(tmp_path, sqlite_template):
    file = tmp_path / "hub.db"
    shutil.copy(sqlite_template, file)
    store = Store(f"sqlite:///file:{file}?mode=ro&uri=true")
    store.open()
    trail = Trail(store, lambda: NOW)
    trail.start()
    assert trail.note("10.0.0.1", "connection_refused", "sync")
    trail.stop()
    assert len(trail._waiting) == 1
    store.close()
