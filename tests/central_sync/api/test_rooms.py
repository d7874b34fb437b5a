"""People before backlogs, bounded rooms, and appointments that spread those who come back."""

import asyncio
from collections import Counter

import pytest

from central_sync.api import rooms as module
from central_sync.api.limits import BACKLOG_PLACES_MAX, BUSY_S_MAX, BUSY_S_MIN, PEOPLE_PLACES_MAX
from central_sync.api.rooms import Busy, Rooms


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def full(rooms):
    """Nobody gives a backlog's place back."""
    rooms._places[True] = 0


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_free_thread_goes_to_a_person_first_and_backlogs_never_have_them_all(clock):
    rooms, order, gate = Rooms(4, clock), [], asyncio.Event()

    async def work(name, backlog):
        async with rooms.thread(backlog=backlog):
            order.append(name)
            await gate.wait()

    tasks = [asyncio.create_task(work(f"b{n}", True)) for n in range(6)]
    await settled()
    assert order == ["b0"], "one of four threads is the backlogs' part"
    tasks += [asyncio.create_task(work(f"p{n}", False)) for n in range(5)]
    await settled()
    assert order == ["b0", "p0", "p1", "p2"]
    gate.set()
    await asyncio.gather(*tasks)
    assert order[4:6] == ["p3", "p4"]
    assert sorted(order[6:]) == ["b1", "b2", "b3", "b4", "b5"]
    assert (rooms._free, rooms._backlog_free) == (4, 1)


async def test_a_room_that_is_full_turns_away_and_the_other_does_not_notice(clock):
    rooms = Rooms(4, clock)
    held = [rooms.place(backlog=True) for _ in range(BACKLOG_PLACES_MAX)]
    for place in held:
        place.__enter__()
    with pytest.raises(Busy) as caught, rooms.place(backlog=True):
        pytest.fail("one too many")
    assert caught.value.retry_after_s >= BUSY_S_MIN
    people = [rooms.place(backlog=False) for _ in range(PEOPLE_PLACES_MAX)]
    for place in people:
        place.__enter__()
    with pytest.raises(Busy), rooms.place(backlog=False):
        pytest.fail("one too many")
    for place in held + people:
        place.__exit__(None, None, None)
    with rooms.place(backlog=True), rooms.place(backlog=False):
        pass


async def test_who_waits_too_long_or_goes_away_gives_the_place_back(clock, monkeypatch):
    monkeypatch.setattr(module, "QUEUED_S_MAX", 0.02)
    rooms = Rooms(1, clock)

    async def wanting():
        async with rooms.thread(backlog=False):
            pytest.fail("there was no thread")

    async with rooms.thread(backlog=True):
        with pytest.raises(Busy, match="hub_busy"):
            await wanting()
        leaving = asyncio.create_task(wanting())
        await settled()
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
    async with rooms.thread(backlog=False):
        pass
    assert (rooms._free, rooms._backlog_free, len(rooms._people)) == (1, 1, 0)


async def test_ten_thousand_edges_that_come_back_at_once_are_spread_over_minutes(clock):
    rooms = Rooms(8, clock)
    full(rooms)
    told = Counter()
    for _ in range(10_000):
        with pytest.raises(Busy) as caught, rooms.place(backlog=True):
            pytest.fail("full")
        told[caught.value.retry_after_s] += 1
    assert min(told) >= BUSY_S_MIN
    assert max(told) <= BUSY_S_MAX
    assert max(told.values()) < 200, "no second gets more than a few times its share"
    assert sum(count for after_s, count in told.items() if after_s < BUSY_S_MAX / 2) > 500, "the first come soon"


async def test_appointments_follow_the_pace_at_which_backlogs_are_taken(clock):
    def last_of(rooms):
        full(rooms)
        for _ in range(50):
            with pytest.raises(Busy) as caught, rooms.place(backlog=True):
                pytest.fail("full")
        return caught.value.retry_after_s

    quick, slow = Rooms(4, clock), Rooms(4, clock)
    for rooms, seconds in ((quick, 0.01), (slow, 2.0)):
        for _ in range(60):
            async with rooms.thread(backlog=True):
                clock.now_s += seconds
    assert last_of(quick) < 10 < last_of(slow)
