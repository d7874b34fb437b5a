"""The room on the disk: without it new work is refused in words, what is open ends all the same, and it comes back by itself."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from central_sync.wire.refusals import Refused
from edge.journal import Journal
from edge.limits import CAPACITY_LOOK_S
from edge.outcome import Outcome
from edge.room import Room
from tests.edge.journal.drafts import applied, draft

FillDisk = Callable[[int], None]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FillDisk:
    """Makes every disk have so many bytes free of a terabyte."""

    def set_free(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=2**40, used=2**40 - free, free=free))

    return set_free


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    await journal.close()


async def _later() -> None:
    await asyncio.sleep(CAPACITY_LOOK_S * 1.2)


async def test_on_a_disk_that_is_nearly_full_new_work_is_refused_and_what_is_open_ends(
    journal: Journal, tmp_path: Path, disk: FillDisk
) -> None:
    room = Room(tmp_path)
    journal.refuse_new(room.refuses)
    disk(2**35)
    first = await journal.append(draft("m1"))
    fence = await journal.append(draft("fence", number="2207"))
    disk(2**20)
    await _later()
    with pytest.raises(Refused, match="journal_full"):
        await journal.append(draft("m2"))
    assert await journal.find("H1", "m2") is None
    again = await journal.append(draft("m1"))
    assert not again.fresh, "a resend is told how the first one stands"
    assert (await journal.append(draft("confirm", number="49", follows="m1"))).fresh, "what ends another is taken"
    await journal.receive(applied(first.standing.seq), None, datetime.now(UTC))
    await journal.withdraw(fence.standing.seq, "line_down", datetime.now(UTC))
    standings = await journal.standings([first.standing.seq, fence.standing.seq])
    assert [one.outcome for one in standings.values()] == [Outcome.FINAL, Outcome.REFUSED]
    disk(2**35)
    await _later()
    assert (await journal.append(draft("m2"))).fresh, "and when there is room again, nobody has to do anything"


async def test_it_tells_how_many_hours_are_left(journal: Journal, tmp_path: Path, disk: FillDisk) -> None:
    disk(2**35)
    room = Room(tmp_path)
    await room.start(journal.keeping, datetime.now(UTC))
    assert room.capacity().hours_left is None, "nothing was ever written"
    now = datetime.now(UTC)
    await asyncio.gather(*[journal.append(draft(f"m{i}", packet=b"p" * 50_000, recorded_at=now)) for i in range(100)])
    await asyncio.to_thread(lambda: None)
    await journal.close()
    await journal.open()
    again = Room(tmp_path)
    await again.start(journal.keeping, now + timedelta(hours=1))
    capacity = again.capacity()
    assert capacity.bytes_per_hour is not None
    assert capacity.bytes_per_hour > 100 * 50_000 / 24
    assert capacity.hours_left is not None
    assert not capacity.full


def test_a_disk_that_cannot_be_asked_takes_nothing_on(tmp_path: Path) -> None:
    assert Room(tmp_path / "gone").refuses() == "journal_full"
    assert Room(tmp_path / "gone").capacity().full
