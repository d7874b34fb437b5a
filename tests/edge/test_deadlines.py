"""The margin that a call's deadline keeps, and what an append is told that meets it."""

from __future__ import annotations

import pytest

from edge.deadlines import Clock, Late, give_up
from edge.errors import JournalUnavailable
from edge.journal.operation import Operation
from edge.limits import ANSWER_MARGIN_MS_MAX


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
