"""The edge's day roots against a real hub: every missing day once, and nothing is kept that the hub did not sign."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from central_sync.wire.limits import ROOTS_PER_OFFER_MAX
from edge import identity, signers
from edge.journal.days import Day
from edge.journal.records import Root
from edge.journal.verify import signature_wrong
from edge.line import Line
from edge.roots import DayRoots
from edge.signers import Signers
from tests.edge.test_renewal import World, now

LIFE = bytes(range(16))


class Ledger:
    """Days and the roots that were kept, as a journal has them."""

    def __init__(self, days: int) -> None:
        today = now().date()
        self.days = [
            Day(day=today - timedelta(days=n), first=1000 - 10 * n, last=1009 - 10 * n, root=bytes([n]) * 32)
            for n in range(days, 0, -1)
        ]
        self.kept: dict[str, Root] = {}

    async def day_roots(self, today: date) -> list[Day]:
        return [day for day in self.days if day.day < today and day.day.isoformat() not in self.kept]

    async def keep_roots(self, roots: list[Root]) -> None:
        self.kept |= {root.day: root for root in roots}


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
    own = Signers(world.home, lambda: world.who.authority, line.signers)
    return DayRoots(line, journal, lambda: LIFE, own, lambda: identity.load(world.home), now)


async def test_every_missing_day_is_signed_once_by_both_also_after_a_long_outage(world: World, line: Line) -> None:
    journal = Ledger(ROOTS_PER_OFFER_MAX + 6)
    roots = job(world, line, journal)
    await roots.run()
    assert sorted(journal.kept) == [day.day.isoformat() for day in journal.days]
    first = dict(journal.kept)
    await roots.run()
    assert journal.kept == first
    with world.store.read() as uow:
        assert uow.roots.get("H1", LIFE, journal.days[0].day) is not None


async def test_an_answer_that_was_lost_is_had_again(world: World, line: Line) -> None:
    journal = Ledger(1)
    await job(world, line, journal).run()
    (first,) = journal.kept.values()
    journal.kept.clear()
    await job(world, line, journal).run()
    (again,) = journal.kept.values()
    assert (again.countersignature, again.at) == (first.countersignature, first.at)
    known = {name: one.key for name, one in signers.known(world.home, world.who.authority).items()}
    assert signature_wrong(again, "H1", known) == "", "what `journal verify` finds"


async def test_a_root_that_changed_after_it_was_signed_is_told_and_not_kept(world: World, line: Line) -> None:
    journal = Ledger(2)
    await job(world, line, journal).run()
    journal.kept.clear()
    journal.days[0] = msgspec.structs.replace(journal.days[0], root=b"x" * 32)
    with capture_logs() as lines:
        await job(world, line, journal).run()
    assert list(journal.kept) == [journal.days[1].day.isoformat()]
    assert "root_differs" in [told.get("code") for told in lines if told["log_level"] == "error"]


async def test_without_a_line_it_is_left_for_the_next_time(world: World, line: Line) -> None:
    journal = Ledger(1)
    await world.hub.stop()
    await job(world, line, journal).run()
    assert journal.kept == {}
