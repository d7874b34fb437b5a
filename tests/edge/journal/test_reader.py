"""Reading beside the writer: who waits when it ends is told so, and is not taken for cancelled."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from edge.errors import JournalUnavailable
from edge.journal import Journal
from edge.journal.reader import THREADS, Reader


async def test_reads_that_wait_when_it_ends_are_told_and_a_caller_who_leaves_is_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    reader = Reader(journal.path)
    await reader.start()
    go = threading.Event()
    running = [asyncio.create_task(reader.do(lambda _: go.wait(5))) for _ in range(THREADS)]
    queued = asyncio.create_task(reader.do(lambda _: True))
    leaving = asyncio.create_task(reader.do(lambda _: True))
    await asyncio.sleep(0.05)
    leaving.cancel()
    stopping = asyncio.create_task(reader.stop())
    await asyncio.sleep(0.05)
    go.set()
    await stopping
    assert await asyncio.gather(*running) == [True] * THREADS
    with pytest.raises(JournalUnavailable):
        await queued
    with pytest.raises(asyncio.CancelledError):
        await leaving
    with pytest.raises(JournalUnavailable):
        await reader.do(lambda _: True)
    await journal.close()
