"""SHELL: what a desk may do with its readers: see them, read a card now, and see the last one again.

A photo leaves only when it is allowed here and asked for, and it is never kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import structs

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.bindings import Bound, ReaderRow, unbound
from edge.readers.cards.identity import CardIdentity
from edge.readers.presence import Presence
from edge.readers.reads import Read
from edge.readers.registry import Found, Readers

READS_AT_ONCE_MAX = 384
READS_PER_DESK_AT_ONCE_MAX = 8
"""How many may wait for a card, requests too: each call holds one of the places for calls until its deadline, and payments need some too."""

OnRead = Callable[[Read], Awaitable[None]]


async def _nobody(_read: Read) -> None:
    """Told of reads where nobody else needs to know them."""


class Desks:
    """All desks over all readers. ``photo``: whether photos are allowed here. ``on_read`` is waited for before a read is answered, so that
    nobody can quote it where it is not known yet.
    """

    def __init__(self, readers: Readers, presence: Presence, bound: Bound = unbound, *, photo: bool = False) -> None:
        self._readers = readers
        self._presence = presence
        self._bound = bound
        self._photo = photo
        self.on_read: OnRead = _nobody
        self._under_way: dict[asyncio.Task[Found], str] = {}
        self._stopping = False

    async def stop(self) -> None:
        """End every read under way: it is refused ``shutting_down``."""
        self._stopping = True
        for read in self._under_way:
            read.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def rows(self) -> list[ReaderRow]:
        """All readers and how they are."""
        return [
            ReaderRow(
                name=state.name,
                driver=state.driver,
                desk=self._bound(state.name).desk,
                connected=state.connected,
                card_present=state.card_present,
                trouble=state.trouble,
            )
            for state in self._readers.states()
        ]

    def usable(self, desk: str, asked: str) -> tuple[str, ...]:
        """The readers that ``desk`` means by ``asked``.

        Raises:
            Refused: ``reader_unknown`` or ``reader_of_another_desk``.
        """
        return self._readers.usable(asked, desk)

    async def read(self, desk: str, asked: str, deadline_s: float, *, photo: bool = False) -> Read:
        """The card on the reader that ``desk`` means by ``asked``, waiting for it until the deadline.

        Raises:
            Refused: as :meth:`edge.readers.registry.Readers.read`, :meth:`usable`, ``too_busy`` or ``shutting_down``.
        """
        wanted = Wanted(photo=photo and self._photo)
        found = await self._reading(desk, self.usable(desk, asked), deadline_s, wanted)
        identity = found.identity
        if not wanted.photo:
            identity = structs.replace(identity, photo=b"")
        read = self._presence.noted(found.reader, identity, desk, present=self._readers.lies(found))
        read = structs.replace(read, identity=identity)
        await self.on_read(read)
        return read

    async def look(self, asked: str, deadline_s: float) -> tuple[str, CardIdentity]:
        """A read for a technician, of any desk's reader: which it was, and who; it is nobody's, and not remembered.

        Raises:
            Refused: as :meth:`read`.
        """
        found = await self._reading("", self.usable("", asked), deadline_s, Wanted())
        return found.reader, found.identity

    async def _reading(self, desk: str, names: tuple[str, ...], deadline_s: float, wanted: Wanted) -> Found:
        if self._stopping:
            raise Refused("shutting_down")
        own = sum(one == desk for one in self._under_way.values())
        if own >= READS_PER_DESK_AT_ONCE_MAX or len(self._under_way) >= READS_AT_ONCE_MAX:
            raise Refused(
                "too_busy", f"over {READS_PER_DESK_AT_ONCE_MAX} reads of this desk, or {READS_AT_ONCE_MAX} of all"
            )
        reading = asyncio.create_task(self._readers.read_any(names, deadline_s, wanted), name="read a card")
        self._under_way[reading] = desk
        try:
            return await reading
        except asyncio.CancelledError:
            if self._stopping:
                raise Refused("shutting_down") from None
            raise
        finally:
            reading.cancel()
            self._under_way.pop(reading, None)

    def last(self, desk: str, asked: str) -> Read | None:
        """The last card that ``desk`` read there, while it is kept.

        Raises:
            Refused: as :meth:`usable`.
        """
        return self._presence.last(self.usable(desk, asked), desk)

    def find(self, read_id: str) -> Read | None:
        """The read of that name, if it is remembered."""
        return self._presence.find(read_id) if read_id else None

    def failed_card_there(self, readers: tuple[str, ...]) -> bool:
        """Whether one of ``readers`` still has the card that could not be read."""
        return self._readers.failed_lies(readers)
