"""What comes in one turn of the loop goes to the writer together; nothing is lost at the bounds nor at the end."""

from __future__ import annotations

import asyncio
import queue

import pytest

from edge.journal.handover import HandOver
from edge.journal.operation import Operation


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


async def test_who_is_alone_does_not_wait_for_the_end_of_the_turn() -> None:
    hand_over, _ = _hand_over()
    hand_over.put(_operation())
    await asyncio.sleep(0)
    hand_over.group(0.1)
    one = _operation()
    hand_over.put(one)
    assert hand_over.group(0.1) == [one]


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
