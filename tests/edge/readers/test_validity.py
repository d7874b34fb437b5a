"""A card's own days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from central_sync.wire.refusals import REFUSALS, Refused
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.validity import VALIDITY_REFUSALS, judge

FIRST, LAST = date(2024, 3, 1), date(2029, 2, 28)
DAY = timedelta(days=1)


def card(valid_from: date | None, valid_until: date | None, insurance: Insurance | None = None) -> CardIdentity:
    return CardIdentity(
        kind="", number="", card="played", valid_from=valid_from, valid_until=valid_until, insurance=insurance
    )


@pytest.mark.parametrize("today", [FIRST, FIRST + DAY, LAST - DAY, LAST])
def test_a_card_is_good_from_its_first_day_to_its_last_both_included(today: date) -> None:
    judge(card(FIRST, LAST), today)


@pytest.mark.parametrize("today", [date.min, LAST + DAY, date.max])
def test_a_day_that_the_card_does_not_name_is_no_bound(today: date) -> None:
    judge(card(None, None), today)


@pytest.mark.parametrize(
    ("today", "code"),
    [(FIRST - DAY, "card_not_yet_valid"), (date.min, "card_not_yet_valid"), (LAST + DAY, "card_expired")],
)
def test_outside_its_days_a_card_is_refused_and_the_refusal_names_no_day(today: date, code: str) -> None:
    with pytest.raises(Refused) as caught:
        judge(card(FIRST, LAST), today)
    assert caught.value.code == code
    assert "20" not in str(caught.value)


def test_an_insurance_that_has_ended_does_not_end_the_card() -> None:
    judge(card(FIRST, LAST, Insurance(payer="104212059", begins=FIRST, ends=FIRST)), LAST)


def test_each_such_refusal_has_its_sentences() -> None:
    assert set(VALIDITY_REFUSALS) <= set(REFUSALS)
