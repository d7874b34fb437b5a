"""PURE: what is known of the line, and when the next attempt is due.

Up, or never tried: everybody may send. Down: one attempt at a time probes it, at growing intervals; a caller who waits may bring the
next probe forward, but not closer to the last than a gap that grows too, from ``PROBE_GAP_S`` to ``PROBE_GAP_S_MAX``. A probe
that hangs is joined by another after ``ATTEMPT_PATIENCE_S``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.limits import (
    ATTEMPT_PATIENCE_S,
    DOWN_PATIENCE_MS,
    PROBE_GAP_S,
    PROBE_GAP_S_MAX,
    RETRY_CAP_S,
    RETRY_FIRST_S,
)
from edge.retry import Backoff

LINE_DOWN = "line_down"
_GROWTH = 1.5
_GAPS_S = tuple(min(PROBE_GAP_S_MAX, PROBE_GAP_S * _GROWTH**step) for step in range(21))
"""How close to the last a probe may be brought forward, by the failures beyond the second."""


@dataclass(slots=True)
class Pulse:
    """The state of the line. All times are seconds of one monotonic clock, given in."""

    backoff: Backoff = field(default_factory=lambda: Backoff(RETRY_FIRST_S, RETRY_CAP_S))
    up: bool = False
    trouble: str = LINE_DOWN
    """While not up: the refusal code that says why."""
    failures: int = 0
    probing: bool = False
    probed_at: float = float("-inf")
    failed_at: float = float("-inf")
    down_since: float = float("inf")
    """When the first of the failures in a row was."""
    due_at: float = float("-inf")

    def may_send(self, now: float) -> bool:
        """Whether an exchange may begin now."""
        return self.up or not self.failures or now >= self.next_probe_at()

    def next_probe_at(self) -> float:
        """While down: when the next attempt may begin."""
        return max(self.due_at, self.probed_at + ATTEMPT_PATIENCE_S) if self.probing else self.due_at

    def began(self, now: float) -> None:
        """An exchange begins."""
        if not self.up:
            self.probing = True
            self.probed_at = now

    def stopped(self) -> None:
        """An exchange ended without telling anything of the line (we gave it up ourselves)."""
        self.probing = False

    def succeeded(self) -> bool:
        """The hub answered and takes our work. Tells whether that is news."""
        news = not self.up
        self.up, self.probing, self.failures, self.due_at, self.trouble = True, False, 0, float("-inf"), ""
        self.down_since = float("inf")
        return news

    def failed(self, now: float, spread: float, trouble: str = LINE_DOWN) -> bool:
        """No answer, or the hub takes nothing from us (``trouble``). Tells whether that is news."""
        news = self.up or self.trouble != trouble
        if self.up or self.probing or not self.failures:  # many exchanges that break at once are one failure
            self.failures += 1
            due = self.backoff.next_at(self.failures, now, spread)
            assert due is not None  # this one never parks
            self.due_at = due
        self.down_since = min(self.down_since, now)
        self.up, self.probing, self.trouble, self.failed_at = False, False, trouble, now
        return news

    def hurry(self, now: float) -> None:
        """Somebody waits: bring the next probe forward."""
        if self.up or self.due_at <= now:
            return
        gap = _GAPS_S[min(max(self.failures - 2, 0), len(_GAPS_S) - 1)]
        self.due_at = min(self.due_at, max(now, self.probed_at + gap))

    def down_s(self, now: float) -> float:
        """How long it has been down, as far as it was tried; 0 while up."""
        return max(0.0, now - self.down_since)

    @property
    def known_down(self) -> bool:
        """Whether it has failed for so long that nobody need wait for it."""
        return not self.up and self.failures > 1 and self.failed_at - self.down_since >= DOWN_PATIENCE_MS / 1000

    def hopeless(self, since: float, *, patient: bool) -> bool:
        """Whether somebody who waits since ``since`` need wait no longer: who is ``patient`` leaves a line that is known to be down one try of
        its own, and a line that has only just gone some time.
        """
        tried = not self.up and self.failed_at > since
        return (tried and (self.known_down or not patient)) or (self.known_down and not patient)
