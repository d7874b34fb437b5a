"""Whoever waits for a transaction is told once."""

from __future__ import annotations

from datetime import UTC, datetime

from edge.journal import Standing
from edge.outcome import Outcome
from edge.waiting import Waiting

NOW = datetime(2025, 6, 1, tzinfo=UTC)


async def test_all_who_wait_for_a_transaction_are_told_once() -> None:
    waiting = Waiting()
    standing = Standing(
        seq=1, institution="H1", msgid="m1", number="2204", digest=b"", hid="", lane="l", recorded_at=NOW,
        outcome=Outcome.FINAL,
    )  # fmt: skip
    with waiting.enter("m1") as one, waiting.enter("m1") as two, waiting.enter("m2") as other:
        waiting.wake([standing])
        waiting.wake([standing])
        assert await one is standing
        assert await two is standing
        assert not other.done()
    waiting.wake([standing])
