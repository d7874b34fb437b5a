"""Long polls that wake whichever process the news was written by.

Hub processes keep no state of their own: what is new stands in the database. While somebody waits here, one task looks
every ``WATCH_EVERY_S`` at the newest feed cursor of the hospitals that wait, all in one query, and wakes those that have
news. While nobody waits nothing is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from central_sync.api.limits import WATCH_EVERY_S, WATCH_FAULT_PAUSE_S
from central_sync.errors import StoreError

Heads = Callable[[Sequence[str]], Awaitable[dict[str, int]]]
"""The newest feed cursor of each institution; may raise :class:`StoreError`."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    institution: str
    cursor: int
    woken: asyncio.Event


class Waiting:
    """Who waits for news in this process, and the task that looks for it."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._waiters: set[_Waiter] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()

    async def wait(self, institution: str, cursor: int, seconds: float) -> bool:
        """Wait until the institution's feed goes beyond ``cursor``; ``False`` if it did not within ``seconds``, or the hub stops."""
        if self._stopped.is_set() or seconds <= 0:
            return False
        waiter = _Waiter(institution, cursor, asyncio.Event())
        self._waiters.add(waiter)
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="watch the feed")
        try:
            async with asyncio.timeout(seconds):
                await waiter.woken.wait()
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return not self._stopped.is_set()

    def wake_all(self) -> None:
        """There is news for everybody, which is no feed's."""
        for waiter in self._waiters:
            waiter.woken.set()

    def stop(self) -> None:
        """Wake everybody with no news; from now on nobody waits."""
        self._stopped.set()
        for waiter in self._waiters:
            waiter.woken.set()

    async def _watch(self) -> None:
        try:
            while self._waiters and not self._stopped.is_set():
                pause = await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stopped.wait()
        finally:
            self._task = None

    async def _look(self) -> float:
        """Wake whoever has news; how long to pause."""
        institutions = sorted({waiter.institution for waiter in self._waiters})
        try:
            heads = await self._heads(institutions)
        except StoreError:
            _log.exception("the feed cannot be watched", waiting=len(self._waiters))
            return WATCH_FAULT_PAUSE_S
        for waiter in self._waiters:
            if heads.get(waiter.institution, 0) > waiter.cursor:
                waiter.woken.set()
        return WATCH_EVERY_S
