"""The margin that a call's deadline keeps, and what an append is told that meets it."""

from __future__ import annotations

import asyncio

import pytest

from edge.deadlines import Clock, Deadlines, Late, give_up
from edge.errors import JournalUnavailable
from edge.journal.operation import Operation
from edge.limits import ANSWER_MARGIN_MS_MAX
from tests.patience import HUNG_S


@pytest.mark.parametrize(("deadline_ms", "margin_ms"), [(500, 100), (60_000, ANSWER_MARGIN_MS_MAX)])
def test_it_is_decided_before_the_deadline_and_told_between(deadline_ms: int, margin_ms: float) -> None:
    clock = Clock(deadline_ms)
    assert clock.end - clock.started == pytest.approx((deadline_ms - margin_ms) / 1000)
    assert clock.end < clock.last < clock.started + deadline_ms / 1000


async def test_what_has_not_begun_is_stopped_and_of_what_has_nobody_can_say() -> None:
    waits: Operation[int] = Operation(lambda _: 1)
    give_up(waits)
    assert isinstance(waits.future.exception(), JournalUnavailable)
    assert not waits.begin()
    begun: Operation[int] = Operation(lambda _: 1)
    assert begun.begin()
    give_up(begun)
    assert isinstance(begun.future.exception(), Late)
    done: Operation[int] = Operation(lambda _: 1)
    done.future.set_result(1)
    give_up(done)
    assert done.future.result() == 1


async def test_each_is_given_up_at_its_own_deadline_and_none_before() -> None:
    deadlines, loop = Deadlines(), asyncio.get_running_loop()
    early: list[int] = []
    after_s = [3600.0, 0.03, 0.01, 3600.0, 0.02, 0.01, 0.03]
    waits: list[Operation[int]] = [Operation(lambda _: 1) for _ in after_s]
    began = loop.time()
    for number, (one, wait_s) in enumerate(zip(waits, after_s, strict=True)):

        def told(_: object, number: int = number, last: float = began + wait_s) -> None:
            if loop.time() + 0.001 < last:  # the loop's clock has grains
                early.append(number)

        one.future.add_done_callback(told)
        deadlines.watch(one, began + wait_s)
    short = [one.future for one, wait_s in zip(waits, after_s, strict=True) if wait_s < 1]
    done, _ = await asyncio.wait(short, timeout=HUNG_S)
    await asyncio.sleep(0)
    assert len(done) == 5
    assert all(isinstance(future.exception(), JournalUnavailable) for future in done)
    assert not early
    assert waits[0].begin()
    assert waits[3].begin()


async def test_what_is_done_with_is_left_alone() -> None:
    deadlines, loop = Deadlines(), asyncio.get_running_loop()
    ready, late = Operation[int](lambda _: 1), Operation[int](lambda _: 1)
    deadlines.watch(ready, loop.time() + 0.01)
    deadlines.done(ready)
    deadlines.done(ready)
    deadlines.watch(late, loop.time() + 0.02)
    await asyncio.wait([late.future], timeout=HUNG_S)
    assert isinstance(late.future.exception(), JournalUnavailable)
    assert not ready.future.done()
    assert ready.begin()


async def test_a_fault_in_one_caller_leaves_the_others_their_deadlines() -> None:
    deadlines, loop = Deadlines(), asyncio.get_running_loop()

    def fails(_: int | Exception) -> None:
        raise RuntimeError("a fault of ours")

    at_once, later = Operation[int](lambda _: 1), Operation[int](lambda _: 1)
    deadlines.watch(Operation[int](lambda _: 1, told=fails), loop.time())
    deadlines.watch(at_once, loop.time())
    deadlines.watch(later, loop.time() + 0.02)
    done, _ = await asyncio.wait([at_once.future, later.future], timeout=HUNG_S)
    assert len(done) == 2
    assert all(isinstance(future.exception(), JournalUnavailable) for future in done)
