"""SHELL: the cases of this edge for a desk's page. What a case has come to is read from the journal each time: nothing to lose when a page, a
browser or this program begins anew, and two desks see the same.

The one thing kept besides is what the insurer last said of a case's person (:class:`Known`), so that a name stands on the screen when the line is
down. It is a fact of the journal: sealed, durable, forgotten after ``KNOWN_KEPT``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec
from msgspec import Struct

from central_sync.terms import hid as hids
from central_sync.wire import packets as p
from edge.journal.shapes import Told
from edge.steps import Step, step_of

KIND = "desk_case"
STEPS_MAX = 2_000
CASES_LISTED_MAX = 200
UNFINISHED_MAX = 100
"""Of each kind: a start page opens so many entries, however long the line has been down."""
LOOKED_BACK = timedelta(days=2)
"""Nearly every case is from today; one that is not found so is looked for further back, by the steps of ``LOOKED_FURTHER``, as far as ``LOOKED_BACK_MAX``: there
is no index by case, so what is looked at is paid for."""
LOOKED_FURTHER = (timedelta(days=10), timedelta(days=45))
LOOKED_BACK_MAX = timedelta(days=200)
KNOWN_KEPT = timedelta(days=60)
FORGET_EVERY = timedelta(hours=6)
KNOWN_MAX = 50_000
ABSENT_MAX = 10_000


class Known(Struct, frozen=True, kw_only=True):
    """What was known of a case's person when it was opened. ``as_of``: when the insurer vouched for it; ``None``: it has not, the card says so."""

    at: datetime
    name: str = ""
    covers: list[p.Cover] = []
    as_of: datetime | None = None
    sex: str = ""
    birth_date: date | None = None


class Kept(Protocol):
    """Where the steps are: :class:`edge.journal.cases.Cases`."""

    async def of(self, hid: str, since: datetime, limit: int) -> list[Told]:
        """Those of one case."""
        ...

    async def opened(self, since: datetime, limit: int) -> list[Told]:
        """Those that opened a case."""
        ...

    async def unfinished(self, limit: int) -> list[Told]:
        """Those without a last word, the newest of each kind."""
        ...


class Facts(Protocol):
    """Where small things are kept: the journal."""

    async def remember(self, kind: str, key: str, value: bytes) -> None:
        """Keep ``value``, durably."""

    async def recall(self, kind: str) -> dict[str, bytes]:
        """Every fact of ``kind``."""
        ...

    async def forget(self, kind: str, key: str) -> None:
        """Keep it no longer."""


class Casebook:
    """The cases of one edge. Every method raises ``JournalUnavailable`` as the journal's own."""

    def __init__(self, kept: Kept, facts: Facts) -> None:
        self._kept = kept
        self._facts = facts
        self._known: dict[str, Known] = {}
        self._began: dict[str, datetime] = {}
        self._absent: dict[str, datetime] = {}
        self._forgotten_at: datetime | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Learn what was known before."""
        for hid, value in (await self._facts.recall(KIND)).items():
            self._known[hid] = msgspec.msgpack.decode(value, type=Known)

    async def steps(self, hid: str, now: datetime) -> list[Step]:
        """What has happened in the case, oldest first; empty: the journal has nothing of it."""
        if hids.serial_of(hid) is None:
            return []
        since = self._began.get(hid)
        for begin in [since] if since else self._begins(hid, now):
            found = _steps(await self._kept.of(hid, begin, STEPS_MAX))
            if found and (since or found[0].row.opens_case):
                break
        if found and found[0].row.opens_case:
            self._began[hid] = found[0].at
            while len(self._began) > KNOWN_MAX:
                del self._began[next(iter(self._began))]
        elif not since:  # nobody's HID: the whole journal is not gone through for it once more
            self._absent.pop(hid, None)
            self._absent[hid] = now
            while len(self._absent) > ABSENT_MAX:
                del self._absent[next(iter(self._absent))]
        return found

    def _begins(self, hid: str, now: datetime) -> list[datetime]:
        """From when on its opening is looked for, one after the other: what is known of the case says when that was."""
        absent, known = self._absent.get(hid), self._known.get(hid)
        far = max(absent - LOOKED_BACK, now - LOOKED_BACK_MAX) if absent else now - LOOKED_BACK_MAX
        steps = [now - back for back in (LOOKED_BACK, *LOOKED_FURTHER)]
        if known is not None:
            steps = [known.at - LOOKED_BACK]
        return [*(begin for begin in steps if begin > far), far]

    async def opened(self, since: datetime) -> list[Step]:
        """What opened a case since then, newest first."""
        return _steps(await self._kept.opened(since, CASES_LISTED_MAX))[::-1]

    async def unfinished(self) -> list[Step]:
        """What is provisional, in doubt, or awaits its confirmation, oldest first; of a long backlog what waits for somebody, and the newest of the rest."""
        return _steps(await self._kept.unfinished(UNFINISHED_MAX))

    def known(self, hid: str) -> Known | None:
        """What was last known of the case's person."""
        return self._known.get(hid)

    async def know(self, hid: str, known: Known) -> None:
        """Keep that for the case."""
        async with self._turn:
            await self._facts.remember(KIND, hid, msgspec.msgpack.encode(known))
            self._known[hid] = known
            await self._forget(known.at)

    async def _forget(self, now: datetime) -> None:
        if self._forgotten_at is not None and now - self._forgotten_at < FORGET_EVERY:
            return
        self._forgotten_at = now
        by_age = sorted(self._known, key=lambda hid: self._known[hid].at)
        surplus = set(by_age[: max(0, len(by_age) - KNOWN_MAX)])
        for hid in [hid for hid in by_age if hid in surplus or now - self._known[hid].at > KNOWN_KEPT]:
            await self._facts.forget(KIND, hid)
            del self._known[hid]


def _steps(told: Iterable[Told]) -> list[Step]:
    return [step for one in told if (step := step_of(one)) is not None]
