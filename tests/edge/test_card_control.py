"""The technician's read beside a running edge, over the real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge import control
from edge.card_control import READ_CARD, READERS, CardControl
from edge.control import Control, ControlFailed
from edge.readers.bindings import Binding, by_row
from edge.readers.front import Front
from edge.readers.simulated.driver import SimulatedReader
from tests.patience import HUNG_S

CARD = '{"kind": "ir_national_code", "number": "0499370899"}'


class Place:
    """A control socket over a reader that belongs to a desk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reader = folder / "reader"
        bound = by_row({"r1": Binding(desk="ws-1")})
        self.front = Front(
            lambda told: [SimulatedReader("r1", self.reader, told)], lambda: datetime.now(UTC), bound=bound
        )  # fmt: skip
        self.control = Control(folder, CardControl(self.front.desks).verbs)

    async def ask(self, verb: str, **told: Any) -> dict[str, Any]:
        return await asyncio.to_thread(control.ask, self.folder, verb, told)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    made.reader.mkdir()
    await made.front.start()
    await made.control.start()
    yield made
    await made.front.quieten()
    await made.control.stop()
    await made.front.stop()


async def test_the_readers_are_told(place: Place) -> None:
    [row] = (await place.ask(READERS))["readers"]
    assert (row["name"], row["desk"], row["connected"]) == ("r1", "ws-1", True)


async def test_a_technicians_read_is_nobodys(place: Place) -> None:
    (place.reader / "card.json").write_text(CARD)
    async with place.front.events.subscribe() as events:
        told = await place.ask(READ_CARD, reader="", wait_s=5)
        place.front.events.close()
        assert "read" not in [event.kind async for event in events]
    assert (told["reader"], told["identity"]["number"]) == ("r1", "0499370899")
    assert place.front.desks.last("ws-1", "") is None


async def test_why_there_is_no_card_is_told(place: Place) -> None:
    assert (await place.ask(READ_CARD, reader="", wait_s=0.1))["code"] == "card_absent"
    assert (await place.ask(READ_CARD, reader="r9", wait_s=0.1))["code"] == "reader_unknown"
    with pytest.raises(ControlFailed):
        await place.ask(READ_CARD)


async def test_a_read_that_waits_does_not_hold_up_the_end(place: Place) -> None:
    waiting = asyncio.create_task(place.ask(READ_CARD, reader="", wait_s=60))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(HUNG_S):
        await place.front.quieten()
        assert (await waiting)["code"] == "shutting_down"
