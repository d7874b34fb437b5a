"""The room that the journal's disk still has: looked at where new work is taken, and metered by a job. The judgement is ``journal/capacity.py``."""

from __future__ import annotations

import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from edge.journal.capacity import Capacity, Disk, Meter, judged
from edge.journal.keeping import Keeping
from edge.limits import CAPACITY_LOOK_S

REFUSAL = "journal_full"
_DAY_HOURS = 24


class Room:
    """Of one data folder. ``refuses`` is for whoever has the journal's pen, all else for the event loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._meter = Meter()
        self._reusable = 0
        self._looked_at = float("-inf")
        self._refuses = ""

    def refuses(self) -> str:
        """Why new work is refused; empty: it is taken. Looks at the disk at most every ``CAPACITY_LOOK_S``."""
        now = time.monotonic()
        if now - self._looked_at >= CAPACITY_LOOK_S:
            self._looked_at = now
            self._refuses = REFUSAL if judged(self._disk(), None).full else ""
        return self._refuses

    def capacity(self) -> Capacity:
        """How the disk stands, at the rate that was observed."""
        return judged(self._disk(), self._meter.rate())

    async def start(self, keeping: Keeping, now: datetime) -> None:
        """Believe the last day's work until enough was observed, and take the first sample."""
        written = await keeping.written_since(now - timedelta(hours=_DAY_HOURS))
        self._meter = Meter(seed=written // _DAY_HOURS or None)
        await self.look(keeping)

    async def look(self, keeping: Keeping) -> None:
        """Take a sample."""
        used, self._reusable = await keeping.held_bytes()
        self._meter.take(time.monotonic(), used)

    def _disk(self) -> Disk:
        try:
            found = shutil.disk_usage(self._folder)
        except OSError:
            return Disk(0, 0)  # the journal itself will say what is wrong with the disk; nothing is taken on meanwhile
        return Disk(found.total, found.free, self._reusable)
