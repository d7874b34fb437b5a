"""The form of a figure, and how time is taken.

A figure is never a bare number: ``value`` and ``reference`` are measured in the same run on the same machine, and ``goal`` bounds
their ratio from above or below. So a slow machine changes both and the verdict little. What is noisy is measured in rounds, ours and
the reference by turns; then ``ratio`` is the median of the rounds' ratios, for two measurements of one round saw the same machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

Round = tuple[float, float]
"""What one round measured: ours, and the reference."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. ``goal`` bounds ``ratio``: ``at_most`` says from which side. ``paired``: the median of the rounds' ratios."""

    name: str
    value: float
    unit: str
    reference: float
    goal: float
    at_most: bool
    what: str
    against: str
    paired: float | None = None
    rounds: int = 1

    @property
    def ratio(self) -> float:
        """Value / reference, in the median round."""
        return self.value / self.reference if self.paired is None else self.paired

    @property
    def holds(self) -> bool:
        """Whether the ratio is on the right side of the goal."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal

    def plain(self) -> dict[str, object]:
        """As one JSON object."""
        return {
            **{key: value for key, value in asdict(self).items() if key not in ("at_most", "paired")},
            "goal": f"{'<=' if self.at_most else '>='} {self.goal:g}",
            "ratio": round(self.ratio, 4),
            "holds": self.holds,
        }


def over_rounds(
    name: str, rounds: Sequence[Round], unit: str, goal: float, *, at_most: bool, what: str, against: str
) -> Figure:
    """The figure of what was measured by turns: medians of both sides, and the median of the ratios."""
    return Figure(
        name=name,
        value=statistics.median(ours for ours, _ in rounds),
        unit=unit,
        reference=statistics.median(reference for _, reference in rounds),
        goal=goal,
        at_most=at_most,
        what=what,
        against=against,
        paired=statistics.median(ours / reference for ours, reference in rounds),
        rounds=len(rounds),
    )


def absolute(name: str, value: float, unit: str, most: float, what: str) -> Figure:
    """A figure that is bounded by a number and not by another measurement: the reference is the bound."""
    return Figure(name, value, unit, most, 1.0, True, what, f"the bound of {most:g} {unit}")


def seconds(work: Callable[[], object], *, rounds: int) -> float:
    """The median duration of one call of ``work`` in seconds, over ``rounds`` calls after one to warm up."""
    work()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which ``part`` (0 to 1) of ``values`` lie; there must be at least one."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
