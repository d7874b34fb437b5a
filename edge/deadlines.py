"""SHELL: the deadline of one call, and what becomes of an append that it meets."""

from __future__ import annotations

import asyncio
import time

from edge.errors import JournalUnavailable
from edge.journal import Appending, Standing
from edge.limits import ANSWER_MARGIN_MS_MAX, DOWN_PATIENCE_MS


class Late(Exception):
    """The deadline came while the journal was at it: nobody can say yet how it ends."""


class Clock:
    """The deadline of one call, in monotonic seconds; a margin is kept: ``end`` is when to decide, ``last`` when to answer
    whatever has become of that. ``kept``: what the journal has of it.
    """

    __slots__ = ("end", "kept", "last", "started")

    def __init__(self, deadline_ms: int) -> None:
        margin = min(ANSWER_MARGIN_MS_MAX, deadline_ms / 5)
        self.started = time.monotonic()
        self.end = self.started + (deadline_ms - margin) / 1000
        self.last = self.started + (deadline_ms - margin / 4) / 1000
        self.kept: Standing | None = None

    def left(self) -> float:
        """Seconds until it has to be decided."""
        return max(0.0, self.end - time.monotonic())

    def patient(self) -> bool:
        """Whether it is still too early to give up on a line that is down."""
        return time.monotonic() - self.started < DOWN_PATIENCE_MS / 1000


def give_up(appending: Appending) -> None:
    """At the deadline: stop what has not begun; of what has, nobody can say yet how it ends."""
    if appending.ended:
        return
    if appending.cancel():
        appending.end(None, JournalUnavailable("the journal did not begin in time"))
    else:
        appending.end(None, Late())


class Deadlines:
    """The deadlines of all appends under way, under one timer: nearly every call is answered long before, and a timer of its own for each costs the
    loop more to keep in order than all else of its deadline.
    """

    def __init__(self) -> None:
        self._under_way: dict[Appending, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, appending: Appending, last: float) -> None:
        """Give it up at ``last``, in the loop's time, unless it is done with before."""
        self._under_way[appending] = last
        if self._timer is None or last < self._timer.when():
            self._look_at(last)

    def done(self, appending: Appending) -> None:
        """It needs no deadline any more."""
        self._under_way.pop(appending, None)

    def _look_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._look)

    def _look(self) -> None:
        now, self._timer = asyncio.get_running_loop().time(), None
        for appending in [one for one, last in self._under_way.items() if last <= now]:
            self.done(appending)
            give_up(appending)
        if self._under_way:
            self._look_at(min(self._under_way.values()))
