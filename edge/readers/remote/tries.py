"""PURE: how often a wrong pairing code may be tried: so many times in a while from one address, and so many from all together."""

from __future__ import annotations

from collections import deque

WINDOW_S = 600.0
TRIES_MAX = 5
"""From one address within the window."""
TRIES_OF_ALL_MAX = 50


class Tries:
    """The wrong tries of the last while; its clock is whatever ``now`` is given in, in seconds."""

    def __init__(self) -> None:
        self._tries: deque[tuple[float, str]] = deque()

    def allow(self, address: str, now: float) -> bool:
        """Whether one more may be made from ``address``."""
        while self._tries and now - self._tries[0][0] > WINDOW_S:
            self._tries.popleft()
        from_there = sum(1 for _, one in self._tries if one == address)
        return from_there < TRIES_MAX and len(self._tries) < TRIES_OF_ALL_MAX

    def failed(self, address: str, now: float) -> None:
        """A wrong one was tried."""
        self._tries.append((now, address))
