"""What is at hand of a journal in which a million may wait."""

from __future__ import annotations

from edge.journal.shapes import Pending
from edge.uplink.window import Window


def row(seq: int) -> Pending:
    return Pending(seq=seq, lane=1, number="2204", size=1)


def test_while_nothing_is_left_out_everything_that_comes_is_at_hand() -> None:
    window = Window()
    window.start(10, 0)
    window.arrived(12)
    assert (window.outside, window.upto, window.newest) == (False, 12, 12)


def test_what_is_left_out_is_read_again_and_what_came_meanwhile_is_not_lost() -> None:
    window = Window()
    window.start(10, 0)
    window.left_out(12)
    window.arrived(15)
    assert (window.outside, window.begin()) == (True, 10)
    window.left_out(17)
    window.refilled([row(12)], 5, 15)
    assert (window.outside, window.upto) == (True, 15)
    window.begin()
    window.refilled([row(17)], 5, 17)
    assert (window.outside, window.upto) == (False, 17)


def test_what_was_answered_while_it_was_read_does_not_come_back() -> None:
    window = Window()
    window.start(10, 3)
    window.reading()
    window.gone(4)
    assert [r.seq for r in window.fresh([row(3), row(4), row(11)])] == [3], "and 11 has not been handed over yet"
    window.read()
    window.reading()
    assert [r.seq for r in window.fresh([row(4)])] == [4]
