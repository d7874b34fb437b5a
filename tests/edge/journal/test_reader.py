"""Reading beside the writer: who waits when it ends is told so, and is not taken for cancelled."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalError, JournalUnavailable
from edge.journal import Journal
from edge.journal.reader import THREADS, Reader
from tests.edge.journal.drafts import draft


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


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("update segment set body = zeroblob(length(body))", "a sealed part of the journal was altered"),
        (None, "the journal's file is damaged"),
    ],
)
async def test_what_cannot_be_read_is_told_with_what_is_wrong(tmp_path: Path, damage: str | None, told: str) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path)
    await journal.open()
    await journal.append(draft("m1"))
    await journal.close()
    if damage is None:
        path.write_bytes(bytes(range(1, 101)))
    else:
        with closing(sqlite.connect(path)) as connection:
            connection.execute(damage)
            connection.commit()
    with pytest.raises(JournalError, match=told):
        await _latest(path)


async def _latest(path: Path) -> None:
    beside = Journal(path)
    await beside.open(read_only=True)
    try:
        await beside.latest(1)
    finally:
        await beside.close()
