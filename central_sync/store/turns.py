"""Whose turn it is to write: one thread at a time, in the order in which they asked, people before backlogs.

A plain lock would let the thread that has just let go take it again at once, so that a backlog of many short commits could keep
a clerk waiting for seconds. Here the turn is handed over: whoever lets go chooses the next, and it is theirs at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from central_sync.errors import StoreBusy


class Turns:
    """Hands out the only turn."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._urgent: deque[threading.Event] = deque()
        self._patient: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, wait_s: float, *, urgent: bool) -> Iterator[None]:
        """Hold the turn while the block runs.

        Raises:
            StoreBusy: it did not come within ``wait_s`` seconds.
        """
        self._take(wait_s, self._urgent if urgent else self._patient)
        try:
            yield
        finally:
            with self._guard:
                self._next()

    def _take(self, wait_s: float, queue: deque[threading.Event]) -> None:
        mine = threading.Event()
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            queue.append(mine)
        if mine.wait(wait_s):
            return
        with self._guard:
            if not mine.is_set():
                queue.remove(mine)
            else:  # it came just now, too late for us
                self._next()
        raise StoreBusy("no turn to write came in time")

    def _next(self) -> None:
        queue = self._urgent or self._patient
        if queue:
            queue.popleft().set()
        else:
            self._taken = False
