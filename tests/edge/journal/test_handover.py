"""The pen: what comes in one turn is taken together, by the loop if it can and by the thread if not; nobody writes at once with the other, and nothing is lost at
the bounds nor at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from edge.journal import handover
from edge.journal.handover import HandOver
from edge.journal.operation import Errand, Operation, Result
from tests.patience import HUNG_S


class Own:
    """What the loop commits with: it takes what it is told to, and ends when it is told to."""

    def __init__(self) -> None:
        self.able = False
        self.under_way = False
        self.takes = 100
        self.taken: list[list[Operation[Any]]] = []

    def begin(self, waiting: Sequence[Operation[Any]]) -> int:
        if not self.able or not self.takes:
            return 0
        self.taken.append(list(waiting[: self.takes]))
        self.under_way = True
        return len(self.taken[-1])


class Desk:
    """A hand-over and all that was told and refused."""

    def __init__(self, operations_max: int = 8, bytes_max: int = 100) -> None:
        self.own = Own()
        self.told: list[Operation[Any]] = []
        self.refused: list[Operation[Any]] = []
        self.judged: list[Operation[Any]] = []
        self.on_told: Callable[[], object] = list
        self.pen = HandOver(self.own, self._told, self._judge, self.refused.extend, operations_max, bytes_max)
        self.keeps_back: list[Operation[Any]] = []

    def _judge(self, group: list[Operation[Any]]) -> list[Operation[Any]]:
        self.judged += group
        return [one for one in group if one not in self.keeps_back]

    def _told(self, results: Sequence[Result]) -> list[Result]:
        self.told += [operation for operation, _, _ in results]
        self.on_told()
        return [result for result in results if result[0].awaited is None]

    def end_own(self) -> None:
        self.own.under_way = False
        self.pen.told([(operation, None, None) for operation in self.own.taken[-1]])

    async def settle(self, group: list[Operation[Any]]) -> None:
        """As the thread does."""
        await asyncio.to_thread(self.pen.settle, [(operation, None, None) for operation in group], len(group))
        await asyncio.sleep(0)

    async def group(self) -> list[Operation[Any]]:
        async with asyncio.timeout(HUNG_S):
            return await asyncio.to_thread(self.pen.group)


def operation(weight: int = 1) -> Operation[None]:
    return Operation(lambda _: None, weight=weight)


async def test_what_is_judged_unfit_does_not_reach_the_thread_nor_holds_up_what_comes_after_it() -> None:
    desk = Desk()
    bad, good, later = operation(), operation(), operation()
    desk.keeps_back = [bad]
    desk.pen.put(bad)
    await asyncio.sleep(0)
    assert (desk.pen.waits, desk.pen.free) == (0, True)
    desk.pen.put(bad)
    desk.pen.put(good)
    assert await desk.group() == [good]
    await desk.settle([good])
    desk.pen.put(later)
    assert await desk.group() == [later]


async def test_what_comes_in_one_turn_is_one_group_for_the_thread() -> None:
    desk = Desk()
    given = [operation() for _ in range(3)]
    for one in given:
        desk.pen.put(one)
    assert desk.pen.waits == 3
    assert await desk.group() == given
    assert desk.judged == given
    assert (desk.pen.waits, desk.pen.free) == (0, False)
    await desk.settle(given)
    assert desk.told == given
    assert desk.pen.free


async def test_the_loop_takes_what_it_can_and_what_comes_meanwhile_waits_for_its_end() -> None:
    desk = Desk()
    desk.own.able = True
    first, second, third = operation(), operation(), operation()
    desk.pen.put(first)
    await asyncio.sleep(0)
    for one in (second, third):
        desk.pen.put(one)
        await asyncio.sleep(0)
    assert desk.own.taken == [[first]]
    assert (desk.pen.free, desk.pen.waits) == (False, 2)
    desk.end_own()
    assert desk.own.taken == [[first], [second, third]]
    desk.end_own()
    assert desk.told == [first, second, third]
    assert (desk.pen.free, desk.pen.waits) == (True, 0)


async def test_what_the_loop_cannot_goes_to_the_thread_and_the_loop_waits_for_that() -> None:
    desk = Desk()
    desk.own.able, desk.own.takes = True, 0
    hard, easy = operation(), operation()
    desk.pen.put(hard)
    await asyncio.sleep(0)
    desk.own.takes = 100
    desk.pen.put(easy)
    await asyncio.sleep(0)
    assert desk.own.taken == []
    assert await desk.group() == [hard]
    await desk.settle([hard])
    assert desk.own.taken == [[easy]]


async def test_where_the_loop_cannot_at_all_the_thread_gets_each_turn_at_once() -> None:
    desk = Desk()
    first, second = operation(), operation()
    for one in (first, second):
        desk.pen.put(one)
        await asyncio.sleep(0)
    assert await desk.group() == [first, second], "though nothing was told yet"


async def test_an_errand_goes_before_whatever_waits() -> None:
    desk = Desk()
    desk.own.able = True
    first, second, errand = operation(), operation(), Errand(lambda _: None)
    desk.pen.put(first)
    await asyncio.sleep(0)
    desk.pen.put(second)
    await asyncio.sleep(0)
    desk.own.under_way = False
    desk.pen.send(errand)
    assert await desk.group() == [errand]
    assert desk.own.taken == [[first]]
    await desk.settle([errand])
    assert desk.own.taken == [[first], [second]]


async def test_results_that_are_there_at_once_are_told_and_what_they_bring_is_not_lost() -> None:
    desk = Desk()
    desk.own.able = True
    first, second = operation(), operation()
    real = desk.own.begin

    def at_once(waiting: Sequence[Operation[Any]]) -> int:
        count = real(waiting)
        desk.end_own()
        return count

    desk.own.begin = at_once  # type: ignore[method-assign]
    desk.on_told = lambda: desk.pen.put(second) if second not in desk.told and not desk.pen.waits > 1 else None
    desk.pen.put(first)
    for _ in range(3):
        await asyncio.sleep(0)
    assert [one for group in desk.own.taken for one in group].count(second) >= 1
    assert desk.told[0] is first


def of_caller(told: Callable[[object], object]) -> Operation[None]:
    return Operation(lambda _: None, told=lambda result: (told(result), None)[1])


@pytest.mark.parametrize("scheduled", [False, True])
async def test_what_waits_for_the_pen_is_begun_before_callers_are_called(scheduled: bool) -> None:
    desk, begun = Desk(), []
    desk.own.able = True
    desk.pen.put(of_caller(lambda _: begun.append(len(desk.own.taken))))
    await asyncio.sleep(0)
    desk.pen.put(operation())
    if not scheduled:
        await asyncio.sleep(0)
    desk.end_own()
    await asyncio.sleep(0)
    assert begun == [2]


async def test_callers_who_come_again_when_they_are_called_leave_the_loop_its_turns() -> None:
    desk, turns, came = Desk(), 0, 0
    desk.own.able = True
    real = desk.own.begin

    def at_once(waiting: Sequence[Operation[Any]]) -> int:
        count = real(waiting)
        desk.end_own()
        return count

    def again(_: object) -> None:
        nonlocal came
        came += 1
        if came < 5 * handover.TURN_COMMITS_MAX:
            desk.pen.put(of_caller(again))

    desk.own.begin = at_once  # type: ignore[method-assign]
    desk.pen.put(of_caller(again))
    while came < 5 * handover.TURN_COMMITS_MAX:
        await asyncio.sleep(0)
        turns += 1
        assert came <= turns * handover.TURN_COMMITS_MAX
    assert turns == 5


async def test_turns_that_wait_become_one_group_up_to_its_bounds() -> None:
    desk = Desk(operations_max=4, bytes_max=100)
    given = [operation(weight) for weight in (60, 30, 20, 1, 1, 1, 1, 200)]
    for one in given:
        desk.pen.put(one)
        await asyncio.sleep(0)
    assert await desk.group() == given[:2], "by weight"
    assert await desk.group() == given[2:6], "by number"
    assert await desk.group() == given[6:7], "a heavy one goes alone"
    assert await desk.group() == given[7:], "but it goes"


@pytest.mark.parametrize("able", [False, True])
async def test_what_waits_at_the_end_still_comes_and_then_nothing(able: bool) -> None:
    desk = Desk(operations_max=2)
    desk.own.able = able
    given = [operation() for _ in range(3)]
    for one in given:
        desk.pen.put(one)
    desk.pen.end()
    if able:
        assert desk.own.taken == [given]
        desk.end_own()
    else:
        assert [await desk.group() for _ in range(2)] == [given[:2], given[2:]]
    assert await desk.group() == []


async def test_after_the_thread_has_ended_whatever_comes_is_refused() -> None:
    desk = Desk()
    early, later = operation(), operation()
    desk.pen.put(early)
    await asyncio.sleep(0)
    desk.own.able = True
    desk.pen.put(later)  # it waits for the thread, which will not come
    await asyncio.sleep(0)
    await asyncio.to_thread(desk.pen.close)
    await asyncio.sleep(0)
    assert desk.refused == [early, later]
    last = operation()
    desk.pen.put(last)
    await asyncio.sleep(0)
    assert desk.refused[-1] is last
