"""SHELL: all readers of this edge under their names; what the faces see of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from central_sync.wire.refusals import Refused
from edge.readers import Change, Driver, ReaderEvent, ReaderState, Wanted, validity
from edge.readers.bindings import Bound, unbound, usable
from edge.readers.cards import hygiene
from edge.readers.cards.conversation import CardFault
from edge.readers.cards.identity import CardIdentity

PLAIN = Wanted()
DRIVER_LATE_S_MAX = 1.0
"""A driver keeps the deadline itself, and says what it waited for; only one that does not is cut off."""
_NOT_HERE = ("card_absent", "reader_lost", "reader_busy", "reader_failed")
"""A reader that says so has no card for us; its neighbour may."""


class Found(NamedTuple):
    """Who was on a card, and on which reader. ``gone``: how many cards had left it when the read ended."""

    reader: str
    identity: CardIdentity
    gone: int


class Readers:
    """All readers of this edge, by name; what the faces see.

    Whichever driver read a card, its texts are cleaned and its number is checked here once more (``cards/hygiene.py``).
    ``today`` tells the institution's civil day, by which every card is judged, whichever driver read it; without it none is judged here,
    because whoever asked will do it. ``bound``: which desk a reader belongs to.
    """

    def __init__(
        self, drivers: Sequence[Driver], today: Callable[[], date] | None = None, bound: Bound = unbound
    ) -> None:
        self._drivers = list(drivers)
        self._today = today
        self._bound = bound
        self._gone: Counter[str] = Counter()
        self._failed: dict[str, int] = {}

    def told(self, event: ReaderEvent) -> None:
        """A driver tells of a change; whoever makes the drivers lets this hear of it before anybody else."""
        if event.change in (Change.REMOVED, Change.READER_LOST):
            self._gone[event.state.name] += 1

    def lies(self, found: Found) -> bool:
        """Whether that very card still lies there, and not the next one."""
        return self._gone[found.reader] == found.gone and self._card_on(found.reader)

    def failed_lies(self, names: Sequence[str]) -> bool:
        """Whether one of ``names`` still has the card on which its last read failed, and not the next one."""
        return any(self._failed.get(name) == self._gone[name] and self._card_on(name) for name in names)

    def _card_on(self, name: str) -> bool:
        return any(state.card_present for state in self.states() if state.name == name)

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

    def usable(self, name: str, desk: str = "") -> tuple[str, ...]:
        """The readers that ``desk`` means by ``name``; see :func:`edge.readers.bindings.usable`.

        Raises:
            Refused: ``reader_unknown`` or ``reader_of_another_desk``.
        """
        return usable([state.name for state in self.states()], name, desk, self._bound)

    async def read(self, name: str, deadline_s: float, wanted: Wanted = PLAIN) -> CardIdentity:
        """The card on reader ``name``; with an empty name, on the only one there is.

        Raises:
            Refused: one of :data:`edge.readers.READ_REFUSALS`, or of :data:`edge.readers.validity.VALIDITY_REFUSALS`.
        """
        return (await self.read_any(self.usable(name), deadline_s, wanted)).identity

    async def read_any(self, names: Sequence[str], deadline_s: float, wanted: Wanted = PLAIN) -> Found:
        """The first card on one of the readers ``names``, and which it was: a device with two slots is two readers, and a desk may have a
        scanner beside its reader. A card that cannot be read ends it; a reader that has none does not, unless all have none.

        Raises:
            Refused: as :meth:`read`.
        """
        if len(names) == 1:
            return await self._read(names[0], deadline_s, wanted)
        reads = [asyncio.ensure_future(self._read(name, deadline_s, wanted)) for name in names]
        why = Refused("reader_unknown")
        try:
            waiting = set(reads)
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for read in sorted(done, key=lambda one: one.exception() is not None):
                    try:
                        return read.result()
                    except Refused as refusal:
                        if refusal.code not in _NOT_HERE:
                            raise
                        why = refusal if why.code != "card_absent" else why
            raise why
        finally:
            for read in reads:
                read.cancel()
            await asyncio.gather(*reads, return_exceptions=True)

    async def _read(self, name: str, deadline_s: float, wanted: Wanted) -> Found:
        driver = next((one for one in self._drivers if any(state.name == name for state in one.states())), None)
        if driver is None:
            raise Refused("reader_unknown")
        try:
            async with asyncio.timeout(deadline_s + DRIVER_LATE_S_MAX):
                identity = await driver.read(name, deadline_s, wanted)
            gone = self._gone[name]  # now, before whatever waits for the end of the read is told
        except TimeoutError as error:
            raise Refused("card_slow", "the driver kept the read beyond its deadline") from error
        finally:
            self._failed[name] = self._gone[name]
        try:
            identity = hygiene.cleaned(identity)
        except CardFault as fault:
            raise Refused("card_unreadable", str(fault)) from fault
        if self._today is not None:
            validity.judge(identity, self._today())
        return Found(name, identity, gone)
