"""The form of a figure, and how time is taken.

A figure is never a bare number: ``value`` and ``reference`` are measured in the same run on the same machine, ``ratio`` is
value / reference, and ``goal`` bounds the ratio from above or below. So a slow machine changes both and the verdict little.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. ``goal`` bounds ``ratio``: ``at_most`` says from which side."""

    name: str
    value: float
    unit: str
    reference: float
    goal: float
    at_most: bool
    what: str
    against: str

    @property
    def ratio(self) -> float:
        """Value / reference."""
        return self.value / self.reference

    @property
    def holds(self) -> bool:
        """Whether the ratio is on the right side of the goal."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal

    def plain(self) -> dict[str, object]:
        """As one JSON object."""
        return {
            **{key: value for key, value in asdict(self).items() if key != "at_most"},
            "goal": f"{'<=' if self.at_most else '>='} {self.goal:g}",
            "ratio": round(self.ratio, 4),
            "holds": self.holds,
        }


def seconds(work: Callable[[], object], *, rounds: int) -> float:
    """The median duration of one call of ``work`` in seconds, over ``rounds`` calls after one to warm up."""
    work()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
