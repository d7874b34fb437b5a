"""The table of a transaction's life, and that of a confirmation: what is not in them is an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.catalogue import ROWS, Resolution, Row
from edge.errors import IllegalEvent
from edge.outcome import CONFIRMATIONS, LIFE, Confirmation, Event, Mark, Outcome, after, born, marked


def test_what_is_decided_never_changes() -> None:
    for (outcome, _), following in LIFE.items():
        if outcome.decided:
            assert following is outcome


def test_nothing_that_is_decided_is_opened_again() -> None:
    assert all(following.decided for following in LIFE.values())


def test_only_a_fence_can_be_withdrawn() -> None:
    assert [outcome for outcome, event in LIFE if event is Event.WITHDRAWN] == [Outcome.IN_DOUBT]


@pytest.mark.parametrize("row", [row for row in ROWS if row.journaled], ids=lambda row: row.name)
def test_a_transaction_is_born_as_its_resolution_says(row: Row) -> None:
    assert born(row.number) is (Outcome.IN_DOUBT if row.resolution is Resolution.FENCE else Outcome.PROVISIONAL)


@pytest.mark.parametrize("outcome", [Outcome.PROVISIONAL, Outcome.IN_DOUBT])
def test_everything_open_can_be_decided_by_the_hub(outcome: Outcome) -> None:
    assert after(outcome, Event.APPLIED) is Outcome.FINAL
    assert after(outcome, Event.DECLINED) is Outcome.REFUSED


@given(st.sampled_from(Outcome), st.sampled_from(Event))
def test_what_is_not_in_the_table_is_illegal(outcome: Outcome, event: Event) -> None:
    if (outcome, event) in LIFE:
        assert after(outcome, event) is LIFE[outcome, event]
    else:
        with pytest.raises(IllegalEvent):
            after(outcome, event)


@given(st.lists(st.sampled_from(Event), max_size=12))
def test_the_same_news_twice_changes_nothing(events: list[Event]) -> None:
    outcome = Outcome.IN_DOUBT
    for event in events:
        try:
            outcome = after(outcome, event)
        except IllegalEvent:
            continue
        if event is not Event.WITHDRAWN:
            assert after(outcome, event) is outcome


def test_a_confirmed_settlement_is_not_annulled_and_an_annulled_one_not_confirmed() -> None:
    for confirmation, mark in ((Confirmation.CONFIRMED, Mark.ANNUL), (Confirmation.ANNULLED, Mark.CONFIRM)):
        with pytest.raises(IllegalEvent):
            marked(confirmation, mark)


def test_an_undone_settlement_comes_back_as_it_was() -> None:
    assert marked(Confirmation.UNDONE, Mark.REINSTATE, Confirmation.CONFIRMED) is Confirmation.CONFIRMED
    assert marked(Confirmation.UNDONE, Mark.REINSTATE) is Confirmation.AWAITED
    with pytest.raises(IllegalEvent):
        marked(Confirmation.AWAITED, Mark.REINSTATE)


@given(st.sampled_from(Confirmation), st.sampled_from([Mark.CONFIRM, Mark.ANNUL, Mark.UNDO]))
def test_a_mark_that_is_not_in_the_table_is_illegal(confirmation: Confirmation, mark: Mark) -> None:
    if (confirmation, mark) in CONFIRMATIONS:
        assert marked(confirmation, mark) is CONFIRMATIONS[confirmation, mark]
    else:
        with pytest.raises(IllegalEvent):
            marked(confirmation, mark)
