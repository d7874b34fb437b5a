"""The edge's day roots against a real hub: every missing day once, and nothing is kept that the hub did not sign."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from central_sync.wire.limits import ROOTS_PER_OFFER_MAX
from central_sync.wire.messages import DayRoot, RootAnswer
from edge import identity
from edge.line import Line
from edge.roots import DayRoots
from edge.signers import Signers
from tests.edge.test_renewal import World, now


class Day(NamedTuple):
    day: date
    first: int
    last: int
    root: bytes


class Ledger:
    """Days and the roots that were kept, as a journal has them."""

    def __init__(self, days: int) -> None:
        self.life = bytes(range(16))
        today = now().date()
        self.days = [
            Day(today - timedelta(days=n), 10 * n + 1, 10 * n + 9, bytes([n]) * 32) for n in range(days, 0, -1)
        ]
        self.kept: dict[date, tuple[DayRoot, RootAnswer]] = {}

    async def day_roots(self, today: date) -> Sequence[Day]:
        return [day for day in self.days if day.day < today and day.day not in self.kept]

    async def keep_root(self, root: DayRoot, answer: RootAnswer, _now: datetime) -> None:
        self.kept[root.day] = (root, answer)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


@pytest.fixture
async def line(world: World) -> AsyncIterator[Line]:
    line = world.line()
    await line.start()
    yield line
    await line.stop()


def job(world: World, line: Line, journal: Ledger) -> DayRoots:
    signers = Signers(world.home, world.who.authority, line.signers)
    return DayRoots(line, journal, signers, lambda: identity.load(world.home), now)


async def test_every_missing_day_is_signed_once_by_both_also_after_a_long_outage(world: World, line: Line) -> None:
    journal = Ledger(ROOTS_PER_OFFER_MAX + 6)
    roots = job(world, line, journal)
    await roots.run()
    assert sorted(journal.kept) == [day.day for day in journal.days]
    first = dict(journal.kept)
    await roots.run()
    assert journal.kept == first
    with world.store.read() as uow:
        assert uow.roots.get("H1", journal.life, journal.days[0].day) is not None


async def test_an_answer_that_was_lost_is_had_again(world: World, line: Line) -> None:
    journal = Ledger(1)
    await job(world, line, journal).run()
    ((_, first),) = journal.kept.values()
    journal.kept.clear()
    await job(world, line, journal).run()
    ((_, again),) = journal.kept.values()
    assert again == first


async def test_a_root_that_changed_after_it_was_signed_is_told_and_not_kept(world: World, line: Line) -> None:
    journal = Ledger(2)
    await job(world, line, journal).run()
    journal.kept.clear()
    journal.days[0] = journal.days[0]._replace(root=b"x" * 32)
    with capture_logs() as lines:
        await job(world, line, journal).run()
    assert list(journal.kept) == [journal.days[1].day]
    assert "root_differs" in [told.get("code") for told in lines if told["log_level"] == "error"]


async def test_without_a_line_it_is_left_for_the_next_time(world: World, line: Line) -> None:
    journal = Ledger(1)
    await world.hub.stop()
    await job(world, line, journal).run()
    assert journal.kept == {}


async def test_a_journal_without_a_life_has_no_roots(world: World, line: Line) -> None:
    journal = Ledger(1)
    journal.life = b""
    await job(world, line, journal).run()
    assert journal.kept == {}
