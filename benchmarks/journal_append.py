"""How many transactions a second the journal makes durable, against a bare file with one sync for each.

Both write the same packets to the same disk in the same run. The journal gathers whatever waits into one commit, so that with
many callers it beats the bare file, which cannot; with one caller at a time it must not be much slower than the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.figure import Figure
from edge.journal import Draft, Journal

CALLERS = 64
TRANSACTIONS = 4_096
ALONE = 256
PACKET = bytes(range(256)) * 4
DAY = date(2025, 3, 20)
AT = datetime(2025, 3, 20, 6, 0, tzinfo=UTC)


def _draft(number: int) -> Draft:
    msgid = f"m-{number}"
    return Draft(
        institution="H001",
        msgid=msgid,
        number="2204",
        digest=hashlib.sha256(msgid.encode()).digest(),
        packet=PACKET,
        recorded_at=AT,
        business_day=DAY,
        hid="0000000000010186",
        lane=f"lane-{number % CALLERS}",
    )


def _bare(path: Path, count: int) -> float:
    """Appends a second to a bare file, each with fdatasync."""
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        started = time.perf_counter()
        for _ in range(count):
            os.write(descriptor, PACKET)
            os.fdatasync(descriptor)
        return count / (time.perf_counter() - started)
    finally:
        os.close(descriptor)


async def _journal(path: Path, callers: int, count: int) -> float:
    """Appends a second to a fresh journal, by ``callers`` who each wait for their own."""
    journal = Journal(path)
    await journal.open()
    try:

        async def caller(first: int) -> None:
            for number in range(first, count, callers):
                await journal.append(_draft(number))

        started = time.perf_counter()
        await asyncio.gather(*(caller(first) for first in range(callers)))
        return count / (time.perf_counter() - started)
    finally:
        await journal.close()


def measure() -> Iterable[Figure]:
    """Appends a second: 64 callers at once, and one alone."""
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(Path(folder) / "bare", ALONE)
        many = asyncio.run(_journal(Path(folder) / "many.db", CALLERS, TRANSACTIONS))
        alone = asyncio.run(_journal(Path(folder) / "alone.db", 1, ALONE))
    against = "a bare file, append and fdatasync each"
    yield Figure("journal-append-many", many, "/s", bare, 1.0, False, "64 callers at once", against)
    yield Figure("journal-append-alone", alone, "/s", bare, 0.2, False, "one caller at a time", against)
