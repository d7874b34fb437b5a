"""SHELL: the deadline of one call, and what becomes of an append that it meets."""

from __future__ import annotations

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
    if appending.future.done():
        return
    if appending.cancel():
        appending.future.set_exception(JournalUnavailable("the journal did not begin in time"))
    else:
        appending.future.set_exception(Late())
