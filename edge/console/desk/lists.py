"""SHELL: what the desk's first page lists: what is unfinished, here and at other desks, and what was opened here today.

Each open page of every desk asks for it again and again. The journal is read for all of them together, only when something was written to it since, and
at most every ``READ_EVERY_S``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from central_sync.wire import packets as p
from edge.console.desk.frame import Desk
from edge.steps import Step

LISTED_MAX = 8
UNFINISHED_LISTED_MAX = 50
READ_EVERY_S = 2.0


class Row(NamedTuple):
    """A case in a list. ``step``: the one that is unfinished, or its opening."""

    hid: str
    name: str
    number: str
    at: datetime
    department: str
    step: Step


class Listed(NamedTuple):
    """What is unfinished at one desk, what else was opened there today, and how much is unfinished at other desks. ``version``: another one when
    something was written, or the day is another.
    """

    version: tuple[int, date]
    unfinished: Sequence[Row]
    opened: Sequence[Row]
    elsewhere: int


class _Read(NamedTuple):
    version: tuple[int, date]
    at_s: float
    unfinished: Sequence[Step]
    opened: Sequence[Step]


class Lists:
    """``head``: the number of the journal's last record; it grows with whatever happens."""

    def __init__(self, desk: Desk, head: Callable[[], int]) -> None:
        self._desk = desk
        self._head = head
        self._turn = asyncio.Lock()
        self._last: _Read | None = None

    async def now(self, workstation: str) -> Listed:
        """As it is: for a page that is asked for."""
        return self._listed(workstation, await self._read())

    async def lately(self, workstation: str) -> Listed:
        """As it was within ``READ_EVERY_S``: for a page that listens."""
        async with self._turn:
            last = self._last
            if last is None or (last.version != self._version and time.monotonic() - last.at_s >= READ_EVERY_S):
                last = await self._read()
        return self._listed(workstation, last)

    async def opened(self) -> Sequence[Step]:
        """What opened a case today, newest first, at any desk."""
        begin = datetime.combine(self._desk.today, clock_time(), ZoneInfo(self._desk.place.zone)) - timedelta(seconds=1)
        return await self._desk.casebook.opened(begin)

    def row(self, step: Step) -> Row:
        """The case of ``step`` as it is listed."""
        known = self._desk.casebook.known(step.hid)
        asked: p.PersonRef | None = getattr(step.request, "person", None)
        name, number = known.name if known else "", asked.number if asked else ""
        return Row(step.hid, name, number, step.at, department_of(step), step)

    @property
    def _version(self) -> tuple[int, date]:
        return self._head(), self._desk.today

    async def _read(self) -> _Read:
        version, at_s = self._version, time.monotonic()  # beforehand: what is written meanwhile is read next time
        unfinished = await self._desk.casebook.unfinished()
        self._last = _Read(version, at_s, unfinished, await self.opened())
        return self._last

    def _listed(self, mine: str, read: _Read) -> Listed:
        unfinished: dict[str, Step] = {}
        for step in read.unfinished:
            if step.hid:
                unfinished.setdefault(step.hid, step)
        here = {hid: step for hid, step in unfinished.items() if step.workstation == mine}
        opened = [step for step in read.opened if step.workstation == mine and step.hid not in here]
        rows = [self.row(step) for step in list(here.values())[-UNFINISHED_LISTED_MAX:]]
        return Listed(read.version, rows, [self.row(step) for step in opened[:LISTED_MAX]], len(unfinished) - len(here))


def department_of(step: Step) -> str:
    """Where the case of an opening is."""
    return str(getattr(step.request, "department", ""))
