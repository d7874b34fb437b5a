"""PURE: how much of the backlog goes at once, measured on the line.

A batch shall take about ``TARGET_S`` (and twice the way there and back, so that a far hub is not fed in sips); from what the last ones
took follows how many bytes that is. A batch may be twice as large as the one before, at most. Several are under way at once, so
that the pipe is full while answers are awaited; after an outage they begin one by one, and not at once: ten thousand edges come back
with the same hub. A hub that is busy says when to come again; only the backlog waits for that.
"""

from __future__ import annotations

from central_sync.wire.limits import BATCH_BYTES_MAX
from edge.limits import (
    BACKLOG_WORKERS,
    BACKLOG_WORKERS_FAR,
    BATCH_FIRST_BYTES,
    BATCH_TARGET_S,
    BATCH_TARGET_S_MAX,
    BUSY_CAP_S,
    BUSY_FIRST_S,
    FAR_S,
    RETURN_SPREAD_DIVISOR,
    RETURN_SPREAD_S_MAX,
)
from edge.retry import Backoff

_NEW = 0.4
"""Weight of the newest measurement."""
_BUSY = Backoff(BUSY_FIRST_S, BUSY_CAP_S)


class Pace:
    """The pace of the backlog. Sizes are those of packets before compression, in bytes; times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.batch_bytes = BATCH_FIRST_BYTES
        self.parallel = 1
        self.not_before = float("-inf")
        self._rate = 0.0
        self._way_s = float("inf")
        self._busy = 0

    @property
    def target_s(self) -> float:
        """How long a batch shall take."""
        way_s = self._way_s if self._way_s < float("inf") else 0.0
        return min(BATCH_TARGET_S_MAX, BATCH_TARGET_S + 2 * way_s)

    def may_send(self, now: float, under_way: int) -> bool:
        """Whether another batch may begin while so many are under way."""
        return under_way < self.parallel and now >= self.not_before

    def finished(self, size: int, took_s: float) -> None:
        """A batch of that size was answered after so long."""
        took_s = max(took_s, 0.001)
        self._busy = 0
        self._way_s = min(took_s, self._way_s * 1.005)
        most = BACKLOG_WORKERS_FAR if self._way_s > FAR_S else BACKLOG_WORKERS
        self.parallel = min(most, self.parallel + 1)
        if size * 2 < self.batch_bytes and took_s < self.target_s:
            return  # too small to tell how fast the line is
        self._rate = size / took_s if not self._rate else (1 - _NEW) * self._rate + _NEW * size / took_s
        self.batch_bytes = int(min(self._rate * self.target_s, self.batch_bytes * 2, BATCH_BYTES_MAX)) or 1

    def broke(self) -> None:
        """A batch got no answer: perhaps it was too much for the line."""
        self.batch_bytes = max(1, self.batch_bytes // 2)
        self._rate /= 2
        self.parallel = 1

    def came_back(self, now: float, down_s: float, spread: float) -> None:
        """The line is up again after ``down_s``; ``spread`` in [0, 1) is drawn by the shell."""
        self.parallel = 1
        self.not_before = max(self.not_before, now + spread * min(RETURN_SPREAD_S_MAX, down_s / RETURN_SPREAD_DIVISOR))

    def busy(self, now: float, retry_after_s: float, spread: float) -> None:
        """The hub takes no backlog now; ``retry_after_s``: what it said, 0 if nothing."""
        self._busy += 1
        due = _BUSY.next_at(self._busy, now, spread)
        assert due is not None  # this one never parks
        if retry_after_s > 0:
            due = now + min(retry_after_s, BUSY_CAP_S) * (1 + spread / 2)
        self.parallel = 1
        self.not_before = max(self.not_before, due)
