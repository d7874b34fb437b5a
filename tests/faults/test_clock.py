"""The clock jumps, by hours and by months, forwards and back: order is the journal's own, and nothing is lost to a day that ended twice."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from edge.journal import Journal
from tests.edge.journal.drafts import draft

BEGAN = datetime(2025, 6, 1, 22, 0, tzinfo=UTC)
JUMPS = [timedelta(seconds=1), timedelta(hours=3), timedelta(hours=-5), timedelta(days=40), timedelta(days=-41)]


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_clock_does_order_stays_and_nothing_is_lost(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, now, told = random.Random(seed), [BEGAN], []
    monkeypatch.setattr(time, "time_ns", lambda: int(now[0].timestamp() * 1_000_000) * 1000)
    journal = Journal(tmp_path / "journal.db")
    for life in range(3):
        await journal.open()
        for count in range(20):
            now[0] += chance.choice(JUMPS)
            told.append((f"m{life}-{count}", now[0]))
            await journal.append(draft(told[-1][0], recorded_at=now[0]))
        await journal.close()
    await journal.open()
    assert await journal.check() == []
    waiting = await journal.waiting(0, 1000)
    kept = await journal.sendables([one.seq for one in waiting])
    assert [(kept[one.seq].msgid, kept[one.seq].recorded_at) for one in waiting] == told, (
        "in the order in which they came"
    )
    seen = sum([len((await journal.window(at, at + timedelta(hours=1)))[0]) for at in {_hour(at) for _, at in told}])
    assert seen == len(told), "each is compared with the hub once, by what its own stamp says"
    days = await journal.keeping.day_roots((max(at for _, at in told) + timedelta(days=2)).date())
    assert [one.day for one in days] == sorted({one.day for one in days})
    assert (days[0].first, days[-1].last) == (1, journal.head), "every record is in one day's root"
    assert all(after.first == before.last + 1 for before, after in pairwise(days))
    await journal.close()


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
