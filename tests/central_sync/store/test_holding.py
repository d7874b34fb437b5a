"""Who may open a SQLite database when, and that its write-ahead file is on the disk before it is read."""

import os
import subprocess
import sys

import pytest

from central_sync.errors import StoreUnavailable
from central_sync.store import Store, migrate
from central_sync.store.holding import Holding, beside, copied

HOLD = """
import sys
from pathlib import Path
from central_sync.store.holding import Holding
Holding(Path(sys.argv[1]), serving=sys.argv[2] == "hub").take()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "hub.db"
    migrate(f"sqlite:///{path}")
    return path


class Other:
    """Another process that has the database."""

    def __init__(self, path, kind):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "held\n"

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=20)


def test_one_hub_serves_a_file_and_commands_run_beside_it(path):
    hub = Other(path, "hub")
    try:
        with pytest.raises(StoreUnavailable, match="another hub"):
            Store(f"sqlite:///{path}", serving=True).open()
        command = Store(f"sqlite:///{path}")
        command.open()
        with command.write() as uow:
            assert uow.institutions.all() == []
        command.close()
    finally:
        hub.kill()
    after = Store(f"sqlite:///{path}", serving=True)
    after.open()
    after.close()


def test_a_command_does_not_keep_a_hub_from_starting(path):
    command = Other(path, "command")
    try:
        hub = Holding(path, serving=True)
        hub.take()
        hub.drop()
    finally:
        command.kill()


def test_the_write_ahead_file_is_copied_only_by_who_is_alone(path):
    log = beside(path, "wal")
    log.write_bytes(b"frames")
    before = log.stat().st_ino
    other = Other(path, "command")  # it is the first, and copies
    try:
        copy = log.stat().st_ino
        assert (copy != before, log.read_bytes()) == (True, b"frames")
        with_others = Holding(path, serving=True)
        with_others.take()
        with_others.drop()
        assert log.stat().st_ino == copy
    finally:
        other.kill()
    assert not list(path.parent.glob("*.copy"))


def test_a_copy_that_fails_leaves_the_file_as_it_was(path, monkeypatch):
    log = beside(path, "wal")
    log.write_bytes(b"frames")

    def refuses(_descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuses)
    with pytest.raises(OSError, match="Input/output"):
        copied(log)
    assert log.read_bytes() == b"frames"
    with pytest.raises(StoreUnavailable, match="Input/output"):
        Holding(path, serving=True).take()
    monkeypatch.undo()
    held = Holding(path, serving=True)
    held.take()
    held.drop()


def test_nothing_is_copied_where_nothing_is(tmp_path):
    copied(tmp_path / "none-wal")
    assert list(tmp_path.iterdir()) == []
