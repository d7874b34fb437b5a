"""Units of work, on both databases."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from central_sync import limits
from central_sync.errors import StoreBusy, StoreError
from central_sync.store.records import Institution, Invitation
from tests.patience import HUNG_S

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


def test_who_waits_for_a_row_or_a_turn_in_vain_is_told_that_the_store_is_busy(store, monkeypatch):
    monkeypatch.setattr(limits, "WRITE_WAIT_S_MAX", 0.1)
    with store.write() as uow:
        uow.institutions.add(hospital())
        uow.accumulators.lock(["member:1"])
        with ThreadPoolExecutor(1) as other:
            began = time.monotonic()
            assert other.submit(_locks_as_well, store).result() is StoreBusy
            assert time.monotonic() - began < limits.LOCK_WAIT_MS_MAX / 1000 + HUNG_S
    assert _locks_as_well(store) is None


def _locks_as_well(store):
    try:
        with store.write() as uow:
            uow.accumulators.lock(["member:1"])
    except StoreBusy as error:
        return type(error)
    return None
