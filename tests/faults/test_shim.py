"""The shim does to a program's files what its control file says, and to no others."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disk import Kind, read_trace
from tests.faults.shim import Shim
from tests.programs import ROOT

PROGRAM = """
import os, sys
def tell(word): os.write(1, f"{word} ".encode())
fd = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR | (os.O_DSYNC if sys.argv[1].endswith("-slate") else 0))
for step in sys.argv[2:]:
    try:
        if step == "sync": os.fsync(fd)
        elif step == "cut": os.ftruncate(fd, 3)
        elif step == "allot": os.posix_fallocate(fd, 0, 100)
        elif step == "shorten": os.truncate(sys.argv[1], 2)
        else: tell(os.write(fd, step.encode()) if step[0] != "@" else os.pwrite(fd, step.encode(), 100)); continue
        tell(step)
    except OSError as error:
        tell(error.errno)
"""


@pytest.fixture
def shim(tmp_path: Path) -> Iterator[Shim]:
    (tmp_path / "disk").mkdir()
    with Shim(tmp_path / "disk", tmp_path / "control", tmp_path / "trace") as made:
        yield made


def run(shim: Shim, *steps: str, name: str = "file") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(shim.folder / name), *steps],
        env=os.environ | shim.environment(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.stdout.split()


def test_a_good_disk_changes_nothing_and_everything_is_written_down(shim: Shim) -> None:
    said = run(shim, "hello", "sync", "cut", "shorten", "allot", "@x")
    assert said == ["5", "sync", "cut", "shorten", str(errno.EOPNOTSUPP), "2"], (
        "room that is not written is not seen by us"
    )
    assert (shim.folder / "file").read_bytes() == b"he" + bytes(98) + b"@x"
    assert (shim["writes"], shim["syncs"], shim["written_bytes"]) == (2, 1, 7)
    kinds = [one.kind for one in read_trace(shim.control.with_name("trace")) if one.kind is not Kind.TOLD]
    assert kinds == [Kind.CREATE, Kind.WRITE, Kind.SYNC, Kind.TRUNCATE, Kind.TRUNCATE, Kind.WRITE]


def test_the_nth_sync_fails_and_the_next_ones_as_often_as_told(shim: Shim) -> None:
    shim["sync_fail_in"] = 2
    shim["sync_fail_times"] = 2
    eio = str(errno.EIO)
    assert run(shim, "a", "sync", "sync", "sync", "sync") == ["1", "sync", eio, eio, "sync"]
    kinds = [one.kind for one in read_trace(shim.control.with_name("trace"))]
    assert kinds.count(Kind.SYNC_FAILED) == 2


def test_a_file_that_syncs_each_write_meets_the_faults_of_both(shim: Shim) -> None:
    shim["wal_only"] = 1
    shim["sync_fail_in"] = 2
    assert run(shim, "a", "b", "c", name="x-slate") == ["1", str(errno.EIO), "1"]
    assert shim["syncs"] == 3
    kinds = [one.kind for one in read_trace(shim.control.with_name("trace")) if one.kind is not Kind.TOLD]
    assert kinds == [Kind.CREATE, Kind.WRITE, Kind.SYNC, Kind.WRITE, Kind.SYNC_FAILED, Kind.WRITE, Kind.SYNC]
    shim["write_fail_in"] = 1
    assert run(shim, "d", name="x-slate") == [str(errno.EIO)]
    assert shim["syncs"] == 3


BESIDE = """
import asyncio, os, sys
from edge.platform.linux_aio import aio, direct
BLOCK = 4096
async def main():
    loop, ended = asyncio.get_running_loop(), []
    def told(error): ended[-1].set_result(error.errno if error else 0)
    writes, fd = aio(loop, told, 2 * BLOCK), direct(sys.argv[1])
    turns = 0
    for step in sys.argv[2:]:
        ended.append(loop.create_future())
        writes.memory[:] = step.encode() * (2 * BLOCK)
        writes.write(fd, 2 * BLOCK, 0)
        while not ended[-1].done():
            await asyncio.sleep(0.001)
            turns += 1
        os.write(1, f"{ended[-1].result()} ".encode())
    os.write(1, b"turned " if turns > 20 else b"stood ")
asyncio.run(main())
"""


def test_a_write_that_nobody_waits_for_meets_the_faults_of_both_and_keeps_nobody(shim: Shim) -> None:
    slate = shim.folder / "x-slate"
    slate.write_bytes(bytes(8192))
    shim["wal_only"], shim["sync_fail_in"], shim["write_fail_in"], shim["write_torn"] = 1, 2, 4, 1
    shim["sync_delay_us"] = 100_000
    done = subprocess.run(
        [sys.executable, "-c", BESIDE, str(slate), "a", "b", "c", "d"],
        env=os.environ | shim.environment(), cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["0", str(errno.EIO), "0", str(errno.EIO), "turned"], done.stderr
    assert slate.read_bytes() == b"d" * 4096 + b"c" * 4096
    assert (shim["writes"], shim["syncs"]) == (4, 3)


def test_a_write_that_fails_writes_nothing_or_half(shim: Shim) -> None:
    shim["write_fail_in"] = 2
    assert run(shim, "aa", "bbbb", "cc") == ["2", str(errno.EIO), "2"]
    assert (shim.folder / "file").read_bytes() == b"aacc"
    shim["write_fail_in"] = shim["write_torn"] = 1
    assert run(shim, "bbbb", name="other") == [str(errno.EIO)]
    assert (shim.folder / "other").read_bytes() == b"bb"


def test_a_full_disk_takes_what_fits_and_what_does_not_grow(shim: Shim) -> None:
    shim["room_bytes"] = 3
    assert run(shim, "ab", "cde", "f", "sync") == ["2", "1", str(errno.ENOSPC), "sync"]
    assert run(shim, "xyz") == ["3"], "what is there may be written over"
    shim["room_bytes"] = -1
    assert run(shim, "uvwxyz") == ["6"]


def test_a_read_only_disk_takes_nothing(shim: Shim) -> None:
    assert run(shim, "ab") == ["2"]
    shim["read_only"] = 1
    (shim.folder / "there").touch()
    done = subprocess.run(
        [sys.executable, "-c", "import os,sys; os.write(os.open(sys.argv[1], os.O_RDWR), b'x')", str(shim.folder / "there")],
        env=os.environ | shim.environment(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert "Errno 30" in done.stderr


def test_the_power_goes_at_the_nth_call(shim: Shim) -> None:
    shim["kill_in"] = 4  # making the file is one
    assert run(shim, "a", "b", "c", "d") == ["1", "1"]
    assert (shim.folder / "file").read_bytes() == b"ab"


def test_a_slow_disk_is_slow_at_each_sync(shim: Shim) -> None:
    shim["sync_delay_us"] = 100_000
    began = time.monotonic()
    run(shim, "sync", "sync", "sync")
    assert time.monotonic() - began >= 0.3


def test_other_folders_are_left_alone(shim: Shim, tmp_path: Path) -> None:
    shim["write_fail_in"] = shim["sync_fail_in"] = 1
    shim["write_fail_times"] = shim["sync_fail_times"] = -1
    assert run(shim, "a", "sync", name="../elsewhere") == ["1", "sync"]
    assert (tmp_path / "elsewhere").read_bytes() == b"a"
