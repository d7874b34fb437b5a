"""PURE: when to try again, and whether to stop trying.

Waiting doubles from ``first_s`` up to ``cap_s`` and is spread over the whole of its step ("full jitter"; at least ``first_s / 2`` remains),
so that ten thousand edges do not come back in the same second. ``spread`` in [0, 1) is drawn by the shell.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """A way of waiting. ``attempts_max``: after so many failures it waits for a person (parked); ``None``: never."""

    first_s: float
    cap_s: float
    attempts_max: int | None = None

    def next_at(self, attempts: int, now: float, spread: float) -> float | None:
        """When to try again after ``attempts`` failures in a row (1 or more), in the clock of ``now``; ``None``: park.

        Raises:
            ValueError: ``attempts`` is below 1 or ``spread`` outside [0, 1).
        """
        if attempts < 1 or not 0 <= spread < 1:
            raise ValueError("attempts count from 1, spread lies in [0, 1)")
        if self.attempts_max is not None and attempts >= self.attempts_max:
            return None
        step = min(self.cap_s, self.first_s * float(2 ** min(attempts - 1, 30)))
        return now + max(self.first_s / 2, step * (1 - spread))
