"""SHELL: all readers of this edge under their names; what the faces see of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from central_sync.wire.refusals import Refused
from edge.readers import Reader, ReaderState
from edge.readers.cards.identity import CardIdentity


class Readers:
    """All readers of this edge, by name; what the faces see."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = {reader.name: reader for reader in readers}
        self._turns = {name: asyncio.Lock() for name in self._readers}

    async def start(self) -> None:
        """Start every reader."""
        for reader in self._readers.values():
            await reader.start()

    async def stop(self) -> None:
        """Stop every reader, the last one first."""
        for reader in reversed(self._readers.values()):
            await reader.stop()

    def states(self) -> list[ReaderState]:
        """How all of them are now."""
        return [reader.state() for reader in self._readers.values()]

    async def read(self, name: str, deadline_s: float) -> CardIdentity:
        """The card on reader ``name``; with an empty name, on the only one there is.

        Raises:
            Refused: ``reader_unknown``, ``card_absent`` or ``card_unreadable``.
        """
        chosen = name or (next(iter(self._readers)) if len(self._readers) == 1 else "")
        reader = self._readers.get(chosen)
        if reader is None:
            raise Refused("reader_unknown")
        try:
            async with asyncio.timeout(deadline_s), self._turns[chosen]:
                return await reader.read(deadline_s)
        except TimeoutError as error:
            raise Refused("card_absent", "before the deadline") from error
