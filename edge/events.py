"""Who is told: every watcher of the event stream.

It lives in the event loop and holds nothing that the journal does not have: losing it loses nobody's money.
A watcher that does not keep up loses its oldest events and is told how many (``missed`` in the next one).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from edge.limits import EVENTS_PER_WATCHER_MAX, WATCHERS_MAX


class Event(Struct, frozen=True, kw_only=True):
    """Something to tell. ``kind``: outcome, parked, line, notice, maintenance or card, and those of the cards' stream; ``data``: plain values, never a person's."""

    kind: str
    at: datetime
    data: dict[str, Any]
    missed: int = 0


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
