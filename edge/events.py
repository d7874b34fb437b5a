"""Who is told: every watcher of the event stream, and the one caller who waits for one transaction.

Both live in the event loop and hold nothing that the journal does not have: losing them loses nobody's money.
A watcher that does not keep up loses its oldest events and is told how many (``missed`` in the next one).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from edge.journal.shapes import Standing
from edge.limits import EVENTS_PER_WATCHER_MAX, WATCHERS_MAX


class Event(Struct, frozen=True, kw_only=True):
    """Something to tell. ``kind``: outcome, parked, line, notice or card; ``data``: plain values, never a person's."""

    kind: str
    at: datetime
    data: dict[str, Any]
    missed: int = 0


def outcome_event(standing: Standing, now: datetime) -> Event:
    """What the stream tells of a transaction: nothing of its content but its case."""
    data = {
        "msgid": standing.msgid,
        "number": standing.number,
        "outcome": str(standing.outcome),
        "code": standing.code,
        "confirmation": str(standing.confirmation),
        "hid": standing.hid,
    }
    return Event(kind="outcome", at=now, data=data)


class Subscription:
    """One watcher: an async iterator of events, ended by ``close`` (or by the end of ``async with``)."""

    def __init__(self, owner: Events) -> None:
        self._owner = owner
        self._waiting: deque[Event] = deque()
        self._missed = 0
        self._bell = asyncio.Event()
        self._closed = False

    def offer(self, event: Event) -> None:
        """Add an event, dropping the oldest when full. Only :class:`Events` calls this."""
        if len(self._waiting) >= EVENTS_PER_WATCHER_MAX:
            self._waiting.popleft()
            self._missed += 1
        self._waiting.append(event)
        self._bell.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._bell.clear()
            await self._bell.wait()
        event = self._waiting.popleft()
        if self._missed:
            event, self._missed = structs.replace(event, missed=self._missed), 0
        return event

    def close(self) -> None:
        """End the iteration after what is already waiting."""
        self._closed = True
        self._bell.set()
        self._owner.forget(self)

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class Events:
    """Tells every watcher; never waits for one."""

    def __init__(self) -> None:
        self._watchers: set[Subscription] = set()

    def publish(self, event: Event) -> None:
        """Tell every watcher of ``event``."""
        for watcher in self._watchers:
            watcher.offer(event)

    def subscribe(self) -> Subscription:
        """A new watcher; it sees what is published from now on.

        Raises:
            OverflowError: there are ``WATCHERS_MAX`` already.
        """
        if len(self._watchers) >= WATCHERS_MAX:
            raise OverflowError("too many watchers")
        watcher = Subscription(self)
        self._watchers.add(watcher)
        return watcher

    @property
    def watched(self) -> bool:
        """Whether anybody watches: if not, nothing need be made ready for telling."""
        return bool(self._watchers)

    def forget(self, watcher: Subscription) -> None:
        """Tell ``watcher`` no more."""
        self._watchers.discard(watcher)

    def close(self) -> None:
        """End every subscription."""
        for watcher in tuple(self._watchers):
            watcher.close()


class Waiting:
    """Callers who wait for what becomes of a msgid. Enter before looking at the journal, so that no news is missed."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[Standing]]] = {}

    @contextmanager
    def enter(self, msgid: str) -> Iterator[asyncio.Future[Standing]]:
        """A future of the next news of ``msgid``, registered for the length of the block."""
        future: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
        group = self._waiting.setdefault(msgid, set())
        group.add(future)
        try:
            yield future
        finally:
            group.discard(future)
            if not group:
                self._waiting.pop(msgid, None)
            future.cancel()

    def awaits(self, msgid: str) -> bool:
        """Whether anybody waits for news of ``msgid``."""
        return msgid in self._waiting

    def wake(self, standings: Iterable[Standing]) -> None:
        """Tell those who wait for these transactions; called after the commit that made it true."""
        for standing in standings:
            for future in self._waiting.get(standing.msgid, ()):
                if not future.done():
                    future.set_result(standing)
