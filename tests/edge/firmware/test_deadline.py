"""When a set that nobody confirms goes back."""

from __future__ import annotations

from edge.firmware.deadline import Moment, left_s

ARMED = Moment("boot-1", 1000.0)


def test_the_time_runs_from_the_apply_on() -> None:
    assert left_s(ARMED, Moment("boot-1", 1000.0), 120) == 120
    assert left_s(ARMED, Moment("boot-1", 1119.5), 120) == 0.5
    assert left_s(ARMED, Moment("boot-1", 5000.0), 120) < 0


def test_after_a_reboot_it_runs_from_the_boot_on() -> None:
    assert left_s(ARMED, Moment("boot-2", 30.0), 120) == 90
    assert left_s(ARMED, Moment("boot-2", 121.0), 120) < 0
