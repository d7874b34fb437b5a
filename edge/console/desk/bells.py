"""SHELL: one ear on a stream of events for all pages of the desk, however many are open: streams have few places, and programs need them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge.events import Event, Events


class Bells:
    """Tells callbacks of each event, and wakes pages that wait for what concerns a case."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._listening: asyncio.Task[None] | None = None
        self._callbacks: list[Callable[[Event], None]] = []
        self._waiting: dict[asyncio.Event, str] = {}

    async def start(self) -> None:
        """Begin to listen."""
        self._listening = asyncio.create_task(self._listen(), name="desk bells")

    async def stop(self) -> None:
        """End that; pages that wait are woken."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        for bell in self._waiting:
            bell.set()

    def tell(self, callback: Callable[[Event], None]) -> None:
        """Call ``callback`` with each event from now on."""
        self._callbacks.append(callback)

    async def wait(self, hid: str, wait_s: float) -> None:
        """Wait until something happens to the case or to the line, at most ``wait_s`` seconds."""
        bell = asyncio.Event()
        self._waiting[bell] = hid
        try:
            async with asyncio.timeout(wait_s):
                await bell.wait()
        except TimeoutError:
            pass  # nothing has: whoever waits looks all the same
        finally:
            del self._waiting[bell]

    async def _listen(self) -> None:
        async with self._events.subscribe() as events:
            async for event in events:
                for callback in self._callbacks:
                    callback(event)
                for bell, hid in self._waiting.items():
                    if event.kind == "line" or event.data.get("hid") == hid:
                        bell.set()
