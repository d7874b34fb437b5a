"""Which lines of a bill are missing because the one in their place was refused after they had been taken off."""

from __future__ import annotations

import pytest

from central_sync.wire import packets as p
from edge.console.desk.case import case_of
from edge.console.desk.changes import Missing, missing, take_off_of
from edge.outcome import Outcome
from edge.steps import Step
from tests.edge.console.desk.test_case import HID, F, P, R, fees, settle, step, visit


def changed(old: str, new: str, outcome: Outcome, off: Outcome = F) -> list[Step]:
    """Line ``new`` in the place of ``old``: the transaction ``new``, and what takes the old one off."""
    return [named(fees(new, outcome), new), taken_off(old, off, take_off_of(new))]


def named(one: Step, msgid: str) -> Step:
    return step(one.number, one.request, one.outcome, one.answer, msgid=msgid)


def taken_off(serial: str = "", outcome: Outcome = F, msgid: str = "") -> Step:
    request = p.FeesCancel(hid=HID, serials=[serial] if serial else [])
    return step("2205", request, outcome, **({"msgid": msgid} if msgid else {}))


def told(*steps: Step) -> list[tuple[str, str]]:
    return [(line.fee.serial, line.msgid) for line in missing(steps)]


def test_a_line_is_missing_once_the_one_in_its_place_was_refused_and_no_sooner() -> None:
    for outcome, gone in ((P, []), (F, []), (R, [("a", "b-again-1")])):
        assert told(visit(), fees("a"), *changed("a", "b", outcome)) == gone
    assert told(visit(), fees("a"), *changed("a", "b", R, P)) == [("a", "b-again-1")]
    assert told(visit(), fees("a"), *changed("a", "b", R, R)) == [], "it is still on the bill"
    assert told(visit(), fees("a", R), *changed("a", "b", R)) == [], "it never was on the bill"
    assert told(visit(), fees("a"), fees("b", R), taken_off("a")) == [], "nobody said that they belong together"


def test_a_missing_line_stays_missing_behind_whatever_else_is_done_until_it_is_on_the_bill_again() -> None:
    begun = [visit(), fees("a"), *changed("a", "b", R), fees("c"), settle(R)]
    assert told(*begun) == [("a", "b-again-1")]
    again = [named(fees(f"b{number}", R), f"b-again-{number}") for number in (1, 2)]
    assert told(*begun, again[0]) == [("a", "b-again-2")], "the next try is a transaction of its own"
    assert told(*begun, *again) == [("a", "b-again-3")]
    for outcome in (P, F):
        assert told(*begun, again[0], named(fees("b2", outcome), "b-again-2")) == []


@pytest.mark.parametrize(
    ("then", "gone"),
    [
        ([taken_off("b", R)], []),
        ([taken_off()], []),
        ([taken_off("", R)], ["a"]),
        (changed("b", "c", F, R), []),
        (changed("b", "c", P, P), []),
        (changed("b", "c", R, R), ["a"]),
        ([*changed("b", "c", R, R), *changed("c", "d", F, R)], []),
        ([*changed("b", "c", R, R), taken_off("c", R)], []),
    ],
)
def test_what_became_of_the_line_in_its_place_is_what_counts(then: list[Step], gone: list[str]) -> None:
    assert [serial for serial, _ in told(visit(), fees("a"), *changed("a", "b", R), *then)] == gone


def test_lines_are_missing_in_the_order_in_which_they_were_changed_and_a_name_that_goes_round_ends() -> None:
    two = [visit(), fees("a"), fees("x"), *changed("x", "y", R), *changed("a", "b", R)]
    assert told(*two) == [("x", "y-again-1"), ("a", "b-again-1")]
    itself = [named(fees("b", R), "b"), taken_off("b", R, take_off_of("b"))]
    assert told(visit(), *itself) == []


def test_a_refusal_that_leaves_a_line_missing_is_told_as_that_alone() -> None:
    steps = [visit(), fees("a"), *changed("a", "b", R)]
    case = case_of(steps)
    assert case is not None
    assert (case.lines, case.refusal) == ((), None)
    assert case.missing == (Missing(steps[1].request.lines[0], steps[2], "b-again-1"),)
    assert case.changeable("a") == case.missing[0]
    assert case.changeable("b") is None
