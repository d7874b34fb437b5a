"""A reader on a clerk's PC: an agent that speaks with the edge over real TLS, and a folder there as its reader."""

from __future__ import annotations

import shutil
from pathlib import Path

from edge.readers import Driver, OnEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from tests.contract.rigs import ROW, Played, Rig
from tests.contract.simulated_rig import CONTENT
from tests.edge.agent.office import Office, put, take

PC = "pc-1"


class _WithItsOffice:
    """The driver, started and stopped together with the port and the agent that it is nothing without."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._driver: Driver = office.readers

    async def start(self) -> None:
        await self._office.__aenter__()
        await self._office.run(self._office.pair(PC), ROW)

    async def stop(self) -> None:
        await self._office.port.stop()

    def states(self) -> list[ReaderState]:
        return self._driver.states()

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        return await self._driver.read(reader, deadline_s, wanted)


class RemoteRig(Rig):
    row = f"{PC}/{ROW}"
    number = "0499370899"
    _office: Office | None = None

    @property
    def _reader(self) -> Path:
        return self.folder / PC / ROW

    def driver(self, told: OnEvent) -> Driver:
        self._office = Office(self.folder, told)
        (self._office.folder / "agent-readers.json").write_text(
            f'{{"agents": {{"{PC}": {{"{self.row}": "simulated"}}}}}}'
        )
        return _WithItsOffice(self._office)

    async def plug(self) -> None:
        self._reader.mkdir(parents=True)

    async def unplug(self) -> None:
        shutil.rmtree(self._reader)

    async def insert(self, card: Played = Played.GOOD) -> None:
        put(self._reader, CONTENT[card])

    async def remove(self) -> None:
        take(self._reader)

    async def close(self) -> None:
        if self._office is not None:
            await self._office.__aexit__()
