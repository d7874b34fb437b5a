"""An office for tests: the agents' port of an edge, over real TLS, and the agents of its PCs, all in this process.

Nothing of the edge but what agents need: no journal, no hub. Readers are folders; a card is a file that is renamed into one.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from edge.agent import pairing
from edge.agent.app import Agent
from edge.agent.settings import Settings
from edge.agents import Agents
from edge.agents_port import AgentsPort, ensure
from edge.config import Address, ReaderConfig
from edge.readers import OnEvent, ReaderEvent, ReaderState
from edge.readers.bindings import Binding
from edge.readers.cards.identity import CardIdentity
from edge.readers.remote.codec import Welcome
from edge.readers.remote.driver import RemoteReaders

INSTITUTION, ZONE = "H001", "Asia/Tehran"
NUMBER = "0499370899"
CARD = b'{"kind": "ir_national_code", "number": "0499370899"}'
SEEN_S_MAX = 15.0


def clock() -> datetime:
    return datetime.now(UTC)


class Office:
    """The edge's end. ``told`` are the events; ``made`` are the reads that were made at PCs."""

    def __init__(self, folder: Path, told: OnEvent | None = None) -> None:
        self.folder = folder / "edge"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pcs = folder
        self.agents = Agents(self.folder)
        self.told: asyncio.Queue[ReaderEvent] = asyncio.Queue()
        self.made: list[tuple[str, ReaderState, CardIdentity]] = []
        self.running: list[Agent] = []
        self._tell: OnEvent = told or self.told.put_nowait
        self.readers = RemoteReaders(self.folder, self.agents.names, self._tell, self._made)
        self.port = self._port(0)

    def _port(self, number: int) -> AgentsPort:
        welcome = Welcome(institution=INSTITUTION, zone=ZONE)
        return AgentsPort(self.folder, Address("127.0.0.1", number), "", self.agents, self.readers, welcome, clock)

    def _made(self, read_id: str, reader: ReaderState, identity: CardIdentity) -> bool:
        self.made.append((read_id, reader, identity))
        return True

    async def __aenter__(self) -> Office:
        await self.readers.start()
        await self.port.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for agent in self.running:
            await agent.stop()
        await self.port.stop()

    async def restart(self) -> None:
        """The edge starts again, at the same port."""
        number = int(self.port.url.rpartition(":")[2])
        await self.port.stop()
        self.readers = RemoteReaders(self.folder, self.agents.names, self._tell, self._made)
        self.port = self._port(number)
        await self.readers.start()
        await self.port.start()

    def invite(self, name: str, minutes: float = 60) -> bytes:
        return self.agents.invite(name, Binding(desk=name), clock(), timedelta(minutes=minutes))

    def pair(self, name: str, url: str = "") -> Path:
        """A PC that was paired; its data directory."""
        key = secrets.token_urlsafe(pairing.KEY_BYTES)
        self.agents.pair(self.invite(name), key, clock())
        pc = self.pcs / name
        pc.mkdir(exist_ok=True)
        made = pairing.Pairing(
            name=name,
            institution=INSTITUTION,
            zone=ZONE,
            edge_url=url or self.port.url,
            fingerprint=hashlib.sha256(ensure(self.folder, clock())).hexdigest(),
            key=key,
        )
        (pc / pairing.FILE).write_bytes(msgspec.json.encode(made))
        return pc

    async def run(self, pc: Path, reader: str = "card", connect_from: str = "") -> Agent:
        """The PC's agent, started, with one reader in the folder ``reader`` of the PC."""
        rows = [ReaderConfig(name=reader, driver="simulated", address=reader)]
        agent = Agent(pc, Settings(listen="127.0.0.1:0", readers=rows, connect_from=connect_from))
        await agent.start()
        self.running.append(agent)
        return agent

    async def next(self) -> str:
        async with asyncio.timeout(SEEN_S_MAX):
            return str((await self.told.get()).change)

    def state(self, name: str) -> ReaderState:
        (state,) = [one for one in self.readers.states() if one.name == name]
        return state


def put(reader: Path, content: bytes = CARD) -> None:
    """Put a card on the reader that is folder ``reader``."""
    made = reader.with_name("made.json")
    made.write_bytes(content)
    made.rename(reader / "card.json")


def take(reader: Path) -> None:
    """Take the card away."""
    (reader / "card.json").unlink()
