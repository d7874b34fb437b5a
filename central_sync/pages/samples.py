"""PURE: the last hour of a number, for a small chart: one sample in each step, the latest wins."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

STEP_S = 30.0
KEPT_MAX = 120


class Samples:
    """A number through the last ``KEPT_MAX`` steps; times are seconds of a clock that never jumps."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, float]] = deque(maxlen=KEPT_MAX)

    def take(self, at_s: float, value: float) -> None:
        """The number is ``value`` at ``at_s``."""
        step = int(at_s // STEP_S)
        if self._kept and self._kept[-1][0] == step:
            self._kept.pop()
        self._kept.append((step, value))

    def points(self) -> list[tuple[int, float]]:
        """What is known, oldest first: (how many steps ago, the number)."""
        last = self._kept[-1][0] if self._kept else 0
        return [(last - step, value) for step, value in self._kept]


def path(points: Sequence[tuple[int, float]], width: int, height: int) -> str:
    """The line through ``points`` as an SVG path in a box of ``width`` by ``height``, the newest at the right, zero at the bottom."""
    if not points:
        return ""
    top = max([value for _, value in points] + [1.0])
    drawn = [
        f"{width - ago * width / (KEPT_MAX - 1):.1f} {height - 1 - (height - 2) * value / top:.1f}"
        for ago, value in points
    ]
    return "M" + " L".join(drawn)
