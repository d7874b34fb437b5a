"""The one writing connection of a SQLite hub when its disk fails, and that what was refused does not come back."""

import os
import resource
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from central_sync import limits
from central_sync.errors import StoreError, StoreUnavailable
from central_sync.store import Store, migrate, writing
from central_sync.store.holding import beside
from central_sync.store.records import Institution
from tests.faults.shim import Shim
from tests.tidy import tree

NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "hub.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(path):
    opened = Store(f"sqlite:///{path}", serving=True)
    opened.open()
    yield opened
    opened.close()


def add(store, code):
    with store.write() as uow:
        uow.institutions.add(Institution(code, "x" * 20_000, "cn", "t", "Asia/Shanghai", "CNY", "gregorian", NOW))


def codes(store):
    with store.read() as uow:
        return [row.code for row in uow.institutions.all()]


def as_after_a_kill(path, tmp_path):
    """What a new process would find: the files as they are now."""
    folder = tmp_path / "after"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in (path, beside(path, "wal")):
        if file.exists():
            shutil.copy(file, folder)
    found = Store(f"sqlite:///{folder / path.name}")
    found.open()
    try:
        return codes(found)
    finally:
        found.close()


class FullDisk:
    """No file may grow beyond ``size`` bytes."""

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.before[1]))

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def test_a_commit_that_found_no_room_is_gone_for_good_and_the_next_one_stays(store, path, tmp_path):
    add(store, "A")
    with FullDisk(beside(path, "wal").stat().st_size + 8_000), pytest.raises(StoreUnavailable):
        add(store, "B")
    assert codes(store) == as_after_a_kill(path, tmp_path) == ["A"]
    add(store, "C")
    assert codes(store) == as_after_a_kill(path, tmp_path) == ["A", "C"]


def test_after_a_disk_error_nothing_is_written_until_the_log_is_cut_and_synced(store, path, monkeypatch):
    add(store, "A")
    writing_ = store._writing
    writing_._distrust()

    def refuses(_place):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(writing, "synced", refuses)
    for code in ("B", "C"):
        with pytest.raises(StoreUnavailable):
            add(store, code)
    assert codes(store) == ["A"]
    monkeypatch.undo()
    assert beside(path, "wal").stat().st_size == 0
    add(store, "D")
    assert codes(store) == ["A", "D"]


def test_a_unit_of_work_that_sqlite_has_rolled_back_by_itself_is_not_taken_for_committed(store):
    def silently_undone():
        with store.write() as uow:
            uow.institutions.add(Institution("A", "x", "cn", "t", "Asia/Shanghai", "CNY", "gregorian", NOW))
            uow._connection.connection.driver_connection.execute("ROLLBACK")

    with pytest.raises(StoreUnavailable, match="by itself"):
        silently_undone()
    assert codes(store) == []
    add(store, "B")
    assert codes(store) == ["B"]


def test_an_ordinary_mistake_casts_no_doubt_on_the_disk(store):
    def mistaken():
        with store.write() as uow:
            uow._connection.exec_driver_sql("insert into counter (name, value) values ('a', null)")

    with pytest.raises(StoreError):
        mistaken()
    assert not store._writing._doubt


def test_the_log_is_folded_in_by_the_writer_and_does_not_grow_for_ever(store, path, monkeypatch):
    monkeypatch.setattr(limits, "WAL_PAGES_EASY", 50)
    sizes = []
    for number in range(60):
        add(store, f"H{number}")
        sizes.append(beside(path, "wal").stat().st_size)
    assert max(sizes) < 60 * 4_200 * 2
    assert path.stat().st_size > 30 * 20_000


def test_the_log_is_folded_in_when_the_store_closes(path):
    store = Store(f"sqlite:///{path}")
    store.open()
    add(store, "A")
    store.close()
    assert not beside(path, "wal").exists()


# -- a disk that refuses to sync ----------------------------------------------------------------------------------

CHILD = """
import os, sys
from central_sync.errors import StoreError
from central_sync.store import Store
from tests.central_sync.store.test_writing import add, codes
from tests.faults.shim import set_now
url, step = sys.argv[1], sys.argv[2]
store = Store(url, serving=True)
store.open()
add(store, "A")
set_now(sync_fail_in=1, sync_fail_times=-1)
for code in "BC":
    try:
        add(store, code)
    except StoreError as error:
        print("told", type(error).__name__, flush=True)
if step == "kill at once":
    os._exit(9)
set_now(sync_fail_in=0, sync_fail_times=0)
add(store, "D")
print("told", *codes(store), flush=True)
os._exit(9)
"""


@pytest.mark.parametrize("step", ["kill at once", "go on and be killed"])
def test_what_was_refused_when_the_disk_would_not_sync_is_whole_or_gone_and_what_came_later_stays(
    path, tmp_path_factory, tmp_path, step
):
    with Shim(path.parent, tmp_path_factory.mktemp("control") / "control") as shim:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, f"sqlite:///{path}", step],
            env={**os.environ, **shim.environment()},
            cwd=tree.ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 9, done.stderr
    told = [line.removeprefix("told ") for line in done.stdout.splitlines() if line.startswith("told ")]
    assert told[:2] == ["StoreUnavailable"] * 2
    found = as_after_a_kill(path, tmp_path)
    if step == "kill at once":
        assert found in (["A"], ["A", "B"])  # B was told as unknown: either is true to that; C was never begun
    else:
        assert told[2:] == ["A D"]
        assert found == ["A", "D"]
