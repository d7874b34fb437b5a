"""Who has the journal's pen: what waits goes from the event loop into a commit of its own, or to the journal's thread, in groups.

What the loop brings in one of its turns is taken together, at the end of the turn: one commit and one sync for all that the sockets had. The
loop commits it itself if it can (``swift.py``); what it cannot goes to the thread with all that waits, and until the thread has told all that it took
nobody else writes. So the pen changes hands only when nothing is under way, and everything is written in the order in which it came.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog

from edge.journal.operation import Operation, Result, call

TURN_COMMITS_MAX = 8
"""So many that the loop stood still for follow each other before the sockets are heard again."""

_log = structlog.get_logger(__name__)


class Loop(Protocol):
    """What the loop commits with."""

    @property
    def able(self) -> bool:
        """Whether it may be able to, just now."""

    @property
    def under_way(self) -> bool:
        """Whether a commit of its own is being written."""

    def begin(self, waiting: Sequence[Operation[Any]]) -> int:
        """Begin with the first of ``waiting``; how many those are; 0: it cannot."""


class HandOver:
    """What waits for the pen. ``group``, ``settle`` and ``close`` are the thread's, the rest is the loop's. ``refuse`` is told of what comes
    after the thread has ended; ``told`` gets results in the loop, and gives back those whose callers are to be called: what waits for the pen is first.
    ``judge`` is shown what goes to the thread, before the thread has it, and gives back what may go; it has told the others.
    """

    def __init__(
        self,
        own: Loop,
        told: Callable[[Sequence[Result]], list[Result]],
        judge: Callable[[list[Operation[Any]]], list[Operation[Any]]],
        refuse: Callable[[list[Operation[Any]]], None],
        operations_max: int,
        bytes_max: int,
    ) -> None:
        self._own = own
        self._tell = told
        self._judge = judge
        self._refuse = refuse
        self._operations_max = operations_max
        self._bytes_max = bytes_max
        self._queue: queue.SimpleQueue[list[Operation[Any]] | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[Operation[Any]] = []
        self._held: list[Operation[Any]] = []
        self._scheduled = self._turning = False
        self._away = 0
        self._given = self._taken = 0  # each is written by one thread alone
        self._ending = self._ended = False

    @property
    def free(self) -> bool:
        """Whether nobody has the pen."""
        return not self._away and not self._own.under_way

    @property
    def waits(self) -> int:
        """How many wait."""
        return len(self._waiting) + self._given - self._taken

    def put(self, operation: Operation[Any]) -> None:
        """Let it be written."""
        self._waiting.append(operation)
        if not self._scheduled:
            self._scheduled = True
            self._loop = operation.loop
            operation.loop.call_soon(self._turn)

    def end(self) -> None:
        """After all that waits, :meth:`group` gives nothing more."""
        self._ending = True
        self._turn()

    def send(self, errand: Operation[Any]) -> None:
        """To the thread with it, before anything else is written."""
        self._loop = errand.loop
        self._to_thread([errand])

    def told(self, results: Sequence[Result]) -> None:
        """What a commit of the loop's own came to."""
        called = self._tell(results)
        if self._scheduled and not self._turning and called:
            assert self._loop is not None
            self._loop.call_soon(call, called)  # the turn that is to come is before that
            return
        if not self._scheduled:
            self._turn()
        call(called)

    def _turn(self) -> None:
        self._scheduled = self._turning = True  # what is told meanwhile begins no turn of its own
        try:
            more = self._write()
        except Exception:  # noqa: BLE001 -- a fault of ours must not end all turns, and nobody may wait for one that is over
            _log.exception("a turn of the journal failed inside")
            more, waiting, self._waiting = False, self._waiting, []
            self._refuse(waiting)
        self._turning, self._scheduled = False, more
        if more:
            assert self._loop is not None
            self._loop.call_soon(self._turn)
        elif self._ended:
            self._refuse_what_waits()
        elif self._ending and not self._waiting and not self._own.under_way:
            self._queue.put(None)

    def _write(self) -> bool:
        """Begin what can be begun; whether there is more, and the sockets come first."""
        left = TURN_COMMITS_MAX
        while self._waiting and (self._ended or not (self._own.under_way or (self._away and self._own.able))):
            if not left:
                return True
            left -= 1
            count = 0 if self._away or self._ended else self._own.begin(self._waiting)
            if not count:
                self._to_thread(self._judge(self._waiting))
                self._waiting = []
            del self._waiting[:count]
        return False

    def _to_thread(self, group: list[Operation[Any]]) -> None:
        if group:
            self._away += len(group)
            self._given += len(group)
            self._queue.put(group)

    # -- the thread's ---------------------------------------------------------------------------------------------

    def group(self) -> list[Operation[Any]]:
        """What waits, up to the bounds; empty when it is time to end."""
        if not self._held:
            waiting = self._queue.get()
            if waiting is None:
                return []
            self._held = waiting
        self._held += self._more(self._operations_max - len(self._held))
        count = weight = 0
        for operation in self._held:
            weight += operation.weight
            if count == self._operations_max or (count and weight > self._bytes_max):
                break
            count += 1
        group, self._held = self._held[:count], self._held[count:]
        self._taken += count
        return group

    def _more(self, room: int) -> list[Operation[Any]]:
        found: list[Operation[Any]] = []
        while len(found) < room:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)  # these first
                break
            found += more
        return found

    def settle(self, results: Sequence[Result], count: int) -> None:
        """Tell the callers; ``count`` of what was taken is done with that."""
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            self._loop.call_soon_threadsafe(self._back, results, count)

    def close(self) -> None:
        """The thread ends: whatever waits still is refused, and so is what comes from now on."""
        self._ended = True
        self._refuse_what_waits()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there any more
                self._loop.call_soon_threadsafe(self._turn)

    def _back(self, results: Sequence[Result], count: int) -> None:
        self._away -= count
        called = self._tell(results)
        self._turn()
        call(called)

    def _refuse_what_waits(self) -> None:
        left, self._held = [*self._held, *self._more(self.waits + 1)], []
        self._refuse(left)
