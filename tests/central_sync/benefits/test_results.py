"""A step of a trace: its values by name, and the same reason for another amount."""

from __future__ import annotations

from datetime import date

from central_sync.benefits.kinds import Kind
from central_sync.benefits.results import TraceStep

BAND = TraceStep(
    "one.bands", Kind.BAND, 150, date(2025, 1, 1), "source", "Shares", (2, 3, "17/20"), (1000, 2000), times=2
)


def test_values_and_figures_have_names():
    assert BAND.named == {"band": 2, "bands": 3, "ratio": "17/20", "low": 1000, "high": 2000}


def test_a_reason_for_another_amount_is_the_same_reason():
    assert BAND.of(7).amount == 7
    assert BAND.of(7).of(150) == BAND


def test_what_is_left_of_a_reason_has_no_figures():
    left = BAND.left(100)
    assert (left.amount, left.figures, left.times) == (100, (), 1)
    assert left.named == {"band": 2, "bands": 3, "ratio": "17/20"}


def test_what_is_taken_off_a_reason_is_told_and_the_rest_stays():
    less = TraceStep("cap", Kind.OWN_CAP, 50, wording="Cap", values=("cap",))
    assert (BAND.lessened(less).amount, BAND.lessened(less).less) == (100, (less,))


def test_the_cuts_of_a_reason_share_what_was_taken_off_it_and_add_up_to_it():
    less = TraceStep("cap", Kind.OWN_CAP, 50, wording="Cap", values=("cap",))
    one = BAND.lessened(less)
    cuts = [one.cut(0, 33, 100), one.cut(33, 34, 100), one.cut(34, 100, 100)]
    assert [(cut.amount, [off.amount for off in cut.less]) for cut in cuts] == [(33, [16]), (1, [1]), (66, [33])]
    assert BAND.cut(0, 7, 150) == BAND.of(7)
