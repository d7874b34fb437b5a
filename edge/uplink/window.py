"""PURE: which of the journal's open entries are at hand, when a million wait and only some thousand may be in memory.

Everything open up to ``upto`` is at hand (or parked, or done). What is newer is at hand too as long as nothing was left ``outside``;
afterwards only what somebody waits for, each with its lane's older entries (``Lanes.needs``).

A reading of the journal takes time, and entries come, are answered and are left out meanwhile: what is ``gone`` is not brought back, and what
was handed over after the reading began is not the reading's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Row(Protocol):
    """An open entry as the journal lists it."""

    @property
    def seq(self) -> int:
        """Its place."""
        ...


R = TypeVar("R", bound=Row)


class Window:
    """``newest``: the highest seq handed over; entries are handed over in their order."""

    def __init__(self) -> None:
        self.newest = 0
        self.upto = 0
        self.outside = False
        self._readings = 0
        self._gone: set[int] = set()
        self._left_out: int | None = None
        self.missed: int | None = None
        """The oldest entry that was left out since what is being read was begun."""
        self.stale = False
        """Whether what is being read is not to be believed: a parked entry was let go meanwhile."""

    def start(self, head: int, waiting: int) -> None:
        """The journal's last seq, and how many entries of it are open."""
        self.newest = head
        self.outside = waiting > 0
        self.upto = 0 if self.outside else head

    def arrived(self, seq: int) -> None:
        """An entry was handed over and is at hand."""
        self.newest = max(self.newest, seq)
        if not self.outside:
            self.upto = self.newest

    def left_out(self, seq: int) -> None:
        """An entry was handed over, or was at hand, and is not: it is read again when there is room."""
        self.newest = max(self.newest, seq)
        self.upto = min(self.upto, seq - 1)
        self.outside = True
        self._left_out = seq if self._left_out is None else min(seq, self._left_out)
        self.missed = seq if self.missed is None else min(seq, self.missed)

    def gone(self, seq: int) -> None:
        """An entry is done, or parked."""
        if self._readings:
            self._gone.add(seq)

    def released(self) -> None:
        """A parked entry was let go."""
        self.stale = True

    def reading(self) -> None:
        """A reading of the journal begins."""
        self._readings += 1
        self.stale, self.missed = False, None

    def read(self) -> None:
        """It is over, its rows are dealt with (or it failed)."""
        self._readings -= 1
        if not self._readings:
            self._gone.clear()

    def fresh(self, rows: Sequence[R]) -> list[R]:
        """The rows of a reading that still are what they were."""
        return [row for row in rows if row.seq <= self.newest and row.seq not in self._gone]

    def begin(self) -> int:
        """A refill begins, together with its reading; rows after this seq are wanted."""
        self._left_out = None
        return self.upto

    def refilled(self, rows: Sequence[Row], limit: int, began_newest: int) -> None:
        """Its rows are at hand. ``began_newest``: ``newest`` when it began."""
        complete = len(rows) < limit
        upto = began_newest if complete else max(self.upto, rows[-1].seq)
        if self._left_out is not None:
            upto = min(upto, self._left_out - 1)
        elif complete:
            self.outside = False
            upto = self.newest
        self.upto = upto
