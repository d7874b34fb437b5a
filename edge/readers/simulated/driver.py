"""SHELL: watches a folder; the first ``*.json`` in it by name is the card on the reader.

A missing folder is an unplugged reader. Put a card down by renaming a finished file into the folder, as any program that
other programs read from should.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from central_sync.wire.refusals import Refused
from edge.readers import Change, OnEvent, ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.simulated import codec

POLL_S = 0.1
log = structlog.get_logger()


class SimulatedReader:
    """One folder as a reader."""

    driver = "simulated"

    def __init__(self, name: str, folder: Path, on_event: OnEvent) -> None:
        self.name = name
        self._folder = folder
        self._on_event = on_event
        self._connected = False
        self._present = False
        self._stopped = False
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch the folder."""
        self._stopped = False
        self._look()
        self._watcher = asyncio.create_task(self._watch(), name=f"reader {self.name}")

    async def stop(self) -> None:
        """End watching, and the reads that wait for a card."""
        self._stopped = True
        self._changed.set()
        if self._watcher is None:
            return
        self._watcher.cancel()
        await asyncio.gather(self._watcher, return_exceptions=True)
        self._watcher = None

    def states(self) -> list[ReaderState]:
        """How it is now."""
        return [self._state()]

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        """Read the card, waiting for one at most ``deadline_s`` seconds.

        Raises:
            Refused: ``reader_unknown``, ``card_absent``, ``reader_lost`` or ``card_unreadable``.
        """
        if reader != self.name:
            raise Refused("reader_unknown")
        try:
            async with asyncio.timeout(deadline_s), self._turn:
                return codec.identity(await self._put_down(), wanted)
        except TimeoutError as error:
            raise Refused("card_absent" if self._connected else "reader_lost", "before the deadline") from error

    async def _put_down(self) -> bytes:
        """The bytes of the card, once it is there and was told."""
        while True:
            self._changed.clear()
            if self._stopped:
                raise Refused("reader_lost", "the program stops")
            self._look()
            card = self._card() if self._present else None
            content = _content(card) if card else None
            if content is not None:
                return content
            await self._changed.wait()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            self._look()

    def _look(self) -> None:
        connected, present = self._folder.is_dir(), self._card() is not None
        changes = _changes((self._connected, self._present), (connected, present))
        if not changes:
            return
        self._connected, self._present = connected, present
        self._changed.set()
        for change in changes:
            log.info("a card reader changed", reader=self.name, driver=self.driver, change=str(change))
            self._on_event(ReaderEvent(change=change, state=self._state()))

    def _state(self) -> ReaderState:
        return ReaderState(
            name=self.name,
            driver=self.driver,
            connected=self._connected,
            card_present=self._present,
            trouble="" if self._connected else "reader_absent",
        )

    def _card(self) -> Path | None:
        try:
            return min((path for path in self._folder.iterdir() if path.suffix == ".json"), default=None)
        except OSError:
            return None  # an unplugged reader has no card


def _content(path: Path) -> bytes | None:
    """The card's bytes, or ``None`` if it was taken away just now."""
    try:
        with path.open("rb") as file:
            return file.read(codec.CARD_BYTES_MAX + 1)
    except OSError:
        return None


def _changes(before: tuple[bool, bool], now: tuple[bool, bool]) -> list[Change]:
    """From (connected, card present) to the same: what is to be told, in order."""
    changes = []
    if before[1] and not now[1]:
        changes.append(Change.REMOVED)
    if before[0] != now[0]:
        changes.append(Change.READER_BACK if now[0] else Change.READER_LOST)
    if now[1] and not before[1]:
        changes.append(Change.INSERTED)
    return changes
