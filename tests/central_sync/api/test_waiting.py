"""Waiters wake on their own news, and nothing is asked while nobody waits."""

import asyncio

import pytest

from central_sync.api import waiting as module
from central_sync.api.waiting import Waiting
from central_sync.errors import StoreUnavailable
from tests.patience import HUNG_S


class Database:
    """Feed heads as a database would tell them, and how often it was asked."""

    def __init__(self):
        self.heads = {}
        self.asked = []
        self.down = False

    async def look(self, institutions):
        self.asked.append(list(institutions))
        if self.down:
            raise StoreUnavailable("away")
        return {code: self.heads.get(code, 0) for code in institutions}


@pytest.fixture
def database(monkeypatch):
    monkeypatch.setattr(module, "WATCH_EVERY_S", 0.01)
    monkeypatch.setattr(module, "WATCH_FAULT_PAUSE_S", 0.05)
    return Database()


async def test_a_waiter_wakes_on_its_own_news_and_not_on_a_neighbours(database):
    waiting = Waiting(database.look)
    first = asyncio.create_task(waiting.wait("H01", 3, 60))
    second = asyncio.create_task(waiting.wait("H02", 0, 0.3))
    await asyncio.sleep(0.05)
    database.heads["H01"] = 4
    assert await asyncio.wait_for(first, HUNG_S)
    assert not await second
    assert ["H01", "H02"] in database.asked


async def test_news_that_came_before_the_wait_is_found_at_once(database):
    database.heads["H01"] = 9
    assert await asyncio.wait_for(Waiting(database.look).wait("H01", 8, 60), HUNG_S)


async def test_nothing_is_asked_while_nobody_waits(database):
    waiting = Waiting(database.look)
    assert not await waiting.wait("H01", 0, 0.05)
    await asyncio.sleep(0.05)
    asked = len(database.asked)
    await asyncio.sleep(0.1)
    assert len(database.asked) == asked
    database.heads["H01"] = 1
    assert await asyncio.wait_for(waiting.wait("H01", 0, 60), HUNG_S)


async def test_the_watch_goes_on_when_the_database_was_away(database):
    database.down = True
    waiter = asyncio.create_task(Waiting(database.look).wait("H01", 0, 60))
    await asyncio.sleep(0.1)
    database.down, database.heads["H01"] = False, 1
    assert await asyncio.wait_for(waiter, HUNG_S)


async def test_stopping_sends_everybody_home_without_news(database):
    waiting = Waiting(database.look)
    waiters = [asyncio.create_task(waiting.wait("H01", 0, 200)) for _ in range(5)]
    await asyncio.sleep(0.02)
    waiting.stop()
    assert await asyncio.wait_for(asyncio.gather(*waiters), HUNG_S) == [False] * 5
    assert not await waiting.wait("H01", 0, 200)
