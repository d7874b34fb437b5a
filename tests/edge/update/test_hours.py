"""The hours in which an update is installed by itself."""

from __future__ import annotations

from datetime import time

import pytest

from edge.update.hours import within


@pytest.mark.parametrize(
    ("hours", "local", "expected"),
    [
        ("01:00-05:00", time(1, 0), True),
        ("01:00-05:00", time(4, 59, 59), True),
        ("01:00-05:00", time(5, 0), False),
        ("01:00-05:00", time(0, 59), False),
        ("23:00-02:00", time(23, 30), True),
        ("23:00-02:00", time(1, 59), True),
        ("23:00-02:00", time(2, 0), False),
        ("23:00-02:00", time(12, 0), False),
        ("", time(3, 0), False),
    ],
)
def test_hours_hold_from_their_begin_to_before_their_end_also_over_midnight(hours, local, expected):
    assert within(hours, local) is expected
