"""PURE: how long the disk lasts at today's rate, and when new work must be refused so that what is open can still end.

Room is what the disk has free, and the journal's own free pages, less a reserve. While there is room, everything is taken. Without room
new transactions are refused (``journal_full``) and the reserve is there for what ends the open ones: answers, withdrawals,
confirmations' marks. Nothing is ever dropped. Times are seconds of a clock that never jumps.
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import NamedTuple

from msgspec import Struct

from edge.limits import (
    CAPACITY_HOURS_LOW,
    CAPACITY_OBSERVED_S_MIN,
    CAPACITY_WINDOW_S,
    RESERVE_BYTES_MAX,
    RESERVE_OF_DISK_DIVISOR,
)

HOUR_S = 3600.0
SAMPLE_GAP_S = 60.0


class Disk(NamedTuple):
    """What the journal's disk has, in bytes: its size, what is free for us, and what is free inside the journal's file."""

    total: int
    free: int
    reusable: int = 0


class Capacity(Struct, frozen=True, kw_only=True):
    """``room_bytes``: what new work may still fill. ``bytes_per_hour`` and ``hours_left`` are ``None`` until a rate is known.

    ``full``: new work is refused. ``low``: a technician should make room.
    """

    room_bytes: int
    bytes_per_hour: int | None
    hours_left: float | None
    full: bool
    low: bool


class Meter:
    """Remembers how much the journal held over the last day. ``seed``: bytes per hour to believe until enough was observed."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._samples: deque[tuple[float, int]] = deque()

    def take(self, at_s: float, used_bytes: int) -> None:
        """Remember that the journal held ``used_bytes`` then. Of samples within a minute only the last is kept."""
        if len(self._samples) > 2 and at_s - self._samples[-2][0] < SAMPLE_GAP_S:
            self._samples.pop()
        self._samples.append((at_s, used_bytes))
        while len(self._samples) > 2 and self._samples[1][0] <= at_s - CAPACITY_WINDOW_S:
            self._samples.popleft()

    def rate(self) -> int | None:
        """Bytes per hour: the greater of the last hour's and the last day's, so that neither a night nor a rush deceives."""
        if not self._samples or self._observed() < CAPACITY_OBSERVED_S_MIN:
            return self._seed
        measured = max(self._rate_since(self._samples[-1][0] - HOUR_S), self._rate_since(float("-inf")))
        return measured if self._seed is None or self._observed() >= HOUR_S else max(measured, self._seed)

    def _observed(self) -> float:
        return self._samples[-1][0] - self._samples[0][0]

    def _rate_since(self, since_s: float) -> int:
        """What pruning took away is not counted against what was written."""
        samples = list(self._samples)
        first = next((i for i, sample in enumerate(samples) if sample[0] >= since_s), 0)
        first = max(0, first - 1) if samples[first][0] > since_s else first
        seen = samples[first:]
        grown = sum(max(0, after[1] - before[1]) for before, after in itertools.pairwise(seen))
        elapsed = seen[-1][0] - seen[0][0]
        return round(grown * HOUR_S / elapsed) if elapsed > 0 else 0


def reserve_bytes(total: int) -> int:
    """What is kept for ending the open ones, on a disk of ``total`` bytes."""
    return min(RESERVE_BYTES_MAX, total // RESERVE_OF_DISK_DIVISOR)


def judged(disk: Disk, rate: int | None) -> Capacity:
    """How ``disk`` stands at ``rate`` bytes per hour."""
    room = max(0, disk.free + disk.reusable - reserve_bytes(disk.total))
    hours = None if not rate else round(room / rate, 1)
    low = room == 0 or (hours is not None and hours < CAPACITY_HOURS_LOW)
    return Capacity(room_bytes=room, bytes_per_hour=rate, hours_left=hours, full=room == 0, low=low)
