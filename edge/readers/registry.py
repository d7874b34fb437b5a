"""SHELL: all readers of this edge under their names; what the faces see of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

from central_sync.wire.refusals import Refused
from edge.readers import Driver, ReaderState, Wanted, validity
from edge.readers.cards.identity import CardIdentity

PLAIN = Wanted()


class Readers:
    """All readers of this edge, by name; what the faces see.

    ``today`` tells the institution's civil day, by which every card is judged, whichever driver read it; without it none is judged here,
    because whoever asked will do it.
    """

    def __init__(self, drivers: Sequence[Driver], today: Callable[[], date] | None = None) -> None:
        self._drivers = list(drivers)
        self._today = today
        self._turns: dict[str, asyncio.Lock] = {}

    async def start(self) -> None:
        """Start every driver."""
        for driver in self._drivers:
            await driver.start()

    async def stop(self) -> None:
        """Stop every driver, the last one first."""
        for driver in reversed(self._drivers):
            await driver.stop()

    def states(self) -> list[ReaderState]:
        """How all of them are now."""
        return [state for driver in self._drivers for state in driver.states()]

    async def read(self, name: str, deadline_s: float, wanted: Wanted = PLAIN) -> CardIdentity:
        """The card on reader ``name``; with an empty name, on the only one there is.

        Raises:
            Refused: one of :data:`edge.readers.READ_REFUSALS`, or of :data:`edge.readers.validity.VALIDITY_REFUSALS`.
        """
        found = [(state.name, driver) for driver in self._drivers for state in driver.states()]
        if name:
            found = [one for one in found if one[0] == name]
        if len(found) != 1:
            raise Refused("reader_unknown")
        ((chosen, driver),) = found
        turn = self._turns.setdefault(chosen, asyncio.Lock())
        try:
            async with asyncio.timeout(deadline_s), turn:
                identity = await driver.read(chosen, deadline_s, wanted)
        except TimeoutError as error:
            raise Refused("card_absent", "before the deadline") from error
        if self._today is not None:
            validity.judge(identity, self._today())
        return identity
