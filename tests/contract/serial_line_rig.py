"""A pseudo terminal as a serial port, and at its other end a SAM-V reader at the pace of its line, or a scanner."""

from __future__ import annotations

import asyncio
import os

from edge.readers import Driver, OnEvent
from edge.readers.serial_line.address import parse
from edge.readers.serial_line.driver import SerialReader
from tests.cards_played import cn_resident as played
from tests.cards_played.cn_resident import READ, Card, SamV
from tests.contract.rigs import ROW, SILENT_S, Played, Rig
from tests.edge.readers.serial_line.ports import Cable, SamOnCable

KEPT_S = 4


class SamRig(Rig):
    plays = frozenset(Played)
    again_codes = frozenset({"card_lying"})
    number = played.NUMBER

    def driver(self, told: OnEvent) -> Driver:
        return SerialReader(ROW, parse(f"{self.folder / 'port'}?kind=sdt"), told)

    async def plug(self) -> None:
        self._cable = Cable(self.folder / "port")
        self._cable.plug()
        self._sam = SamV()
        self._far = SamOnCable(self._cable, self._sam)
        self._far.start()

    async def unplug(self) -> None:
        await asyncio.to_thread(self._far.stop)
        self._cable.unplug()

    async def insert(self, card: Played = Played.GOOD) -> None:
        self._sam.card = Card(played.citizen("110105194912310021") if card is Played.BAD else played.citizen())
        if card is Played.PULLED:
            self._sam.before[READ] = self._sam.lift
        if card is Played.SLOW:
            self._sam.before[READ] = lambda: self._far._stopping.wait(SILENT_S) and None

    async def remove(self) -> None:
        self._sam.lift()

    async def close(self) -> None:
        if hasattr(self, "_far"):
            await self.unplug()


class ScannerRig(Rig):
    again_codes = frozenset({"card_absent"})
    number = "0499370899"

    def driver(self, told: OnEvent) -> Driver:
        address = parse(f"{self.folder / 'port'}?kind=scanner&expects=ir_national_code&kept_s={KEPT_S}")
        return SerialReader(ROW, address, told)

    async def plug(self) -> None:
        self._cable = Cable(self.folder / "port")
        self._cable.plug()

    async def unplug(self) -> None:
        self._cable.unplug()

    async def insert(self, card: Played = Played.GOOD) -> None:
        os.write(self._cable.far, b"0499370899\r\n" if card is Played.GOOD else b"0499370898\r\n")

    async def remove(self) -> None:
        """Nobody takes a scan away: it is forgotten."""

    async def close(self) -> None:
        if hasattr(self, "_cable"):
            self._cable.unplug()
