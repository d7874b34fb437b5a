"""What is told when a reader looks different."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.readers.pcsc.codec import Sight
from edge.readers.pcsc.standing import Standing, standing, steps

AWAY = Standing(trouble="reader_absent")
EMPTY = Standing(True, source="A")
CARD = Standing(True, True, nth=1, source="A")
ANY = st.sampled_from(
    [AWAY, EMPTY, CARD, CARD._replace(nth=3), CARD._replace(source="B"), EMPTY._replace(source="B"), Standing()]
)


def changes(before: Standing, now: Standing) -> list[str]:
    return [str(change) for change, _ in steps(before, now)]


def test_a_reader_comes_with_its_card_and_leaves_after_it() -> None:
    assert changes(AWAY, CARD) == ["reader_back", "inserted"]
    assert changes(CARD, AWAY) == ["removed", "reader_lost"]
    assert changes(EMPTY, CARD) == ["inserted"]
    assert changes(CARD, EMPTY) == ["removed"]
    assert changes(CARD, CARD._replace(trouble="reader_busy")) == []


def test_another_card_between_two_looks_is_told() -> None:
    assert changes(CARD, CARD._replace(nth=3)) == ["removed", "inserted"]


def test_another_reader_in_the_place_of_the_first_is_told() -> None:
    assert changes(CARD, CARD._replace(source="B")) == ["removed", "reader_lost", "reader_back", "inserted"]
    assert changes(EMPTY, EMPTY._replace(source="B")) == ["reader_lost", "reader_back"]


@given(ANY, ANY)
def test_what_is_told_leads_from_before_to_now_and_each_step_fits_its_name(before: Standing, now: Standing) -> None:
    at = before
    for change, after in steps(before, now):
        match change:
            case "removed":
                assert (at.present, after.present) == (True, False)
            case "inserted":
                assert (at.present, after.present, after.connected) == (False, True, True)
            case "reader_lost":
                assert (at.connected, after.connected, after.present) == (True, False, False)
                assert after.trouble
            case "reader_back":
                assert (at.connected, after.connected, after.present) == (False, True, False)
        at = after
    assert (at.connected, at.present) == (now.connected, now.present)


def test_a_reader_that_is_not_seen_has_the_trouble_of_all_or_is_absent() -> None:
    assert standing("A", None, "") == AWAY
    assert standing("A", None, "service_down") == Standing(trouble="service_down")
    assert standing("A", Sight(connected=False), "") == AWAY


def test_a_reader_that_is_held_and_a_card_that_is_mute_are_troubles_of_their_own() -> None:
    assert standing("A", Sight(True, True, exclusive=True), "").trouble == "reader_busy"
    assert standing("A", Sight(True, True, mute=True), "").trouble == "card_mute"
    assert standing("A", Sight(True, True, used=True, nth=4), "") == Standing(True, True, "", 4, "A")
