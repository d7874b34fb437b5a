"""The flow of transactions through one hub process: how many, and how long they took on each leg, in a ring of the last half hour.

Legs of what somebody waited for: ``edge``, from when the edge had recorded it until it sent it; ``line``, there and back, as far as the clocks of both
ends tell (the edge says how they differ, half of the way included); ``hub``, from the arrival of the batch to its answer. Of a backlog
only the number counts: it has waited for the line, not for anybody.

The last transactions are kept one by one, with their legs, for whoever watches: no packet, nobody's name.

Durations are counted in steps, so that a place of the ring has one size whatever happens. Any number of threads may tell.
"""

from __future__ import annotations

import bisect
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from central_sync.wire.messages import Batch, ItemAnswer, Transaction, Verdict

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
PASSED_MAX = 40
PASSED_OF_BATCH_MAX = 10
"""A backlog sends hundreds at once: it does not push all others off the page."""
TEXT_CHARACTERS_MAX = 80
"""What was refused stands on the page too, however long the edge called it."""


class Leg(NamedTuple):
    """Of the last five minutes, in milliseconds: half of all were faster, and all but a twentieth; ``None``: there were none."""

    name: str
    median_ms: int | None
    most_ms: int | None


class Passed(NamedTuple):
    """A transaction that was answered at ``at``: what the hub said, its legs in milliseconds (``line_ms``: ``None`` if the clocks do not tell), whether
    it comes from a backlog, and whether the hub ``kept`` it: what only asks is not.
    """

    at: datetime
    institution: str
    number: str
    msgid: str
    verdict: str
    edge_ms: float
    line_ms: float | None
    hub_ms: float
    backlog: bool
    kept: bool


class Summary(NamedTuple):
    """What the flow is now: transactions in each step (oldest first; people's and backlogs'), the legs, and the last ones, newest first."""

    people: list[int]
    backlog: list[int]
    legs: list[Leg]
    passed: list[Passed]


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
        self._passed: deque[Passed] = deque(maxlen=PASSED_MAX)

    def took(
        self,
        batch: Batch,
        arrived_at: datetime,
        hub_s: float,
        skew_ms: int | None,
        now_s: float,
        *,
        urgent: bool,
        answers: Sequence[ItemAnswer] = (),
    ) -> None:
        """A batch that arrived then was answered after ``hub_s`` with ``answers``; ``skew_ms``: the edge's clock less ours, if it is known."""
        items = [item for item in batch.items if isinstance(item, Transaction)]
        line_ms = None if skew_ms is None else (arrived_at - batch.sent_at).total_seconds() * 1000 + skew_ms
        passed = _passed(batch, answers, arrived_at + timedelta(seconds=hub_s), line_ms, hub_s * 1000, urgent=urgent)
        with self._lock:
            self._passed.extend(passed)
            step = self._step(now_s)
            if not urgent:
                step.backlog += len(items)
                return
            step.people += len(items)
            for item in items:
                _count(step.counts["edge"], _waited_ms(batch, item))
            if items and line_ms is not None:
                _count(step.counts["line"], line_ms)
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
            passed = list(reversed(self._passed))
        return Summary(people, backlog, legs, passed)

    def _step(self, now_s: float) -> _Step:
        number = int(now_s) // STEP_S
        if self._ring[number % STEPS].number != number:
            self._ring[number % STEPS] = _Step(number)
        return self._ring[number % STEPS]

    def _at(self, number: int) -> _Step | None:
        step = self._ring[number % STEPS]
        return step if step.number == number else None


def _passed(
    batch: Batch,
    answers: Sequence[ItemAnswer],
    at: datetime,
    line_ms: float | None,
    hub_ms: float,
    *,
    urgent: bool,
) -> list[Passed]:
    """The last ones of a batch that were decided."""
    decided = [
        (item, answer)
        for item, answer in zip(batch.items, answers, strict=False)
        if isinstance(item, Transaction) and answer.verdict is not Verdict.AGAIN and not answer.repeated
    ]
    return [
        Passed(
            at,
            batch.institution,
            item.number[:TEXT_CHARACTERS_MAX],
            item.msgid[:TEXT_CHARACTERS_MAX],
            str(answer.verdict),
            max(0.0, _waited_ms(batch, item)),
            None if line_ms is None else max(0.0, line_ms),
            hub_ms,
            not urgent,
            bool(answer.digest),
        )
        for item, answer in decided[-PASSED_OF_BATCH_MAX:]
    ]


def _waited_ms(batch: Batch, item: Transaction) -> float:
    """How long an item lay at the edge; 0 where it says no instant: it was refused for that, and its answer has to go out all the same."""
    known = item.recorded_at.tzinfo is not None
    return (batch.sent_at - item.recorded_at).total_seconds() * 1000 if known else 0.0


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
