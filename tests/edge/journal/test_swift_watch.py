"""Whether the disk is quick is the disk's affair: callers who keep the loop busy do not make it a slow one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from edge.journal import Appended, Journal, commits, swift, writer
from tests.edge.journal.disks import on_a_quick_disk
from tests.edge.journal.drafts import draft, learned, own
from tests.patience import HUNG_S

SLOW_S = 0.02
ROUNDS = 8


async def test_callers_who_take_their_time_make_no_disk_a_slow_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FOLD_IDLE_S", 60.0)
    monkeypatch.setattr(commits, "SWIFT_S_MAX", HUNG_S)
    monkeypatch.setattr(swift, "SWIFT_S_MAX", SLOW_S / 2)
    monkeypatch.setattr(swift, "STANDS_S_MAX", 0.0)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await learned(journal)
    assert own(journal).able, (
        "this file system takes no direct writes, or linux_aio.c was not built: this test needs both"
    )
    on_a_quick_disk(journal, monkeypatch)
    done, by_thread, came = asyncio.Event(), [], 0
    written = journal._writer._commits.written
    monkeypatch.setattr(journal._writer._commits, "written", lambda begun: (by_thread.extend(begun), written(begun))[1])

    def told(answer: Appended | Exception) -> None:
        nonlocal came
        assert isinstance(answer, Appended)
        came += 1
        time.sleep(SLOW_S)  # its answer is long
        if came < ROUNDS:
            journal.appending(draft(f"m{came + 1}"), told)
        elif came == ROUNDS + 1:
            done.set()

    journal.appending(draft("m0"), told)
    await asyncio.sleep(0)
    journal.appending(draft("m1"), told)  # so there is always one that waits while another is told
    async with asyncio.timeout(HUNG_S):
        await done.wait()
    assert not by_thread
    await journal.close()
