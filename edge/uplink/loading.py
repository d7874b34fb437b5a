"""SHELL: reads open entries from the journal into the lanes, as there is room; decides nothing but when to read.

Two kinds of reading, one at a time: the window's next entries, whoever's they are; and the entries of one lane that is cut, so that what
somebody waits for takes its lane's older work along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from edge.errors import JournalUnavailable
from edge.journal import Journal, Pending
from edge.limits import JOURNAL_RETRY_S, LANE_ENTRIES_MAX, LANE_WINDOW_MAX, WINDOW_ENTRIES_MAX, WINDOW_READ_ENTRIES
from edge.uplink.items import work_of
from edge.uplink.lanes import ALWAYS, NEVER, Lanes
from edge.uplink.window import Window

_log = structlog.get_logger(__name__)


class Loader:
    """Fills ``lanes`` from ``journal``; ``loaded`` is called when something came."""

    def __init__(self, journal: Journal, lanes: Lanes, loaded: Callable[[], None]) -> None:
        self._journal = journal
        self._lanes = lanes
        self._loaded = loaded
        self._task: asyncio.Task[None] | None = None
        self.window = Window()

    @property
    def crowded(self) -> bool:
        """Whether more than what somebody waits for has no room."""
        return len(self._lanes) >= WINDOW_ENTRIES_MAX

    def start(self) -> None:
        """Begin where the journal stands."""
        self.window.start(self._journal.head, self._journal.open_count)

    async def stop(self) -> None:
        """Stop reading. Safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def look(self, *, sending: bool) -> None:
        """Read what there is room for; lanes that are cut only while something could be sent."""
        if self._task is not None:
            return
        lane = next(iter(self._lanes.wanting(room=self._has_room)), None) if sending else None
        if lane is not None or (self.window.outside and self._has_room):
            self._task = asyncio.create_task(self._read(lane), name="uplink-load")

    @property
    def _has_room(self) -> bool:
        return len(self._lanes) + WINDOW_READ_ENTRIES <= WINDOW_ENTRIES_MAX

    async def _read(self, lane: int | None) -> None:
        try:
            if lane is not None:
                await self._read_lane(lane)
            if self.window.outside and self._has_room:
                await self._refill()
        except JournalUnavailable:
            _log.error("what waits could not be read from the journal")
            await asyncio.sleep(JOURNAL_RETRY_S)
        except Exception:  # noqa: BLE001 -- a fault of ours must not spin; what is at hand is sent meanwhile
            _log.exception("a reading of what waits failed inside")
            await asyncio.sleep(JOURNAL_RETRY_S)
        finally:
            self._task = None
            self._loaded()

    async def _refill(self) -> None:
        window = self.window
        after, newest = window.begin(), window.newest
        window.reading()
        try:
            rows = await self._journal.waiting(after, WINDOW_READ_ENTRIES)
            if window.stale or (window.missed is not None and window.missed <= after):
                return  # something older is to be read first
            for row in window.fresh(rows):
                self._take(row)
            window.refilled(rows, WINDOW_READ_ENTRIES, newest)
        finally:
            window.read()

    def _take(self, row: Pending) -> None:
        lanes = self._lanes
        if row.parked:
            lanes.park(row.lane, row.seq)
        elif lanes.get(row.seq) is not None or lanes.held(row.lane, row.seq):
            return  # it is here, or stands behind what is parked and is read again when that goes
        elif lanes.beyond(row.lane, row.seq):
            lanes.owe(row.lane)
        elif lanes.count(row.lane) >= LANE_WINDOW_MAX:
            lanes.cut_after_last(row.lane)
        else:
            lanes.add(work_of(row))

    async def _read_lane(self, lane: int) -> None:
        window, lanes = self.window, self._lanes
        window.reading()
        try:
            rows = await self._journal.waiting_in_lane(lane, window.newest + 1)
            if window.stale:
                return
            upto = NEVER
            for row in window.fresh(rows):
                if row.parked:
                    lanes.park(lane, row.seq)
                    if lanes.held(lane):
                        break  # what follows is read again when it is let go
                elif lanes.get(row.seq) is None:
                    if lanes.count(lane) >= LANE_WINDOW_MAX and upto > NEVER:
                        lanes.fill(lane, upto)
                        return
                    lanes.add(work_of(row))
                upto = row.seq
            else:
                if len(rows) >= LANE_ENTRIES_MAX:
                    lanes.fill(lane, upto)
                    return
            lanes.fill(lane, ALWAYS if window.missed is None else window.missed - 1)
        finally:
            window.read()
