"""Day roots: every segment has a path to its day's root, days leave no gap, and a clock that jumps confuses neither."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from edge.journal import days
from edge.journal.days import Head
from edge.journal.records import instant, micros

TODAY = date(2026, 11, 27)


def _link(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def _finished(heads: list[Head], today: date, after: date = date.min) -> list[days.Day]:
    """As the journal asks: up to the last one from before today."""
    ended = [place for place, head in enumerate(heads) if instant(head.at).date() < today]
    return days.finished(heads[: ended[-1] + 1 if ended else 0], today, after)


def _heads(*ago_days: float) -> list[Head]:
    noon = datetime(2026, 11, 27, 12, tzinfo=UTC)
    return [Head(2 * i + 1, 2, micros(noon - timedelta(days=ago)), _link(i)) for i, ago in enumerate(ago_days)]


@given(st.integers(1, 70), st.data())
def test_every_segment_has_a_path_to_the_root_and_no_other_has(count: int, data: st.DataObject) -> None:
    links = [_link(i) for i in range(count)]
    place = data.draw(st.integers(0, count - 1))
    steps = days.path(links, place)
    assert days.root_by(links[place], steps) == days.root(links)
    assert days.root_by(_link(-1), steps) != days.root(links)
    assert len(steps) <= 7


@given(st.integers(2, 30), st.data())
def test_segments_that_changed_places_make_another_root(count: int, data: st.DataObject) -> None:
    links = [_link(i) for i in range(count)]
    one, other = data.draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=2, unique=True))
    changed = list(links)
    changed[one], changed[other] = changed[other], changed[one]
    assert days.root(changed) != days.root(links)
    assert days.root(links[:-1]) != days.root(links)


def test_days_that_have_ended_are_told_with_what_they_hold() -> None:
    heads = _heads(3, 2, 2, 1, 0)
    found = _finished(heads, TODAY)
    assert [(d.day.day, d.first, d.last) for d in found] == [(24, 1, 2), (25, 3, 6), (26, 7, 8)]
    assert found[1].root == days.root([heads[1].link, heads[2].link])


def test_a_day_without_a_segment_has_no_root() -> None:
    assert [d.day.day for d in _finished(_heads(9, 2), TODAY)] == [18, 25]
    assert _finished([], TODAY) == []
    assert _finished(_heads(0, 0), TODAY) == []


def test_a_clock_that_fell_back_for_a_while_makes_no_gap_and_no_day_twice() -> None:
    found = _finished(_heads(3, 2, 400, 2, 0), TODAY)
    assert [(d.day.day, d.first, d.last) for d in found] == [(24, 1, 2), (25, 3, 8)]


def test_a_clock_that_ran_ahead_for_a_while_holds_nothing_up() -> None:
    found = _finished(_heads(3, -4000, 2, 1, 0), TODAY)
    assert [(d.day.day, d.first, d.last) for d in found] == [(24, 1, 2), (26, 3, 8)]


@given(st.lists(st.floats(-5, 5), max_size=30))
def test_whatever_the_clock_did_days_follow_each_other_without_a_gap(ago: list[float]) -> None:
    found = _finished(_heads(*ago), TODAY)
    assert [d.first for d in found] == [1, *[d.last + 1 for d in found]][: len(found)]
    assert sorted({d.day for d in found}) == [d.day for d in found]
    assert all(d.day < TODAY for d in found)


def test_a_day_is_signed_once_and_what_comes_late_is_of_the_next() -> None:
    found = _finished(_heads(3, 2, 1, 0), TODAY, after=date(2026, 11, 25))
    assert [(d.day.day, d.first, d.last) for d in found] == [(26, 1, 6)]
    assert _finished(_heads(3, 2, 1, 0), TODAY, after=date(2026, 11, 26)) == []
