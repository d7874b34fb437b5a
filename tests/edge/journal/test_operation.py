"""Who is told of an operation's end, when, and how often."""

from __future__ import annotations

import asyncio
import weakref

import pytest

from edge.journal.operation import Errand, Operation, Upkeep, apart, append, call, settled, tell
from tests.edge.journal.drafts import draft


async def test_one_without_a_future_is_told_once() -> None:
    told: list[int | Exception] = []
    kept: list[int] = []
    one, other = Operation(lambda _: 1, then=kept.append, told=told.append), Operation(lambda _: 2, told=told.append)
    failed = ValueError("no")
    tell([(one, 1, None), (other, None, failed)])
    assert kept == [1]
    assert (told, one.ended, other.ended) == ([1, failed], True, True)
    tell([(one, 3, None)])
    one.end(4)
    assert told == [1, failed]


async def test_one_that_was_told_of_its_deadline_meanwhile_hears_nothing_more() -> None:
    told: list[int | Exception] = []
    one, late = Operation(lambda _: 1, told=told.append), TimeoutError()
    called = settled([(one, 1, None)])
    assert told == []
    one.end(None, late)
    call(called)
    assert told == [late]


async def test_one_that_was_told_is_gone_without_the_collector() -> None:
    class Caller:
        def told(self, _: int | Exception) -> None:
            self.operation.end(None)

        operation: Operation[int]

    caller = Caller()
    caller.operation = Operation(lambda _: 1, told=caller.told)
    left = weakref.ref(caller)
    tell([(caller.operation, 1, None)])
    await asyncio.sleep(0)
    del caller
    assert left() is None


@pytest.mark.parametrize("fault", [RuntimeError, asyncio.CancelledError])
async def test_a_fault_in_one_caller_keeps_no_other_from_being_told(fault: type[BaseException]) -> None:
    """Nor does it leave the journal's pen with nobody: who is called is called while the loop has that."""
    told: list[int | Exception] = []

    def fails(_: int | Exception) -> None:
        raise fault

    one, other = Operation(lambda _: 1, told=fails), Operation(lambda _: 2, told=told.append)
    tell([(one, 1, None), (other, 2, None)])
    await asyncio.sleep(0)
    assert told == [2]


async def test_a_future_is_settled_at_once_and_a_cancelled_one_is_left_alone() -> None:
    one: Operation[int] = Operation(lambda _: 1)
    gone: Operation[int] = Operation(lambda _: 2)
    failing: Operation[int] = Operation(lambda _: 3)
    gone.future.cancel()
    tell([(one, 1, None), (gone, 2, None), (failing, None, KeyError("x"))])
    assert one.future.result() == 1
    assert gone.future.cancelled()
    with pytest.raises(KeyError):
        failing.future.result()


async def test_what_is_written_stays_together_and_apart_from_upkeep_and_errands() -> None:
    plain, one = Operation(lambda _: None), append(draft("m"), [1], lambda _: None, None, asyncio.get_running_loop())
    upkeep, errand = Upkeep(lambda _: None), Errand(lambda _: None)
    assert apart([]) == []
    assert apart([plain, one, plain, upkeep, errand, one]) == [[plain, one, plain], [upkeep], [errand], [one]]
