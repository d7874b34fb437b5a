"""PURE: how fast an agent may speak: so many messages at once, and so many a second in the long run."""

from __future__ import annotations


class Pace:
    """A bucket of ``burst`` messages that fills again with ``per_s``; its clock is whatever ``now`` is given in, in seconds."""

    def __init__(self, burst: int, per_s: float) -> None:
        self._burst = float(burst)
        self._per_s = per_s
        self._left = float(burst)
        self._seen: float | None = None

    def rest_s(self, now: float) -> float:
        """One more message came at ``now``: how long not to listen before it is taken, 0 as a rule."""
        if self._seen is not None:
            self._left = min(self._burst, self._left + max(now - self._seen, 0.0) * self._per_s)
        self._seen = now
        self._left -= 1.0
        return max(-self._left / self._per_s, 0.0)
