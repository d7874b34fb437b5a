"""What the small charts draw."""

from __future__ import annotations

from central_sync.pages.samples import KEPT_MAX, STEP_S, Samples, path


def test_the_latest_in_a_step_wins_and_the_oldest_is_forgotten() -> None:
    samples = Samples()
    assert samples.points() == []
    samples.take(0, 5)
    samples.take(STEP_S / 2, 7)
    assert samples.points() == [(0, 7)]
    for step in range(1, KEPT_MAX + 10):
        samples.take(step * STEP_S, step)
    points = samples.points()
    assert len(points) == KEPT_MAX
    assert points[-1] == (0, KEPT_MAX + 9)


def test_a_gap_stays_a_gap() -> None:
    samples = Samples()
    samples.take(0, 1)
    samples.take(10 * STEP_S, 2)
    assert samples.points() == [(10, 1), (0, 2)]


def test_the_line_stays_in_its_box() -> None:
    assert path([], 360, 60) == ""
    assert path([(0, 0)], 360, 60) == "M360.0 59.0"
    drawn = path([(KEPT_MAX - 1, 10), (1, 5), (0, 0)], 360, 60)
    assert drawn == "M0.0 1.0 L357.0 30.0 L360.0 59.0"
