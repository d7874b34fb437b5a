"""A desk with a serial reader on a pseudo terminal, and what the reader told."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from central_sync.wire.refusals import Refused
from edge.readers import ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.serial_line.address import parse
from edge.readers.serial_line.driver import SerialReader
from tests.cards_played.cn_resident import Card, SamV
from tests.edge.readers.serial_line.ports import Cable, SamOnCable
from tests.patience import HUNG_S


class Desk:
    """``words`` go into the reader's address."""

    def __init__(self, folder: Path, words: str) -> None:
        self.cable = Cable(folder / "port")
        self.changes: list[str] = []
        self._told = asyncio.Event()
        self.reader = SerialReader("desk-1", parse(f"{self.cable.link}?{words}"), self._tell)

    def _tell(self, event: ReaderEvent) -> None:
        assert event.state == self.state
        self.changes.append(str(event.change))
        self._told.set()

    @property
    def state(self) -> ReaderState:
        (state,) = self.reader.states()
        return state

    async def until(self, *changes: str) -> None:
        """Wait until just these were told."""
        async with asyncio.timeout(HUNG_S):
            while self.changes != list(changes):
                assert self.changes == list(changes)[: len(self.changes)]
                self._told.clear()
                await self._told.wait()

    async def read(self, deadline_s: float = 10, wanted: Wanted = Wanted()) -> CardIdentity:  # noqa: B008 - it cannot be changed
        return await self.reader.read("desk-1", deadline_s, wanted)

    async def refusal(self, deadline_s: float = 10) -> tuple[str, str]:
        """Code and detail of the refusal that a read ends with."""
        try:
            await self.read(deadline_s)
        except Refused as refused:
            return refused.code, refused.detail
        raise AssertionError("the read did not fail")

    async def close(self) -> None:
        await self.reader.stop()
        self.cable.unplug()


class SamDesk(Desk):
    """A SAM-V reader, as fast as its line."""

    def __init__(self, folder: Path, words: str = "kind=sdt") -> None:
        super().__init__(folder, words)
        self.sam = SamV()
        self.far = SamOnCable(self.cable, self.sam)

    async def start(self) -> None:
        self.plug()
        await self.reader.start()
        await self.until("reader_back")

    def plug(self) -> None:
        self.cable.plug()
        self.far.start()

    def put(self, card: Card | None = None) -> None:
        self.sam.card = card or Card()

    def unplug(self) -> None:
        self.far.stop()
        self.cable.unplug()

    async def close(self) -> None:
        await self.reader.stop()
        await asyncio.to_thread(self.unplug)


class ScannerDesk(Desk):
    async def start(self) -> None:
        self.cable.plug()
        await self.reader.start()
        await self.until("reader_back")

    def scan(self, typed: bytes) -> None:
        os.write(self.cable.far, typed)
