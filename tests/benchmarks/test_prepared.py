"""A journal made in bulk is one that an edge could have made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.claims import Packets
from benchmarks.prepared import Prepared
from central_sync.wire.messages import ItemAnswer, Verdict
from edge.errors import JournalError
from edge.journal import Journal, files, verify
from edge.journal.sealing import Vault

ANSWERS = [
    ItemAnswer(msgid=f"m-{place}", verdict=Verdict.FINAL, decided_at=datetime(2025, 3, 20, tzinfo=UTC))
    for place in range(20)
]


def test_a_journal_made_in_bulk_is_whole_and_goes_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        path, packets = tmp_path / "journal.db", Packets(1)
        journal = Journal(path)
        await journal.open()
        await journal.close()
        drafts = [packets.draft() for _ in range(100)]
        Prepared(path, 8).write(drafts, 40, ANSWERS)
        await journal.open()
        assert (await journal.stats()).entries == {"open": 60, "final": 40}
        assert await journal.check() == []
        again, fresh = await journal.append(drafts[70]), await journal.append(packets.draft())
        assert (again.fresh, fresh.fresh) == (False, True)
        await journal.close()
        with files.reading(path) as c:
            report = verify.verify(c, Vault.open(tmp_path, create=False), "H001", {}, lambda *_: None)
        assert (report.wrong, report.head) == (0, 1 + 100 + 2 + 1)

    asyncio.run(scenario())


def test_what_was_not_closed_in_good_order_is_left_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "journal.db"
        journal = Journal(path)
        await journal.open()
        with pytest.raises(JournalError):
            Prepared(path, 8).write([])
        await journal.close()

    asyncio.run(scenario())
