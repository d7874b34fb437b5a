"""SHELL: the readers of one program and all that serves them, put together: of the edge, and of the agent on a clerk's PC."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime

from edge.events import Events
from edge.readers import Driver, OnEvent, ReaderEvent
from edge.readers.bindings import Bound, unbound
from edge.readers.desks import Desks
from edge.readers.presence import Presence
from edge.readers.reads import Keeping, Reads
from edge.readers.registry import Readers
from edge.readers.requests import CardRequests

KEY_BYTES = 32


class Front:
    """Readers, what was read, the desks and their requests; ``events`` are those of the cards' stream.

    Args:
        drivers: makes the drivers, given whom they tell.
        clock: the wall clock.
        today: the institution's civil day, by which cards are judged; ``None``: somebody else judges them.
        bound: which reader belongs to which desk.
        keeping: how long what is kept.
        photo: whether photos are allowed.
        also: told of every change as well.
    """

    def __init__(
        self,
        drivers: Callable[[OnEvent], Sequence[Driver]],
        clock: Callable[[], datetime],
        today: Callable[[], date] | None = None,
        bound: Bound = unbound,
        keeping: Keeping | None = None,
        *,
        photo: bool = False,
        also: OnEvent = lambda _: None,
    ) -> None:
        self._also = also
        self.events = Events()
        reads = Reads(secrets.token_bytes(KEY_BYTES), keeping or Keeping())
        self.presence = Presence(reads, self.events.publish, clock, bound)
        self.readers = Readers(drivers(self._told), today, bound)
        self.desks = Desks(self.readers, self.presence, bound, photo=photo)
        self.requests = CardRequests(self.desks, self.presence, clock)

    async def start(self) -> None:
        """Start to watch the readers."""
        await self.presence.start()
        await self.readers.start()

    async def quieten(self) -> None:
        """End every request and every read under way, so that nobody waits for a card while the program stops."""
        await self.requests.stop()
        await self.desks.stop()

    async def stop(self) -> None:
        """Stop watching; :meth:`quieten` comes before."""
        await self.readers.stop()
        await self.presence.stop()

    def _told(self, event: ReaderEvent) -> None:
        self._also(event)
        self.readers.told(event)
        self.presence.told(event)
