"""The capacity meter: hours left at today's rate, an early warning, and a reserve that new work cannot touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.journal.capacity import Disk, Meter, judged, reserve_bytes
from edge.limits import CAPACITY_HOURS_LOW, RESERVE_BYTES_MAX

MIB, GIB = 2**20, 2**30
HOUR = 3600.0


def _observed(*samples: tuple[float, int]) -> Meter:
    meter = Meter()
    for hours, used in samples:
        meter.take(hours * HOUR, used)
    return meter


def test_hours_left_are_room_by_rate() -> None:
    meter = _observed((0, 0), (1, 100 * MIB), (2, 200 * MIB))
    found = judged(Disk(100 * GIB, 10 * GIB + RESERVE_BYTES_MAX), meter.rate())
    assert found.bytes_per_hour == 100 * MIB
    assert found.hours_left == pytest.approx(102.4)
    assert not found.full
    assert not found.low


def test_a_quiet_night_does_not_hide_the_day() -> None:
    day = _observed(*((h, h * 100 * MIB) for h in range(13)), (20, 1200 * MIB), (24, 1200 * MIB))
    assert day.rate() == 50 * MIB


def test_a_rush_counts_at_once() -> None:
    assert _observed((0, 0), (20, 0), (21, 900 * MIB)).rate() == 900 * MIB


def test_what_was_pruned_does_not_make_the_rate_smaller_or_negative() -> None:
    assert _observed((0, 500 * MIB), (1, 600 * MIB), (1.5, 100 * MIB), (2, 200 * MIB)).rate() == 100 * MIB


def test_what_is_older_than_a_day_is_forgotten() -> None:
    meter = _observed((0, 0), (1, 9000 * MIB), *((h, (9000 + h) * MIB) for h in range(2, 40)))
    assert meter.rate() == MIB


def test_without_enough_observation_there_is_no_rate_and_no_warning() -> None:
    assert _observed((0, 0), (0.1, 90 * GIB)).rate() is None
    assert Meter().rate() is None
    assert not judged(Disk(100 * GIB, 10 * GIB), None).low


def test_a_seed_is_believed_until_an_hour_was_observed() -> None:
    meter = Meter(seed=5 * MIB)
    assert meter.rate() == 5 * MIB
    meter.take(0, 0)
    meter.take(0.5 * HOUR, 0)
    assert meter.rate() == 5 * MIB
    meter.take(2 * HOUR, 2 * MIB)
    assert meter.rate() == round(2 * MIB / 1.5)


def test_the_reserve_refuses_new_work_before_the_disk_is_full() -> None:
    assert judged(Disk(100 * GIB, RESERVE_BYTES_MAX), MIB).full
    assert judged(Disk(100 * GIB, RESERVE_BYTES_MAX), MIB).low
    assert not judged(Disk(100 * GIB, RESERVE_BYTES_MAX + 1), MIB).full


def test_pages_that_pruning_freed_inside_the_file_are_room() -> None:
    assert judged(Disk(100 * GIB, 0, reusable=GIB), None).room_bytes == GIB - RESERVE_BYTES_MAX


def test_a_small_disk_keeps_a_small_reserve() -> None:
    assert reserve_bytes(64 * MIB) < 4 * MIB


def test_it_warns_early() -> None:
    disk = Disk(100 * GIB, GIB * (CAPACITY_HOURS_LOW - 1) + RESERVE_BYTES_MAX)
    found = judged(disk, GIB)
    assert found.low
    assert not found.full


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 10**12)), max_size=30), st.integers(0, 10**12))
def test_whatever_was_observed_the_judgement_makes_sense(samples: list[tuple[int, int]], free: int) -> None:
    meter = Meter()
    at = 0.0
    for gap, used in samples:
        at += gap
        meter.take(at, used)
    found = judged(Disk(10**12, free), meter.rate())
    assert found.room_bytes >= 0
    assert found.bytes_per_hour is None or found.bytes_per_hour >= 0
    assert found.hours_left is None or found.hours_left >= 0
    assert found.full == (found.room_bytes == 0)
    assert found.low or not found.full
