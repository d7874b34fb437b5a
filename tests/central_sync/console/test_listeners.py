"""Pages that listen: one question for all their sessions, and an end of each that ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from central_sync.console.access import Role
from central_sync.console.listeners import EVERY_S, FORGOTTEN_S, Listeners
from tests.central_sync.console.conftest import World


class Asked:
    """Answers as told, and remembers what it was asked."""

    def __init__(self, *good: str) -> None:
        self.good = set(good)
        self.asked: list[set[str]] = []
        self.now_s = 100.0
        self.fault: Exception | None = None

    async def __call__(self, tokens):
        self.asked.append(set(tokens))
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        return self.good & set(tokens)

    def listeners(self) -> Listeners:
        return Listeners(self, lambda: self.now_s)


async def test_however_many_listen_one_question_is_asked_for_all_of_them() -> None:
    asked = Asked(*(f"t{n}" for n in range(200)))
    listeners = asked.listeners()
    for _ in range(5):
        found = await asyncio.gather(*(listeners.goes_on(f"t{n}") for n in range(200)))
        assert all(found)
    assert len(asked.asked) <= 2, "the first, and the rest that came while it was asked"
    asked.now_s += EVERY_S
    await asyncio.gather(*(listeners.goes_on(f"t{n}") for n in range(200)))
    assert len(asked.asked) <= 3
    assert len(asked.asked[-1]) == 200


async def test_a_session_that_ends_is_heard_of_with_the_next_question() -> None:
    asked = Asked("one", "two")
    listeners = asked.listeners()
    assert await listeners.goes_on("one")
    assert await listeners.goes_on("two"), "who comes newly is asked about at once"
    asked.good = {"two"}
    asked.now_s += EVERY_S
    assert not await listeners.goes_on("one")
    assert await listeners.goes_on("two")
    assert not await listeners.goes_on("three")


async def test_whose_page_asks_no_more_is_forgotten() -> None:
    asked = Asked("one", "two")
    listeners = asked.listeners()
    await listeners.goes_on("one")
    asked.now_s += FORGOTTEN_S
    await listeners.goes_on("two")
    assert asked.asked[-1] == {"two"}


async def test_a_database_that_is_away_is_told_to_whoever_waits_and_asked_again_by_the_next() -> None:
    asked = Asked("one", "two")
    listeners = asked.listeners()
    asked.fault = ConnectionError("away")
    found = await asyncio.gather(listeners.goes_on("one"), listeners.goes_on("two"), return_exceptions=True)
    assert [type(one) for one in found] == [ConnectionError, ConnectionError]
    asked.fault = None
    assert await listeners.goes_on("one")


async def test_a_database_that_answers_late_is_believed_once() -> None:
    asked = Asked("one")
    listeners = asked.listeners()

    async def late(tokens):
        asked.now_s += 10 * EVERY_S
        return await asked(tokens)

    listeners._going_on = late
    assert await listeners.goes_on("one")
    assert len(asked.asked) == 1


async def test_who_waits_and_leaves_takes_the_answer_from_nobody() -> None:
    asked = Asked("one", "two")
    listeners = asked.listeners()
    leaving = asyncio.create_task(listeners.goes_on("one"))
    staying = asyncio.create_task(listeners.goes_on("two"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying


async def test_who_comes_when_the_answer_is_there_and_nobody_has_read_it_yet_asks_anew() -> None:
    answered = asyncio.get_running_loop().create_future()
    listeners = Listeners(lambda tokens: answered if tokens == {"one"} else asyncio.sleep(0, tokens))
    first = asyncio.create_task(listeners.goes_on("one"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    answered.set_result({"one"})  # the question ends in the loop's next turn
    second = asyncio.create_task(listeners.goes_on("two"))  # and it comes in that turn
    assert await first
    assert await second


def ended(world: World) -> None:
    """Of the account ``anna``."""
    with world.store.write() as uow:
        uow.console_accounts.signed_out("anna")


def disabled(world: World) -> None:
    with world.store.write() as uow:
        uow.console_accounts.disable("anna", world.now)


def removed(world: World) -> None:
    with world.store.write() as uow:
        uow.console_accounts.remove("anna")


def idle(world: World) -> None:
    world.now += timedelta(hours=1)


@pytest.mark.parametrize("end", [ended, disabled, removed, idle])
def test_only_sessions_that_last_and_are_whole_go_on(small_world: World, end) -> None:
    sessions = small_world.console.sessions
    small_world.account("anna", Role.OBSERVER, ("H1",))
    small_world.account("bert", Role.OBSERVER)
    with small_world.store.write() as uow:
        uow.console_accounts.set_factor("bert", b"sealed", 0)
    anna, half = small_world.token("anna"), small_world.token("bert", passed=False)
    before = [sessions.going_on([anna, half, "nobody's"]), sessions.going_on([])]
    assert before == [{anna}, set()]
    end(small_world)
    assert sessions.going_on([anna, half]) == set()
