"""A running service, and cards that are taken away afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from edge.readers import ReaderEvent, ReaderState, Wanted
from edge.readers.pcsc.driver import PcscReaders
from tests.pcscd import Inserted, PlayedCard, Service

NUMBER = "A123456780"
SEEN_S_MAX = 15.0


class Table:
    """The service, and which card lies on which of its readers."""

    def __init__(self) -> None:
        self.service = Service()
        self.cards: dict[int, Inserted] = {}

    @property
    def names(self) -> list[str]:
        return self.service.names

    def put(self, card: PlayedCard, reader: int = 0) -> None:
        self.cards[reader] = Inserted(self.service.ports[reader], card)

    def take(self, reader: int = 0) -> None:
        self.cards.pop(reader).remove()

    def drop(self, reader: int = 0) -> None:
        """Take a card away that does not answer now."""
        self.cards.pop(reader).leave()

    def clear(self) -> None:
        for reader in list(self.cards):
            self.take(reader)


@pytest.fixture
def table() -> Iterator[Table]:
    """The service runs, and no card is there."""
    made = Table()
    made.service.start()
    yield made
    made.service.__exit__()
    made.clear()


class Listener:
    """A driver, and what it told."""

    def __init__(self, address: str) -> None:
        self.told: asyncio.Queue[ReaderEvent] = asyncio.Queue()
        self.driver = PcscReaders("desk-1", address, self.told.put_nowait)

    async def __aenter__(self) -> Listener:
        await self.driver.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.driver.stop()

    async def next(self) -> str:
        async with asyncio.timeout(SEEN_S_MAX):
            return str((await self.told.get()).change)

    async def until(self, *changes: str) -> None:
        """``changes`` are told, and nothing else before them."""
        assert [await self.next() for _ in changes] == list(changes)

    def state(self, name: str = "desk-1") -> ReaderState:
        return next(state for state in self.driver.states() if state.name == name)

    async def trouble(self, trouble: str) -> None:
        """It has this ``trouble`` soon."""
        async with asyncio.timeout(SEEN_S_MAX):
            while self.state().trouble != trouble:  # noqa: ASYNC110 - a trouble is a state, and no event
                await asyncio.sleep(0.02)

    async def read(self, deadline_s: float = SEEN_S_MAX, name: str = "desk-1") -> str:
        return (await self.driver.read(name, deadline_s, Wanted())).number
