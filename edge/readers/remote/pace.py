"""PURE: how fast something may come: so many at once, and so many a second in the long run."""

from __future__ import annotations

DEBT_BURSTS_MAX = 3


class Pace:
    """A bucket of ``burst`` that fills again with ``per_s``; its clock is whatever ``now`` is given in, in seconds. What is owed is bounded to
    ``DEBT_BURSTS_MAX`` bursts: a flood is not paid for by whoever comes after it.
    """

    def __init__(self, burst: int, per_s: float) -> None:
        self._burst = float(burst)
        self._per_s = per_s
        self._left = float(burst)
        self._seen: float | None = None

    def rest_s(self, now: float, count: int = 1) -> float:
        """``count`` more came at ``now``: how long to wait before they are taken, 0 as a rule."""
        self._fill(now)
        self._left = max(self._left - count, -DEBT_BURSTS_MAX * self._burst)
        return max(-self._left / self._per_s, 0.0)

    def allows(self, now: float) -> bool:
        """Whether one more may come at ``now``; one that may not is not counted."""
        self._fill(now)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _fill(self, now: float) -> None:
        if self._seen is not None:
            self._left = min(self._burst, self._left + max(now - self._seen, 0.0) * self._per_s)
        self._seen = now
