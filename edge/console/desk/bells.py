"""SHELL: one ear on a stream of events for all pages of the desk, however many are open: streams have few places, and programs need them.

It listens only while somebody is to be told: of what nobody watches, nothing is made ready for telling (``Events.watched``), at any call of the desk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge.events import Event, Events, Subscription


class Bells:
    """Tells callbacks of each event, and wakes pages that wait for what concerns a case."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._started = False
        self._ear: Subscription | None = None
        self._listening: asyncio.Task[None] | None = None
        self._callbacks: list[Callable[[Event], None]] = []
        self._waiting: dict[asyncio.Event, str] = {}

    async def start(self) -> None:
        """From now on, whoever waits is woken."""
        self._started = True
        self._listen_if_wanted()

    async def stop(self) -> None:
        """End that; pages that wait are woken."""
        self._started = False
        self._listen_if_wanted()
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        for bell in self._waiting:
            bell.set()

    def tell(self, callback: Callable[[Event], None]) -> None:
        """Call ``callback`` with each event from now on."""
        self._callbacks.append(callback)
        self._listen_if_wanted()

    async def wait(self, hid: str, wait_s: float) -> None:
        """Wait until something happens to the case or to the line, at most ``wait_s`` seconds."""
        bell = asyncio.Event()
        self._waiting[bell] = hid
        self._listen_if_wanted()
        try:
            async with asyncio.timeout(wait_s):
                await bell.wait()
        except TimeoutError:
            pass  # nothing has: whoever waits looks all the same
        finally:
            del self._waiting[bell]
            self._listen_if_wanted()

    def _listen_if_wanted(self) -> None:
        wanted = self._started and bool(self._callbacks or self._waiting)
        if wanted and self._ear is None:
            self._ear = self._events.subscribe()
            self._listening = asyncio.create_task(self._listen(self._ear), name="desk bells")
        elif not wanted and self._ear is not None:
            self._ear.close()  # whoever listens with it ends by itself
            self._ear = None

    async def _listen(self, ear: Subscription) -> None:
        async with ear as events:
            async for event in events:
                for callback in self._callbacks:
                    callback(event)
                for bell, hid in self._waiting.items():
                    if event.kind == "line" or event.data.get("hid") == hid:
                        bell.set()
