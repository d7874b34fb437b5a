"""From the event loop to the writer's thread, in groups.

What the loop brings in one of its turns is handed over together, at the end of the turn: one waking of the thread, one commit and one sync for
all that the sockets had, in place of a first commit for one caller while the others wait for the second. A caller who was alone
the last time is not made to wait for the end of the turn. Either thread gives the other the interpreter's lock as seldom as can be: with
many callers that costs more than the commit does.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from edge.journal.operation import Operation


class HandOver:
    """What waits for the writer. ``put`` and ``end`` are the loop's, the rest is the thread's. ``refuse`` is told of what comes after the
    thread has ended.
    """

    def __init__(self, operations_max: int, bytes_max: int, refuse: Callable[[list[Operation[Any]]], None]) -> None:
        self._refuse = refuse
        self._operations_max = operations_max
        self._bytes_max = bytes_max
        self._queue: queue.SimpleQueue[list[Operation[Any]] | None] = queue.SimpleQueue()
        self._gathered: list[Operation[Any]] = []
        self._held: list[Operation[Any]] = []
        self._put = self._taken = 0  # each is written by one thread alone
        self._alone = False
        self._ended = False

    @property
    def waits(self) -> int:
        """How many wait."""
        return self._put - self._taken

    def put(self, operation: Operation[Any]) -> None:
        """Let it go to the writer."""
        idle = self._put == self._taken
        self._put += 1
        self._gathered.append(operation)
        if idle and self._alone:
            self._hand_over()
        elif len(self._gathered) == 1:
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
        self._alone = count == 1
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
            self._queue.put(group)
        if self._ended:
            self._refuse_what_waits()

    def _refuse_what_waits(self) -> None:
        left, self._held = [*self._held, *self._more(self.waits + 1)], []
        self._refuse(left)
