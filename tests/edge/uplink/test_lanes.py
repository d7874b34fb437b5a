"""The scheduler against a model: order in a lane, one batch in flight, nothing lost, nobody starved."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from edge.uplink.lanes import Lanes, Work

A, B, CYCLE = 1, 2, 99


def work(key: int, lane: int = A, **more: object) -> Work:
    return Work(key=key, lane=lane, number="2204", size=10, **more)  # type: ignore[arg-type]


def keys(batch: list[Work]) -> list[int]:
    return [w.key for w in batch]


def test_an_urgent_item_takes_its_lanes_earlier_work_with_it_and_no_later() -> None:
    lanes = Lanes()
    for key in (1, 2):
        lanes.add(work(key))
    lanes.add(work(3, urgent=True))
    lanes.add(work(4))
    lanes.add(work(5, B))
    assert keys(lanes.take_urgent(0, 10, 1000, 1)) == [1, 2, 3]
    assert keys(lanes.take_urgent(0, 10, 1000, 1)) == []
    assert keys(lanes.take_backlog(0, 10, 1000)) == [5], "the first lane has its batch in flight"


def test_urgent_lanes_are_divided_among_those_who_are_free() -> None:
    lanes = Lanes()
    for key in range(1, 9):
        lanes.add(work(key, key, urgent=True))
    assert keys(lanes.take_urgent(0, 100, 1000, 4)) == [1, 2]


def test_a_backlog_is_left_to_those_who_may_carry_it() -> None:
    lanes = Lanes()
    lanes.add(work(1))
    assert lanes.take_urgent(0, 10, 1000, 1) == []
    assert lanes.ready(0)


def test_batches_are_bounded_by_items_and_bytes_but_one_always_fits() -> None:
    lanes = Lanes()
    for key in range(1, 8):
        lanes.add(work(key))
    first = lanes.take_backlog(0, 3, 1000)
    assert keys(first) == [1, 2, 3]
    lanes.landed(first)
    second = lanes.take_backlog(0, 10, 25)
    assert keys(second) == [1, 2]
    lanes.landed(second)
    assert keys(lanes.take_backlog(0, 10, 5)) == [1]


def test_a_lane_that_rests_holds_nobody_else_and_wakes_by_itself_or_when_somebody_waits() -> None:
    lanes = Lanes()
    lanes.add(work(1))
    lanes.add(work(2, B))
    lanes.rest(A, 5.0)
    assert keys(lanes.take_backlog(0, 10, 1000)) == [2]
    assert lanes.next_wake() == 5.0
    assert not lanes.ready(4.9)
    assert lanes.ready(5.0)
    lanes.rest(A, 9.0)
    lanes.hurry(1)
    assert keys(lanes.take_urgent(6.0, 10, 1000, 1)) == [1]


def test_what_is_removed_in_flight_does_not_come_back() -> None:
    lanes = Lanes()
    lanes.add(work(1))
    batch = lanes.take_backlog(0, 10, 1000)
    lanes.remove(1)
    lanes.add(work(2))
    assert lanes.take_backlog(0, 10, 1000) == []
    lanes.landed(batch)
    assert keys(lanes.take_backlog(0, 10, 1000)) == [2]


def test_older_entries_that_come_late_stand_in_their_place() -> None:
    lanes = Lanes()
    lanes.add(work(7, urgent=True))
    lanes.cut(A)
    assert not lanes.ready(0), "older entries may be missing"
    assert lanes.wanting(room=False) == [A]
    for key in (3, 5):
        lanes.add(work(key))
    lanes.fill(A)
    assert keys(lanes.take_urgent(0, 10, 1000, 1)) == [3, 5, 7]


def test_a_long_lane_comes_in_parts_and_what_is_newer_waits_for_them() -> None:
    lanes = Lanes()
    lanes.add(work(9, urgent=True))
    lanes.cut(A)
    for key in (1, 2):
        lanes.add(work(key))
    lanes.fill(A, 2)
    batch = lanes.take_urgent(0, 10, 1000, 1)
    assert keys(batch) == [1, 2]
    assert lanes.wanting(room=False) == []
    for key in (1, 2):
        lanes.remove(key)
    lanes.landed(batch)
    assert lanes.wanting(room=False) == [A]
    assert not lanes.ready(0)


def test_a_read_stands_behind_what_was_there_before_it() -> None:
    lanes = Lanes()
    lanes.add(Work(key=-1, lane=A, number="2206", size=1, order=5.5, urgent=True))
    lanes.add(work(6))
    lanes.add(work(4))
    assert keys(lanes.take_urgent(0, 10, 1000, 1)) == [4, -1]


def test_the_newest_that_nobody_waits_for_make_room_and_the_oldest_stay() -> None:
    lanes = Lanes()
    for key in (1, 2, 3, 4):
        lanes.add(work(key, urgent=key == 2))
    assert lanes.spill(A) == [4, 3]
    assert len(lanes) == 2
    assert lanes.spill(A) == []


def test_a_parked_entry_holds_its_case_and_steps_aside_in_the_cycle() -> None:
    lanes = Lanes(aside={CYCLE})
    for lane in (A, CYCLE):
        for key in (1, 2, 3):
            lanes.add(work(lane * 10 + key, lane))
        lanes.park(lane, lane * 10 + 2)
    assert keys(lanes.take_backlog(0, 10, 1000)) == [11, 991, 993]
    assert lanes.held(A, 13)
    assert not lanes.held(A, 11)
    assert not lanes.held(CYCLE, 993)


def test_what_was_parked_and_let_go_is_looked_up_with_all_behind_it() -> None:
    lanes = Lanes()
    lanes.add(work(1))
    lanes.add(work(2))
    lanes.park(A, 1)
    assert len(lanes) == 0, "what stands behind it and nobody waits for takes no room"
    lanes.unpark(A, 1)
    assert lanes.wanting(room=True) == [A]
    for key in (1, 2):
        lanes.add(work(key))
    assert not lanes.ready(0)
    lanes.fill(A)
    assert keys(lanes.take_backlog(0, 10, 1000)) == [1, 2]


def test_work_under_suspicion_travels_in_small_company() -> None:
    lanes = Lanes()
    for key in range(1, 6):
        lanes.add(work(key, key, cap=1 if key == 2 else 0))
    first = lanes.take_backlog(0, 10, 1000)
    assert keys(first) == [1, 3, 4, 5]
    assert keys(lanes.take_backlog(0, 10, 1000)) == [2]


class Model:
    """Random acts on the lanes, and what must have come of them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.lanes = Lanes()
        self.flights: list[list[Work]] = []
        self.now = 0.0
        self.key = 0
        self.added: dict[int, list[int]] = {}
        self.done: dict[int, list[int]] = {}

    def add(self) -> None:
        self.key += 1
        name = self.chance.randrange(4)
        self.lanes.add(work(self.key, name, urgent=self.chance.random() < 0.4, cap=self.chance.choice([0, 0, 0, 1, 2])))
        self.added.setdefault(name, []).append(self.key)

    def take(self) -> None:
        items, room = 1 + self.chance.randrange(5), 15 + self.chance.randrange(60)
        batch = self.lanes.take_urgent(self.now, items, room, 1)
        if not batch and self.chance.random() < 0.7:
            batch = self.lanes.take_backlog(self.now, items, room)
        assert not {w.lane for f in self.flights for w in f} & {w.lane for w in batch}
        assert all(not w.cap or w.cap >= len(batch) for w in batch)
        if batch:
            self.flights.append(batch)

    def land(self) -> None:
        if not self.flights:
            return
        batch = self.flights.pop(self.chance.randrange(len(self.flights)))
        stopped: set[int] = set()
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
        while batch := self.lanes.take_urgent(self.now + 100, 7, 1000, 1) or self.lanes.take_backlog(
            self.now + 100, 7, 1000
        ):
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
