"""The model of a disk that loses its power, tried on plain SQLite: it finds what is known to lose, and nothing else."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults import plain
from tests.faults.disk import Disk, Event, Kind, cuts, lay_down, read_trace
from tests.faults.shim import Shim
from tests.programs import ROOT


def traced(tmp_path: Path, synchronous: str, rows: int = 60) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    with Shim(folder, tmp_path / "control", tmp_path / "trace", skip_sync=1) as shim:
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.plain", str(folder / "plain.db"), synchronous, str(rows)],
            env=os.environ | shim.environment(), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert shim["writes"] > rows
    return tmp_path / "trace"


def found_wrong(trace: Path, count: int, seed: int) -> list[str]:
    wrong = []
    for cut in cuts(trace, count, seed, begin=b"begin"):
        with tempfile.TemporaryDirectory() as folder:
            lay_down(cut.state, Path(folder))
            wrong += [f"cut {cut.at}: {one}" for one in plain.wrong(Path(folder), cut.told)]
    return wrong


def test_what_sqlite_has_told_survives_every_cut_when_it_syncs_each_commit(tmp_path: Path) -> None:
    assert found_wrong(traced(tmp_path, "full"), 200, seed=1) == []


def test_the_model_finds_what_is_lost_when_sqlite_does_not_sync_each_commit(tmp_path: Path) -> None:
    wrong = found_wrong(traced(tmp_path, "normal"), 40, seed=2)
    assert any("lost" in one for one in wrong)
    assert not any("half" in one or "cannot" in one for one in wrong), (
        "the log keeps its order: the end is missing, nothing else"
    )


def test_the_model_finds_the_damage_when_sqlite_never_syncs(tmp_path: Path) -> None:
    wrong = found_wrong(traced(tmp_path, "off"), 60, seed=3)
    assert any("lost" not in one for one in wrong)


def test_a_trace_replayed_whole_is_the_folder_itself(tmp_path: Path) -> None:
    trace = traced(tmp_path, "full", 30)
    disk = Disk()
    for event in read_trace(trace):
        disk.feed(event)
    state = disk.state(random.Random(0), "there")
    folder = tmp_path / "disk"
    assert state == {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith("-shm")}


def event(kind: Kind, offset: int = 0, data: bytes = b"", name: str = "", node: int = 1) -> Event:
    return Event(kind, node, offset, name, data)


@pytest.fixture
def disk() -> Disk:
    disk = Disk()
    for one in (event(Kind.CREATE, name="f"), event(Kind.SYNC_FOLDER)):
        disk.feed(one)
    return disk


def states(disk: Disk) -> set[bytes | None]:
    return {disk.state(random.Random(seed)).get("f") for seed in range(200)}


def test_an_unsynced_write_is_there_or_absent_or_torn_at_sectors(disk: Disk) -> None:
    disk.feed(event(Kind.WRITE, data=b"a" * 1024))
    found = states(disk)
    assert {b"", b"a" * 1024, b"a" * 512, bytes(512) + b"a" * 512} <= found
    assert len(found) == 4
    disk.feed(event(Kind.SYNC))
    assert states(disk) == {b"a" * 1024}


def test_what_a_failed_sync_dropped_is_not_brought_back_by_the_next(disk: Disk) -> None:
    disk.feed(event(Kind.WRITE, data=b"a" * 512))
    disk.feed(event(Kind.SYNC_FAILED))
    disk.feed(event(Kind.WRITE, offset=512, data=b"b" * 512))
    disk.feed(event(Kind.SYNC))
    assert states(disk) == {b"a" * 512 + b"b" * 512, bytes(512) + b"b" * 512}
    disk.feed(event(Kind.TRUNCATE, offset=0))
    disk.feed(event(Kind.WRITE, data=b"c" * 512))
    disk.feed(event(Kind.SYNC))
    assert states(disk) == {b"c" * 512}


def test_a_name_is_certain_after_a_sync_of_the_folder(disk: Disk) -> None:
    disk.feed(event(Kind.CREATE, name="g", node=2))
    disk.feed(event(Kind.WRITE, data=b"new", node=2))
    disk.feed(event(Kind.SYNC, node=2))
    disk.feed(event(Kind.RENAME, name="g", data=b"f"))
    assert states(disk) == {b"", b"new"}
    disk.feed(event(Kind.SYNC_FOLDER))
    assert states(disk) == {b"new"}
    disk.feed(event(Kind.UNLINK, name="f"))
    assert states(disk) == {b"new", None}
