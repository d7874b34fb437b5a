"""How fast an agent may speak."""

from __future__ import annotations

from edge.readers.remote.pace import Pace


def test_a_burst_is_taken_at_once_and_what_is_above_waits_its_turn() -> None:
    pace = Pace(burst=3, per_s=2)
    assert [pace.rest_s(10.0) for _ in range(3)] == [0, 0, 0]
    assert [pace.rest_s(10.0), pace.rest_s(10.0)] == [0.5, 1.0]


def test_silence_fills_the_bucket_and_no_further() -> None:
    pace = Pace(burst=2, per_s=1)
    assert [pace.rest_s(0.0), pace.rest_s(0.0)] == [0, 0]
    assert [pace.rest_s(100.0), pace.rest_s(100.0)] == [0, 0]
    assert pace.rest_s(100.0) == 1.0


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    pace = Pace(burst=1, per_s=1)
    assert pace.rest_s(50.0) == 0
    assert pace.rest_s(0.0) == 1.0


def test_what_is_not_allowed_is_not_counted() -> None:
    pace = Pace(burst=2, per_s=1)
    assert [pace.allows(0.0) for _ in range(5)] == [True, True, False, False, False]
    assert [pace.allows(1.0), pace.allows(1.0)] == [True, False]


def test_a_long_list_counts_as_much_as_it_changes() -> None:
    pace = Pace(burst=10, per_s=10)
    assert pace.rest_s(0.0, 30) == 2.0
    assert pace.rest_s(0.0, 0) == 2.0
