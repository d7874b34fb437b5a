"""From the event loop to the writer's thread, in groups.

What the loop brings in one of its turns is handed over together, at the end of the turn: one waking of the thread, one commit and one sync for
all that the sockets had, in place of a first commit for one caller while the others wait for the second. Either thread gives the other the interpreter's lock as seldom as can be: with
many callers that costs more than the commit does.

For one who is alone, and while the disk is quick, the loop stands still: it has the result the moment it is there, without being woken through
its selector. It stands no longer than ``PATIENCE_S``, so that a disk that hangs keeps nobody but those who wait for it, and not at all
when the last sync was slow. Where there are more, there is other work to do meanwhile.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from edge.journal.operation import Operation, Result, settle, tell

PATIENCE_S = 0.003
"""The longest that the loop stands still."""


class HandOver:
    """What waits for the writer. ``put`` and ``end`` are the loop's, the rest is the thread's. ``refuse`` is told of what comes after the
    thread has ended. ``quick``: whether the disk was, the last time; the thread says so.
    """

    def __init__(self, operations_max: int, bytes_max: int, refuse: Callable[[list[Operation[Any]]], None]) -> None:
        self._refuse = refuse
        self._operations_max = operations_max
        self._bytes_max = bytes_max
        self._queue: queue.SimpleQueue[list[Operation[Any]] | None] = queue.SimpleQueue()
        self._gathered: list[Operation[Any]] = []
        self._held: list[Operation[Any]] = []
        self._put = self._taken = 0  # each is written by one thread alone
        self._ended = False
        self._wish = _Wish()
        self._busy = 1  # until the thread asks for the first time
        self.quick = False

    @property
    def idle(self) -> bool:
        """Whether the thread has told all that it took."""
        return self._busy <= 0

    @property
    def waits(self) -> int:
        """How many wait."""
        return self._put - self._taken

    def put(self, operation: Operation[Any]) -> None:
        """Let it go to the writer."""
        self._put += 1
        self._gathered.append(operation)
        if len(self._gathered) == 1:
            operation.loop.call_soon(self._hand_over)

    def end(self) -> None:
        """After all that waits, :meth:`group` gives nothing more."""
        self._hand_over()
        self._queue.put(None)

    def group(self, timeout_s: float | None) -> list[Operation[Any]]:
        """What waits, up to the bounds; empty when it is time to end.

        Raises:
            queue.Empty: nobody came for ``timeout_s``.
        """
        if not self._held:
            self._busy = 0
        waiting = self._held or self._queue.get(timeout=timeout_s)
        self._held = []
        if waiting is None:
            return []
        waiting += self._more(self._operations_max - len(waiting))
        count = weight = 0
        for operation in waiting:
            weight += operation.weight
            if count == self._operations_max or (count and weight > self._bytes_max):
                break
            count += 1
        group, self._held = waiting[:count], waiting[count:]
        self._taken += count
        self._busy = count
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

    def empty(self) -> bool:
        """Whether nobody waits; what the loop still gathers does not count."""
        return not self._held and self._queue.empty()

    def close(self) -> None:
        """The thread ends: whatever waits still is refused, and so is what comes from now on."""
        self._ended = True
        self._refuse_what_waits()

    def _hand_over(self) -> None:
        group, self._gathered = self._gathered, []
        if group:
            stands = len(group) == 1 == self.waits and self.quick and self.idle
            if stands:
                self._wish.make()
            self._queue.put(group)
            if stands:
                tell(self._wish.wait(PATIENCE_S))
        if self._ended:
            self._refuse_what_waits()

    def settle(self, results: Sequence[Result]) -> None:
        """Tell the callers: at once if the loop stands still for it, else when it comes to it."""
        self._busy -= len(results)
        if not self._wish.grant(results):
            settle(results)

    def _refuse_what_waits(self) -> None:
        left, self._held = [*self._held, *self._more(self.waits + 1)], []
        self._refuse(left)


class _Wish:
    """The loop's wish to have the next results handed to it while it stands still. Whoever takes the token first decides: the thread, that it
    hands them over, or the loop, that it has stood long enough.
    """

    def __init__(self) -> None:
        self._token: list[None] = []
        self._handed: Sequence[Result] = ()
        self._there = threading.Lock()
        self._there.acquire()

    def make(self) -> None:
        """From now on the next results are handed over."""
        self._token.append(None)

    def wait(self, timeout_s: float) -> Sequence[Result]:
        """The results; none if they did not come in time."""
        if not self._there.acquire(timeout=timeout_s):
            try:
                self._token.pop()
            except IndexError:
                self._there.acquire()  # they are being handed over this moment
            else:
                return ()
        handed, self._handed = self._handed, ()
        return handed

    def grant(self, results: Sequence[Result]) -> bool:
        """Hand ``results`` over, if they are wished for."""
        try:
            self._token.pop()
        except IndexError:
            return False
        self._handed = results
        self._there.release()
        return True
