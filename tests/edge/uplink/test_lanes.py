"""The scheduler against a model: order in a lane, one batch in flight, nothing lost, nobody starved."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.lanes import Lanes, Work


def work(key: int, lane: str = "a", **more: object) -> Work:
    return Work(key=key, lane=lane, number="2204", size=10, **more)  # type: ignore[arg-type]


def keys(batch: list[Work]) -> list[int]:
    return [w.key for w in batch]


def test_an_urgent_item_takes_its_lanes_earlier_work_with_it_and_no_later() -> None:
    lanes = Lanes()
    for key in (1, 2):
        lanes.add(work(key))
    lanes.add(work(3, urgent=True))
    lanes.add(work(4))
    lanes.add(work(5, "b"))
    assert keys(lanes.take(0, 10, 1000, 1, backlog=True)) == [1, 2, 3]
    assert keys(lanes.take(0, 10, 1000, 1, backlog=True)) == [5], "the first lane has its batch in flight"


def test_urgent_lanes_are_divided_among_those_who_are_free() -> None:
    lanes = Lanes()
    for key in range(1, 9):
        lanes.add(work(key, f"l{key}", urgent=True))
    assert keys(lanes.take(0, 100, 1000, 4, backlog=False)) == [1, 2]


def test_a_backlog_is_left_to_those_who_may_carry_it() -> None:
    lanes = Lanes()
    lanes.add(work(1))
    assert lanes.take(0, 10, 1000, 1, backlog=False) == []
    assert lanes.ready(0)


def test_batches_are_bounded_by_items_and_bytes_but_one_always_fits() -> None:
    lanes = Lanes()
    for key in range(1, 8):
        lanes.add(work(key))
    first = lanes.take(0, 3, 1000, 1, backlog=True)
    assert keys(first) == [1, 2, 3]
    lanes.landed(first)
    second = lanes.take(0, 10, 25, 1, backlog=True)
    assert keys(second) == [1, 2]
    lanes.landed(second)
    assert keys(lanes.take(0, 10, 5, 1, backlog=True)) == [1]


def test_a_lane_that_rests_holds_nobody_else_and_wakes_by_itself_or_when_somebody_waits() -> None:
    lanes = Lanes()
    lanes.add(work(1))
    lanes.add(work(2, "b"))
    lanes.rest("a", 5.0)
    assert keys(lanes.take(0, 10, 1000, 1, backlog=True)) == [2]
    assert lanes.next_wake() == 5.0
    assert not lanes.ready(4.9)
    assert lanes.ready(5.0)
    lanes.rest("a", 9.0)
    lanes.hurry(1)
    assert keys(lanes.take(6.0, 10, 1000, 1, backlog=False)) == [1]


def test_what_is_removed_in_flight_does_not_come_back() -> None:
    lanes = Lanes()
    lanes.add(work(1))
    batch = lanes.take(0, 10, 1000, 1, backlog=True)
    lanes.remove(1)
    lanes.add(work(2))
    assert lanes.take(0, 10, 1000, 1, backlog=True) == []
    lanes.landed(batch)
    assert keys(lanes.take(0, 10, 1000, 1, backlog=True)) == [2]


class Model:
    """Random acts on the lanes, and what must have come of them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.lanes = Lanes()
        self.flights: list[list[Work]] = []
        self.now = 0.0
        self.key = 0
        self.added: dict[str, list[int]] = {}
        self.done: dict[str, list[int]] = {}

    def add(self) -> None:
        self.key += 1
        name = f"l{self.chance.randrange(4)}"
        self.lanes.add(work(self.key, name, urgent=self.chance.random() < 0.4))
        self.added.setdefault(name, []).append(self.key)

    def take(self) -> None:
        items, room = 1 + self.chance.randrange(5), 15 + self.chance.randrange(60)
        batch = self.lanes.take(self.now, items, room, 1, backlog=self.chance.random() < 0.7)
        assert not {w.lane for f in self.flights for w in f} & {w.lane for w in batch}
        if batch:
            self.flights.append(batch)

    def land(self) -> None:
        if not self.flights:
            return
        batch = self.flights.pop(self.chance.randrange(len(self.flights)))
        stopped: set[str] = set()
        for one in batch:
            if one.lane in stopped or self.chance.random() < 0.3:
                stopped.add(one.lane)
            else:
                self.finish(one)
        for name in stopped:
            self.lanes.rest(name, self.now + self.chance.randrange(4))
        self.lanes.landed(batch)

    def hurry(self) -> None:
        self.lanes.hurry(self.chance.randrange(self.key + 1))

    def calm(self) -> None:
        self.lanes.calm(self.chance.randrange(self.key + 1))

    def finish(self, one: Work) -> None:
        self.lanes.remove(one.key)
        self.done.setdefault(one.lane, []).append(one.key)

    def drain(self) -> None:
        for batch in self.flights:
            self.lanes.landed(batch)
        while batch := self.lanes.take(self.now + 100, 7, 1000, 1, backlog=True):
            for one in batch:
                self.finish(one)
            self.lanes.landed(batch)


@given(st.integers(0, 2**32))
def test_whatever_happens_lanes_keep_their_order_and_lose_nothing(seed: int) -> None:
    model = Model(seed)
    for _ in range(120):
        model.now += 1
        model.chance.choice([model.add, model.add, model.take, model.land, model.hurry, model.calm])()
    model.drain()
    assert model.done == model.added
    assert len(model.lanes) == 0
