"""A folder as a card reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.simulated.driver import SimulatedReader
from tests.patience import HUNG_S

CARD = b'{"kind": "ir_national_code", "number": "0499370899"}'


class Desk:
    """A reader, its folder, and what it told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: asyncio.Queue[ReaderEvent] = asyncio.Queue()
        self.reader = SimulatedReader("desk-1", folder, self.told.put_nowait)

    async def next(self) -> str:
        async with asyncio.timeout(HUNG_S):
            event = await self.told.get()
        assert event.state == self.state()
        return event.change

    def state(self) -> ReaderState:
        (state,) = self.reader.states()
        return state

    async def read(self, deadline_s: float) -> CardIdentity:
        return await self.reader.read("desk-1", deadline_s, Wanted())


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path / "reader")
    await made.reader.start()
    yield made
    await made.reader.stop()


async def test_a_card_that_comes_and_goes_is_told_and_so_is_a_reader(desk: Desk) -> None:
    assert desk.state().connected is False
    desk.folder.mkdir()
    assert await desk.next() == "reader_back"
    (desk.folder / "card.json").write_bytes(CARD)
    assert await desk.next() == "inserted"
    assert desk.state().card_present
    (desk.folder / "card.json").unlink()
    assert await desk.next() == "removed"
    desk.folder.rmdir()
    assert await desk.next() == "reader_lost"


async def test_a_read_waits_for_the_card(desk: Desk) -> None:
    desk.folder.mkdir()
    reading = asyncio.create_task(desk.read(60))
    await asyncio.sleep(0.15)
    assert not reading.done()
    (desk.folder / "card.json").write_bytes(CARD)
    assert (await reading).number == "0499370899"


async def test_without_a_card_the_deadline_is_kept(desk: Desk) -> None:
    desk.folder.mkdir()
    async with asyncio.timeout(HUNG_S):
        with pytest.raises(Refused, match="card_absent"):
            await desk.read(0.2)


async def test_a_bad_card_is_unreadable_at_once(desk: Desk) -> None:
    desk.folder.mkdir()
    (desk.folder / "card.json").write_bytes(b"{}")
    with pytest.raises(Refused, match="card_unreadable"):
        await desk.read(5)
