"""A folder as a reader, and files that are renamed into it as cards."""

from __future__ import annotations

import shutil

from edge.readers import Driver, OnEvent
from edge.readers.simulated.driver import SimulatedReader
from tests.contract.rigs import ROW, Played, Rig

CONTENT = {Played.GOOD: b'{"kind": "ir_national_code", "number": "0499370899"}', Played.BAD: b"{}"}


class SimulatedRig(Rig):
    number = "0499370899"

    def driver(self, told: OnEvent) -> Driver:
        return SimulatedReader(ROW, self.folder / "reader", told)

    async def plug(self) -> None:
        (self.folder / "reader").mkdir()

    async def unplug(self) -> None:
        shutil.rmtree(self.folder / "reader")

    async def insert(self, card: Played = Played.GOOD) -> None:
        made = self.folder / "card.json"
        made.write_bytes(CONTENT[card])
        made.rename(self.folder / "reader" / "card.json")

    async def remove(self) -> None:
        (self.folder / "reader" / "card.json").unlink()
