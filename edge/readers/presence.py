"""SHELL: who is here: what the readers tell, what has been read, and what a read still proves.

Every change is published as an event with reader, desk and time, and never who. A desk's session is what it does on the strength of a read;
where the card must stay, it ends when the card goes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from edge.events import Event
from edge.readers import Change, ReaderEvent
from edge.readers.bindings import Bound, unbound
from edge.readers.cards.identity import CardIdentity
from edge.readers.reads import Read, Reads

READ_ID_BYTES = 16
FORGET_EVERY_S = 1.0


class Presence:
    """What is on the readers and what was. ``publish`` takes the events of the cards' stream."""

    def __init__(
        self,
        reads: Reads,
        publish: Callable[[Event], None],
        clock: Callable[[], datetime],
        bound: Bound = unbound,
    ) -> None:
        self._reads = reads
        self._publish = publish
        self._clock = clock
        self._bound = bound
        self._bells: set[asyncio.Event] = set()
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to forget what has been kept for long enough, also when nobody asks."""
        self._sweeper = asyncio.create_task(self._sweep(), name="forget cards")

    async def stop(self) -> None:
        """End that."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None

    def told(self, event: ReaderEvent) -> None:
        """A driver tells of a change; this is what drivers are built with."""
        reader = event.state.name
        self.tell(str(event.change), reader, self._bound(reader).desk)
        if event.change in (Change.REMOVED, Change.READER_LOST):
            self._end(self._reads.removed(reader))
        for bell in self._bells:
            bell.set()

    def noted(
        self, reader: str, identity: CardIdentity, desk: str = "", *, present: bool = True, read_id: str = ""
    ) -> Read:
        """A card was read at ``reader`` for ``desk``; what is remembered of it. ``present``: it lies there still. ``read_id``: the name
        that it has already, where another program (an agent) has read it.
        """
        bound = self._bound(reader)
        read = self._reads.add(
            Read(
                read_id=read_id or secrets.token_urlsafe(READ_ID_BYTES),
                reader=reader,
                desk=bound.desk or desk,
                at=self._clock(),
                identity=identity,
                digest=b"",
                stays=bound.card_must_stay,
                lies=present,
            )
        )
        self.tell("read", reader, read.desk)
        if not present:
            self._end(self._reads.removed(reader, read.read_id))
        return read

    def last(self, readers: Iterable[str], desk: str) -> Read | None:
        """The last read of ``desk`` at one of ``readers``, while it is kept."""
        return self._reads.last(readers, desk, self._clock())

    def find(self, read_id: str) -> Read | None:
        """The read of that name."""
        return self._reads.find(read_id, self._clock())

    def check(self, read_id: str, desk: str, person: tuple[str, str] | None) -> None:
        """Whether ``read_id`` proves that ``person`` is at ``desk``; see :meth:`edge.readers.reads.Reads.check`.

        Raises:
            Refused: why not.
        """
        self._reads.check(read_id, desk, person, self._clock())

    async def change(self, wait_s: float) -> None:
        """Wait for the next change at any reader, at most ``wait_s`` seconds."""
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            async with asyncio.timeout(wait_s):
                await bell.wait()
        except TimeoutError:
            pass  # none came: whoever asked looks at its own deadline
        finally:
            self._bells.discard(bell)

    def tell(self, kind: str, reader: str, desk: str, **more: Any) -> None:
        """Publish an event of the cards' stream."""
        self._publish(Event(kind=kind, at=self._clock(), data={"reader": reader, "desk": desk, **more}))

    def _end(self, reads: Iterable[Read]) -> None:
        for reader, desk in dict.fromkeys((read.reader, read.desk) for read in reads):
            self.tell("session_ended", reader, desk)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            self._reads.forget(self._clock())
