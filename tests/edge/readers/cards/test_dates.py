"""Days in the eras and with the gaps that cards have."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers.cards import dates
from edge.readers.cards.conversation import CardFault


@given(st.dates(date(1, 1, 1), date(9998, 12, 31)))
def test_every_day_of_the_calendar_is_read(day: date) -> None:
    written = f"{day.year:04}{day:%m%d}"
    assert dates.day(written) == dates.birth_day(written) == day
    assert dates.day(dates.bcd(bytes.fromhex(written))) == day


def test_eras_are_counted_to_ours() -> None:
    assert dates.day("25630229", dates.BUDDHIST) == date(2020, 2, 29)
    assert dates.day("1130101", dates.ROC) == date(2024, 1, 1)
    assert dates.birth_day("0451231", dates.ROC) == date(1956, 12, 31)


@pytest.mark.parametrize("blank", ["", "        ", "00000000", "0000000", "\0\0\0\0\0\0\0\0"])
def test_a_blank_field_has_no_day(blank: str) -> None:
    assert dates.day(blank) is None
    assert dates.birth_day(blank) is None


@pytest.mark.parametrize("lifelong", ["99999999", "9999999", "FFFFFFFF"])
def test_a_card_for_life_has_no_last_day_and_nobody_is_born_then(lifelong: str) -> None:
    assert dates.day(lifelong, dates.BUDDHIST) is None
    with pytest.raises(CardFault):
        dates.birth_day(lifelong, dates.BUDDHIST)


@pytest.mark.parametrize("partly", ["25300000", "25300500", "25300017", "0450500"])
def test_a_birth_date_known_in_part_is_none_but_an_end_known_in_part_is_a_fault(partly: str) -> None:
    assert dates.birth_day(partly, dates.BUDDHIST) is None
    with pytest.raises(CardFault):
        dates.day(partly, dates.BUDDHIST)


@pytest.mark.parametrize(
    "wrong", ["20241301", "20230229", "2024-1-1", "2024010", "202401011", "ABCDEFAB", "٢٠٢٤٠١٠١", "1", "00001231"]
)
def test_what_is_no_day_is_a_fault_that_does_not_quote_it(wrong: str) -> None:
    for read in (dates.day, dates.birth_day):
        with pytest.raises(CardFault) as caught:
            read(wrong)
        assert wrong not in str(caught.value)


@given(st.text(max_size=12), st.sampled_from([0, dates.BUDDHIST, dates.ROC]))
def test_any_text_is_a_day_none_or_a_fault(text: str, era: int) -> None:
    for read in (dates.day, dates.birth_day):
        try:
            found = read(text, era)
        except CardFault:
            continue
        assert found is None or isinstance(found, date)
