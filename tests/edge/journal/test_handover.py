"""What comes in one turn of the loop goes to the writer together; nothing is lost at the bounds nor at the end."""

from __future__ import annotations

import asyncio
import queue
import threading
import time

import pytest

from edge.journal import handover as module
from edge.journal.handover import PATIENCE_S, HandOver
from edge.journal.operation import Operation
from tests.patience import HUNG_S


def _operation(weight: int = 1) -> Operation[None]:
    return Operation(lambda _: None, weight=weight)


def _hand_over(operations_max: int = 8, bytes_max: int = 100) -> tuple[HandOver, list[Operation[None]]]:
    refused: list[Operation[None]] = []
    return HandOver(operations_max, bytes_max, refused.extend), refused


async def test_what_comes_in_one_turn_is_one_group() -> None:
    hand_over, _ = _hand_over()
    given = [_operation() for _ in range(3)]
    for operation in given:
        hand_over.put(operation)
    assert hand_over.empty(), "not before the turn is over"
    assert hand_over.waits == 3
    await asyncio.sleep(0)
    assert hand_over.group(0.1) == given
    assert hand_over.waits == 0
    with pytest.raises(queue.Empty):
        hand_over.group(0.01)


def _serving(hand_over: HandOver, takes_s: float = 0.0, until: threading.Event | None = None) -> threading.Thread:
    """A thread that takes one group and settles it after ``takes_s``, or when ``until`` is set."""

    def serve() -> None:
        group = hand_over.group(HUNG_S)
        time.sleep(takes_s) if until is None else until.wait(HUNG_S)
        hand_over.settle([(operation, None, None) for operation in group])

    thread = threading.Thread(target=serve)
    thread.start()
    while not hand_over.idle:
        time.sleep(0.001)
    return thread


async def test_the_loop_stands_still_for_one_who_is_alone_on_a_quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", HUNG_S)
    hand_over, _ = _hand_over()
    hand_over.quick = True
    thread = _serving(hand_over, PATIENCE_S / 10)
    one = _operation()
    hand_over.put(one)
    await asyncio.sleep(0)
    assert one.future.done(), "in that very turn"
    thread.join()


async def test_the_loop_stands_still_no_longer_than_its_patience_and_the_result_still_comes() -> None:
    hand_over, _ = _hand_over()
    hand_over.quick = True
    kept = threading.Event()
    thread = _serving(hand_over, until=kept)
    one = _operation()
    hand_over.put(one)
    await asyncio.sleep(0)
    assert not one.future.done()
    kept.set()
    async with asyncio.timeout(HUNG_S):
        await one.future
    thread.join()


@pytest.mark.parametrize(("quick", "count"), [(False, 1), (True, 2)])
async def test_the_loop_goes_on_when_the_disk_is_slow_or_several_wait(quick: bool, count: int) -> None:
    hand_over, _ = _hand_over()
    hand_over.quick = quick
    given = [_operation() for _ in range(count)]
    for operation in given:
        hand_over.put(operation)
    await asyncio.sleep(0)
    assert hand_over.group(0.1) == given
    assert not any(operation.future.done() for operation in given)
    hand_over.settle([(operation, None, None) for operation in given])
    async with asyncio.timeout(HUNG_S):
        await asyncio.gather(*[operation.future for operation in given])


async def test_the_loop_does_not_stand_still_behind_a_commit_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over, _ = _hand_over()
    hand_over.quick = True
    kept = threading.Event()
    thread = _serving(hand_over, until=kept)
    first, second = _operation(), _operation()
    hand_over.put(first)
    await asyncio.sleep(0)
    monkeypatch.setattr(module, "PATIENCE_S", HUNG_S)
    began = time.monotonic()
    hand_over.put(second)
    await asyncio.sleep(0)
    assert time.monotonic() - began < HUNG_S
    kept.set()
    thread.join()
    assert hand_over.group(0.1) == [second]


async def test_a_result_that_comes_as_the_patience_ends_is_told_once() -> None:
    hand_over, _ = _hand_over()
    hand_over.quick = True
    for turn in range(60):
        thread = _serving(hand_over, PATIENCE_S - 0.0006 + turn * 0.00002)
        one = _operation()
        hand_over.put(one)
        await asyncio.sleep(0)
        async with asyncio.timeout(HUNG_S):
            await one.future
        thread.join()


async def test_turns_that_wait_become_one_group_up_to_its_bounds() -> None:
    hand_over, _ = _hand_over(operations_max=4, bytes_max=100)
    given = [_operation(weight) for weight in (60, 30, 20, 1, 1, 1, 1, 200)]
    for operation in given:
        hand_over.put(operation)
        await asyncio.sleep(0)
    assert hand_over.group(0.1) == given[:2], "by weight"
    assert not hand_over.empty()
    assert hand_over.group(0.1) == given[2:6], "by number"
    assert hand_over.group(0.1) == given[6:7], "a heavy one goes alone"
    assert hand_over.group(0.1) == given[7:], "but it goes"


async def test_what_waits_at_the_end_still_comes_and_then_nothing() -> None:
    hand_over, _ = _hand_over(operations_max=2)
    given = [_operation() for _ in range(3)]
    for operation in given:
        hand_over.put(operation)
    hand_over.end()
    assert [hand_over.group(0.1) for _ in range(3)] == [given[:2], given[2:], []]


async def test_after_the_thread_has_ended_whatever_comes_is_refused() -> None:
    hand_over, refused = _hand_over()
    early, gathered = _operation(), _operation()
    hand_over.put(early)
    await asyncio.sleep(0)
    hand_over.put(gathered)
    hand_over.close()
    assert refused == [early]
    await asyncio.sleep(0)
    assert refused == [early, gathered]
