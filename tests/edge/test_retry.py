"""Waiting grows, is capped, spreads, and ends where it is told to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.retry import Backoff

spreads = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 10_000), st.floats(0, 1e9), spreads)
def test_a_wait_lies_anywhere_in_its_step_but_not_at_once_and_never_above_the_cap(
    attempts: int, now: float, spread: float
) -> None:
    due = Backoff(0.5, 20.0).next_at(attempts, now, spread)
    assert due is not None
    step = min(20.0, 0.5 * 2 ** min(attempts - 1, 30))
    assert max(0.25, step * (1 - spread)) == pytest.approx(due - now, abs=1e-6)
    assert due - now <= step + 1e-6


def test_it_parks_after_its_attempts() -> None:
    backoff = Backoff(1, 8, attempts_max=3)
    assert [backoff.next_at(n, 0, 0) for n in (1, 2, 3)] == [1, 2, None]


@pytest.mark.parametrize(("attempts", "spread"), [(0, 0.0), (1, 1.0), (1, -0.1)])
def test_what_makes_no_sense_is_refused(attempts: int, spread: float) -> None:
    with pytest.raises(ValueError, match="attempts count"):
        Backoff(1, 8).next_at(attempts, 0, spread)
