"""Watchers are told in order, lose their oldest when slow, and never hold anyone up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from edge.events import Event, Events
from edge.limits import EVENTS_PER_WATCHER_MAX, WATCHERS_MAX

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def event(n: int) -> Event:
    return Event(kind="line", at=NOW, data={"n": n})


async def test_a_watcher_sees_what_comes_after_it_in_order() -> None:
    events = Events()
    events.publish(event(0))
    async with events.subscribe() as watcher:
        for n in (1, 2, 3):
            events.publish(event(n))
        assert [(await anext(watcher)).data["n"] for _ in range(3)] == [1, 2, 3]
    with pytest.raises(StopAsyncIteration):
        await anext(watcher)


async def test_a_slow_watcher_loses_its_oldest_and_is_told_how_many() -> None:
    events = Events()
    watcher = events.subscribe()
    for n in range(EVENTS_PER_WATCHER_MAX + 5):
        events.publish(event(n))
    first, second = await anext(watcher), await anext(watcher)
    assert (first.data["n"], first.missed) == (5, 5)
    assert (second.data["n"], second.missed) == (6, 0)


async def test_closing_wakes_those_who_wait() -> None:
    events = Events()
    watcher = events.subscribe()
    waiting = asyncio.create_task(anext(watcher))
    await asyncio.sleep(0)
    events.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_there_are_only_so_many_watchers() -> None:
    events = Events()
    for _ in range(WATCHERS_MAX):
        events.subscribe()
    with pytest.raises(OverflowError):
        events.subscribe()
