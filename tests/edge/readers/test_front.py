"""The readers of one program, put together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from edge.readers import Change, ReaderEvent
from edge.readers.front import Front
from edge.readers.simulated.driver import SimulatedReader

CARD = '{"kind": "ir_national_code", "number": "0499370899"}'


async def test_a_front_needs_no_journal_and_tells_of_every_change(tmp_path: Path) -> None:
    also: list[ReaderEvent] = []
    front = Front(
        lambda told: [SimulatedReader("r1", tmp_path, told)], lambda: datetime.now(UTC), also=also.append
    )  # fmt: skip
    (tmp_path / "card.json").write_text(CARD)
    async with front.events.subscribe() as events:
        await front.start()
        await front.desks.read("ws-1", "", 1)
        await front.quieten()
        await front.stop()
        front.events.close()
        told = [event.kind async for event in events]
    assert [event.change for event in also] == [Change.READER_BACK, Change.INSERTED]
    assert told == ["reader_back", "inserted", "read"]
