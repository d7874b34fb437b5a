"""A real smart card service with virtual readers; cards are played over TCP. Unplugged means: the service is dead."""

from __future__ import annotations

import asyncio

from edge.config import ReaderConfig
from edge.drivers import DRIVERS
from edge.readers import Driver, OnEvent
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.misbehaving import Leaving, Silent
from tests.contract.rigs import ROW, SILENT_S, Played, Rig
from tests.pcscd import Inserted, Service

CARDS = {
    Played.GOOD: EgkCard,
    Played.BAD: lambda: EgkCard(pd=b"\x00\x10" + b"\xff" * 16),
    Played.SLOW: lambda: Silent(EgkCard(), 3, SILENT_S),
    Played.PULLED: lambda: Leaving(EgkCard(), 3),
}


class PcscRig(Rig):
    plays = frozenset(Played)
    lost_codes = frozenset({"reader_failed"})
    number = "A123456780"

    def __init__(self, folder) -> None:
        super().__init__(folder)
        self.service = Service()
        self.inserted: Inserted | None = None

    def driver(self, told: OnEvent) -> Driver:
        row = ReaderConfig(name=ROW, driver="pcsc", address=self.service.names[0])
        return DRIVERS["pcsc"](row, self.folder, told)

    async def plug(self) -> None:
        await asyncio.to_thread(self.service.start)

    async def unplug(self) -> None:
        await asyncio.to_thread(self.service.kill)
        await self.remove()

    async def insert(self, card: Played = Played.GOOD) -> None:
        self.inserted = await asyncio.to_thread(Inserted, self.service.ports[0], CARDS[card]())

    async def remove(self) -> None:
        if self.inserted is not None:
            await asyncio.to_thread(self.inserted.remove)
            self.inserted = None

    async def close(self) -> None:
        await self.remove()
        await asyncio.to_thread(self.service.__exit__)
