"""The window, the lanes and the loader together against a model: nothing is lost, nothing overtakes, little is in memory."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from edge.journal.shapes import Pending
from edge.limits import LANE_ENTRIES_MAX
from edge.uplink import loading
from edge.uplink.lanes import Lanes, Work
from edge.uplink.loading import Loader


class Book:
    """The journal as the loader reads it: what is open, by seq; a reading takes a moment."""

    def __init__(self) -> None:
        self.open: dict[int, Pending] = {}
        self.head = 0

    @property
    def open_count(self) -> int:
        return len(self.open)

    async def waiting(self, after: int, limit: int) -> list[Pending]:
        rows = [r for s, r in sorted(self.open.items()) if s > after][:limit]
        await asyncio.sleep(0)
        return rows

    async def waiting_in_lane(self, lane: int, before: int) -> list[Pending]:
        rows = [r for s, r in sorted(self.open.items()) if r.lane == lane and s < before][:LANE_ENTRIES_MAX]
        await asyncio.sleep(0)
        return rows


class World:
    """A journal, the lanes and the loader, driven at random; ``sent`` is what the hub decided, in order, by lane."""

    def __init__(self, seed: int, backlog: int) -> None:
        self.chance = random.Random(seed)
        self.book = Book()
        self.sent: dict[int, list[int]] = {}
        self.all: dict[int, list[int]] = {}
        self.urgent: set[int] = set()
        self.parked: set[int] = set()
        self.ever_parked: set[int] = set()
        for _ in range(backlog):
            self.append()
        self.lanes = Lanes(aside={0})
        self.loader = Loader(self.book, self.lanes, lambda: None)  # type: ignore[arg-type]
        self.loader.start()
        self.flights: list[list[Work]] = []
        self.now = 0.0
        self.most = 0

    def append(self) -> Pending:
        self.book.head += self.chance.choice([1, 1, 2])
        lane = min(self.chance.randrange(6), self.chance.randrange(6))
        made = Pending(seq=self.book.head, lane=lane, number="2204", size=10)
        self.book.open[made.seq] = made
        self.all.setdefault(lane, []).append(made.seq)
        return made

    def arrive(self) -> None:
        """As the uplink's carry."""
        made = self.append()
        urgent = self.chance.random() < 0.5
        if not urgent and (self.loader.crowded or self.lanes.beyond(made.lane, made.seq)):
            self.loader.window.left_out(made.seq)
            return
        self.lanes.add(Work(key=made.seq, lane=made.lane, number="2204", size=10, urgent=urgent))
        if urgent:
            self.urgent.add(made.seq)
        if self.loader.window.outside:
            self.lanes.cut(made.lane)
        self.loader.window.arrived(made.seq)

    def calm_one(self) -> None:
        if self.urgent:
            self.calm(self.chance.choice(sorted(self.urgent)))

    def calm(self, seq: int) -> None:
        """As the uplink's calm."""
        self.urgent.discard(seq)
        work = self.lanes.get(seq)
        if work is None:
            return
        self.lanes.calm(seq)
        if self.loader.crowded or self.lanes.beyond(work.lane, work.order):
            for key in self.lanes.spill(work.lane):
                self.loader.window.left_out(key)

    def send(self) -> None:
        batch = self.lanes.take_urgent(self.now, 4, 1000, 2) or self.lanes.take_backlog(self.now, 6, 1000)
        if batch:
            self.flights.append(batch)
        for work in batch:
            older = [s for s in self.all[work.lane] if s < work.key and s not in self.sent.get(work.lane, [])]
            taken = {w.key for w in batch}
            passed = self.parked | self.ever_parked if work.lane == 0 else set()
            assert set(older) <= taken | passed, "nothing of a lane overtakes what is older, wherever that is"

    def land(self) -> None:
        if not self.flights:
            return
        batch = self.flights.pop(self.chance.randrange(len(self.flights)))
        broken = self.chance.random() < 0.2
        stopped: set[int] = set()
        for work in batch:
            if broken or work.lane in stopped:
                continue
            luck = self.chance.random()
            if luck < 0.1:
                stopped.add(work.lane)
            elif luck < 0.2:
                self.book.open[work.key] = Pending(seq=work.key, lane=work.lane, number="2204", size=10, parked=True)
                self.lanes.park(work.lane, work.key)
                self.loader.window.gone(work.key)
                self.parked.add(work.key)
                self.ever_parked.add(work.key)
                stopped.add(work.lane)
            else:
                del self.book.open[work.key]
                self.lanes.remove(work.key)
                self.loader.window.gone(work.key)
                self.urgent.discard(work.key)
                self.sent.setdefault(work.lane, []).append(work.key)
        for lane in stopped:
            self.lanes.rest(lane, self.now + self.chance.randrange(3))
        self.lanes.landed(batch)

    def release(self) -> None:
        if not self.parked:
            return
        seq = self.chance.choice(sorted(self.parked))
        self.parked.discard(seq)
        found = self.book.open[seq]
        self.book.open[seq] = Pending(seq=seq, lane=found.lane, number="2204", size=10)
        self.lanes.unpark(found.lane, seq)
        self.loader.window.released()

    async def step(self, acts: list[Any]) -> None:
        self.now += 1
        self.chance.choice(acts)()
        self.loader.look(sending=self.chance.random() < 0.7)
        self.most = max(self.most, len(self.lanes))
        if self.chance.random() < 0.5:
            await asyncio.sleep(0)


@pytest.mark.parametrize("block", range(6))
async def test_a_small_window_loses_nothing_and_keeps_every_lane_in_order(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Random arrivals, answers, breaks, parkings, releases and readings, with a window so small that it is always too small."""
    monkeypatch.setattr(loading, "WINDOW_ENTRIES_MAX", 8)
    monkeypatch.setattr(loading, "WINDOW_READ_ENTRIES", 4)
    monkeypatch.setattr(loading, "LANE_WINDOW_MAX", 3)
    monkeypatch.setattr(loading, "LANE_ENTRIES_MAX", 5)
    monkeypatch.setattr(f"{__name__}.LANE_ENTRIES_MAX", 5)
    for seed in range(block * 60, block * 60 + 60):
        world = World(seed, backlog=seed % 50)
        acts = [
            world.arrive,
            world.arrive,
            world.calm_one,
            world.send,
            world.send,
            world.land,
            world.land,
            world.release,
        ]
        for _ in range(200):
            await world.step(acts)
        for _ in range(4000):
            if not world.book.open:
                break
            for seq in sorted(world.urgent):
                world.calm(seq)
            await world.step([world.send, world.land, world.release])
        assert not world.book.open, f"seed {seed}: something is never sent"
        assert len(world.lanes) == 0
        for lane, sent in world.sent.items():
            assert sorted(sent) == world.all[lane], "everything once"
            assert lane == 0 or sent == world.all[lane], "in order"
        await world.loader.stop()
