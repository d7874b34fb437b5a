"""Who may work at the port now, and who waits: people's batches in one room, backlogs in another.

Rules
    * A free thread goes to a person first. Backlogs together never have more than a part of the threads, however many edges come back
      after an outage, and never a place in the people's room.
    * Both rooms are bounded. A person's batch that finds its room full is told ``hub_busy`` at once. A backlog is told when to come again:
      each gets an appointment of its own, one after the other at the pace at which backlogs have been taken lately, so that ten
      thousand edges do not come back in the same second.
    * Who waited too long, or has hung up meanwhile, is not begun: the threads work for edges that still listen.

Used on the event loop only. ``elapsed`` gives seconds of a clock that only grows.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from central_sync.api.limits import (
    BACKLOG_PLACES_MAX,
    BACKLOG_THREADS_PART,
    BUSY_S_MAX,
    BUSY_S_MIN,
    PEOPLE_PLACES_MAX,
    QUEUED_S_MAX,
)
from central_sync.wire.refusals import Refused

_GOLDEN = (math.sqrt(5) - 1) / 2
_FIRST_GUESS_S = 0.25
_LEARNED = 0.1
"""How much one batch changes what is believed of the pace."""


class Busy(Refused):
    """``hub_busy``, and when to come again."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__("hub_busy", detail)
        self.retry_after_s = retry_after_s


class Rooms:
    """The two waiting rooms before ``threads`` worker threads."""

    def __init__(self, threads: int, elapsed: Callable[[], float]) -> None:
        self._free = threads
        self._backlog_free = max(1, threads // BACKLOG_THREADS_PART)
        self._backlog_threads = self._backlog_free
        self._places = {False: PEOPLE_PLACES_MAX, True: BACKLOG_PLACES_MAX}
        self._people: deque[asyncio.Future[None]] = deque()
        self._backlogs: deque[asyncio.Future[None]] = deque()
        self._elapsed = elapsed
        self._pace_s = _FIRST_GUESS_S
        self._next_s = 0.0
        self._turned_away = 0

    @contextmanager
    def place(self, *, backlog: bool) -> Iterator[None]:
        """Hold a place in a room while the block runs: take it before a body is read.

        Raises:
            Busy: the room is full.
        """
        if not self._places[backlog]:
            if backlog:
                raise Busy("other backlogs are before yours", self._appointment())
            raise Busy("too much at once", BUSY_S_MIN)
        self._places[backlog] -= 1
        try:
            yield
        finally:
            self._places[backlog] += 1

    @asynccontextmanager
    async def thread(self, *, backlog: bool) -> AsyncIterator[None]:
        """Hold a thread while the block runs.

        Raises:
            Busy: there was none in time.
        """
        if self._people or not self._ready(backlog):
            await self._called(backlog)
        else:
            self._take(backlog)
        began_s = self._elapsed()
        try:
            yield
        finally:
            if backlog:
                self._pace_s += _LEARNED * (self._elapsed() - began_s - self._pace_s)
            self._give_back(backlog)

    async def _called(self, backlog: bool) -> None:
        """Wait until a thread has been taken for us."""
        room = self._backlogs if backlog else self._people
        called = asyncio.get_running_loop().create_future()
        room.append(called)
        try:
            async with asyncio.timeout(QUEUED_S_MAX):
                await called
        except (
            BaseException
        ) as error:  # whatever ended the wait, the place or the thread is given back, and it is raised again
            if called in room:
                room.remove(called)
            elif not called.cancelled():
                self._give_back(backlog)
            if isinstance(error, TimeoutError):
                raise Busy("too long in the queue", self._appointment() if backlog else BUSY_S_MIN) from None
            raise

    def _ready(self, backlog: bool) -> bool:
        return self._free > 0 and (not backlog or self._backlog_free > 0)

    def _take(self, backlog: bool) -> None:
        self._free -= 1
        self._backlog_free -= backlog

    def _give_back(self, backlog: bool) -> None:
        self._free += 1
        self._backlog_free += backlog
        for room, is_backlog in ((self._people, False), (self._backlogs, True)):
            while room and self._ready(is_backlog):
                called = room.popleft()
                if not called.done():
                    self._take(is_backlog)
                    called.set_result(None)

    def _appointment(self) -> int:
        """In how many seconds the next backlog that is turned away shall come again."""
        now_s = self._elapsed()
        self._next_s = max(self._next_s, now_s + BUSY_S_MIN) + self._pace_s / self._backlog_threads
        due_s = self._next_s - now_s
        if due_s > BUSY_S_MAX:  # the queue is longer than that: spread evenly over the second half, and ask again
            self._next_s = now_s + BUSY_S_MAX
            self._turned_away += 1
            due_s = BUSY_S_MAX * (0.5 + self._turned_away * _GOLDEN % 0.5)
        return max(BUSY_S_MIN, round(due_s))
