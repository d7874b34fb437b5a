"""Units of work, on both databases."""

import threading
from datetime import UTC, datetime

import pytest

from central_sync.errors import StoreError
from central_sync.store.records import Institution, Invitation

NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)


def hospital(code="H1"):
    return Institution(code, "Hospital", "ir", "t", "Asia/Tehran", "IRR", "jalali", NOW)


def test_nothing_is_kept_of_a_unit_of_work_that_raises(store):
    def failing():
        with store.write() as uow:
            uow.institutions.add(hospital())
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    with store.read() as uow:
        assert uow.institutions.all() == []


def test_a_savepoint_is_undone_alone(store):
    def failing(uow):
        with uow.savepoint():
            uow.institutions.add(hospital("H2"))
            raise KeyError

    with store.write() as uow:
        uow.institutions.add(hospital("H1"))
        with pytest.raises(KeyError):
            failing(uow)
    with store.read() as uow:
        assert [row.code for row in uow.institutions.all()] == ["H1"]


def test_a_read_unit_of_work_cannot_write(store):
    with pytest.raises(StoreError), store.read() as uow:
        uow.institutions.add(hospital())
    with store.write() as uow:
        assert uow.institutions.add(hospital())


def test_error_texts_hold_no_values(store):
    def add():
        with store.write() as uow:
            uow.invitations.add(Invitation(b"planted-secret".ljust(32), "PLANTED", NOW))

    add()
    with pytest.raises(StoreError) as caught:
        add()
    assert "planted" not in repr(caught.value).lower()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_read_unit_of_work_sees_one_moment(store):
    with store.write() as uow:
        uow.institutions.add(hospital("H1"))
    with store.read() as reading:
        assert len(reading.institutions.all()) == 1
        with store.write() as uow:
            uow.institutions.add(hospital("H2"))
        assert len(reading.institutions.all()) == 1
    with store.read() as reading:
        assert len(reading.institutions.all()) == 2


def test_writers_on_sqlite_wait_for_each_other_and_readers_do_not(store):
    inside, done = threading.Event(), threading.Event()

    def write():
        with store.write() as uow:
            uow.institutions.add(hospital("H1"))
            inside.set()
            done.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    inside.wait(10)
    with store.read() as uow:
        assert uow.institutions.all() == []
    done.set()
    writer.join()
    with store.read() as uow:
        assert len(uow.institutions.all()) == 1
