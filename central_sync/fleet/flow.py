"""The flow of transactions through one hub process: how many, and how long they took on each leg, in a ring of the last half hour.

Legs of what somebody waited for: ``edge``, from when the edge had recorded it until it sent it; ``line``, there and back, as far as the clocks of both
ends tell (the edge says how they differ, half of the way included); ``hub``, from the arrival of the batch to its answer. Of a backlog
only the number counts: it has waited for the line, not for anybody.

Durations are counted in steps, so that a place of the ring has one size whatever happens. Any number of threads may tell.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from central_sync.wire.messages import Batch, Transaction

STEP_S = 10
STEPS = 180
BOUNDS_MS = (
    1,
    2,
    3,
    5,
    8,
    12,
    20,
    30,
    50,
    80,
    120,
    200,
    300,
    500,
    800,
    1_200,
    2_000,
    3_000,
    5_000,
    8_000,
    15_000,
    30_000,
    60_000,
)
LEGS = ("edge", "line", "hub")
_RECENT_STEPS = 30


class Leg(NamedTuple):
    """Of the last five minutes, in milliseconds: half of all were faster, and all but a twentieth; ``None``: there were none."""

    name: str
    median_ms: int | None
    most_ms: int | None


class Summary(NamedTuple):
    """What the flow is now: transactions in each step (oldest first; people's and backlogs'), and the legs."""

    people: list[int]
    backlog: list[int]
    legs: list[Leg]


@dataclass(slots=True)
class _Step:
    number: int = -1
    people: int = 0
    backlog: int = 0
    counts: dict[str, list[int]] = field(default_factory=lambda: {leg: [0] * (len(BOUNDS_MS) + 1) for leg in LEGS})


class Flow:
    """The ring. Seconds are of a clock that never jumps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ring = [_Step() for _ in range(STEPS)]

    def took(
        self, batch: Batch, arrived_at: datetime, hub_s: float, skew_ms: int | None, now_s: float, *, urgent: bool
    ) -> None:
        """A batch that arrived then was answered after ``hub_s``; ``skew_ms``: the edge's clock less ours, if it is known."""
        items = [item for item in batch.items if isinstance(item, Transaction)]
        with self._lock:
            step = self._step(now_s)
            if not urgent:
                step.backlog += len(items)
                return
            step.people += len(items)
            for item in items:
                _count(step.counts["edge"], (batch.sent_at - item.recorded_at).total_seconds() * 1000)
            if items and skew_ms is not None:
                _count(step.counts["line"], (arrived_at - batch.sent_at).total_seconds() * 1000 + skew_ms)
            if items:
                _count(step.counts["hub"], hub_s * 1000)

    def summary(self, now_s: float) -> Summary:
        """What the flow is at ``now_s``."""
        last = int(now_s) // STEP_S
        with self._lock:
            steps = [self._at(number) for number in range(last - STEPS + 1, last + 1)]
            people = [step.people if step else 0 for step in steps]
            backlog = [step.backlog if step else 0 for step in steps]
            recent = [step for step in steps[-_RECENT_STEPS:] if step]
            legs = [_leg(name, [step.counts[name] for step in recent]) for name in LEGS]
        return Summary(people, backlog, legs)

    def _step(self, now_s: float) -> _Step:
        number = int(now_s) // STEP_S
        if self._ring[number % STEPS].number != number:
            self._ring[number % STEPS] = _Step(number)
        return self._ring[number % STEPS]

    def _at(self, number: int) -> _Step | None:
        step = self._ring[number % STEPS]
        return step if step.number == number else None


def _count(counts: list[int], milliseconds: float) -> None:
    counts[bisect.bisect_left(BOUNDS_MS, max(0.0, milliseconds))] += 1


def _leg(name: str, counts: Iterable[Sequence[int]]) -> Leg:
    summed = [sum(column) for column in zip(*counts, strict=True)] or [0] * (len(BOUNDS_MS) + 1)
    return Leg(name, _below(summed, 0.5), _below(summed, 0.95))


def _below(counts: Sequence[int], part: float) -> int | None:
    """The bound below which ``part`` of what was counted lies."""
    wanted, seen = sum(counts) * part, 0
    if not wanted:
        return None
    for bound, count in zip((*BOUNDS_MS, BOUNDS_MS[-1]), counts, strict=True):
        seen += count
        if seen >= wanted:
            return bound
    return BOUNDS_MS[-1]
