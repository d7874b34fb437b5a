"""Days: one day, three calendars, and where a day ends."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.terms.days import Calendar, civil_day, day_end, display, months_after, parse, year_of

days = st.dates(date(1900, 1, 1), date(2200, 12, 31))
calendars = st.sampled_from(Calendar)
instants = st.integers(300_000_000, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
zones = st.sampled_from(["Asia/Tehran", "Asia/Shanghai", "Asia/Bangkok", "Europe/Berlin", "UTC"])


@given(days, calendars)
def test_a_day_shown_in_a_calendar_is_read_back(day, calendar):
    shown = display(day, calendar)
    assert parse(shown, calendar) == day
    assert parse(shown.replace("-", "/"), calendar) == day
    assert year_of(day, calendar) == int(shown[:4])


@given(st.dates(), calendars)
def test_any_day_that_a_date_holds_is_shown(day, calendar):
    year, month, number = display(day, calendar).split("-")
    assert int(year) >= 1
    assert (len(month), len(number)) == (2, 2)


@pytest.mark.parametrize(
    ("day", "jalali"),
    [
        (date(9999, 12, 31), "9378-10-10"),
        (date(9999, 9, 23), "9378-07-01"),
        (date(9999, 9, 22), "9378-06-31"),
        (date(9999, 3, 21), "9378-01-01"),
        (date(9999, 3, 20), "9377-12-30"),
        (date(622, 3, 21), "0001-01-01"),
        (date(622, 3, 20), "0001-01-01"),
        (date.min, "0001-01-01"),
    ],
)
def test_a_day_that_stands_for_no_end_or_no_beginning_is_shown(day, jalali):
    assert display(day, Calendar.JALALI) == jalali


@given(days, calendars)
def test_the_order_of_days_is_the_order_of_what_is_shown(day, calendar):
    assert display(day, calendar) < display(day + timedelta(days=1), calendar)


@pytest.mark.parametrize(
    ("jalali", "gregorian"),
    [
        ("1404-12-29", date(2026, 3, 20)),
        ("1403-12-30", date(2025, 3, 20)),
        ("1404-01-01", date(2025, 3, 21)),
        ("1405-01-01", date(2026, 3, 21)),
        ("1399-12-30", date(2021, 3, 20)),
    ],
)
def test_known_jalali_days(jalali, gregorian):
    assert parse(jalali, Calendar.JALALI) == gregorian
    assert display(gregorian, Calendar.JALALI) == jalali


def test_a_buddhist_year_is_543_ahead():
    assert display(date(2024, 2, 29), Calendar.BUDDHIST) == "2567-02-29"
    assert parse("2567/02/29", Calendar.BUDDHIST) == date(2024, 2, 29)


def test_persian_digits_and_short_numbers_are_read():
    assert parse("۱۴۰۴/۱/۱", Calendar.JALALI) == date(2025, 3, 21)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1404-12-30",
        "1404-13-01",
        "1404-00-01",
        "1404-01",
        "1404-01-01-01",
        "14a4-01-01",
        "1_404-01-01",
        "+1404-01-01",
        " 1404-01-01 x",
        "-1404-01-01",
        "0000-01-01",
        "²404-01-01",
        "9999-12-29",
    ],
)
def test_what_is_no_jalali_day_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse(text, Calendar.JALALI)


@given(st.text(max_size=20) | st.from_regex(r"\A\d{4}[-/]\d{1,2}[-/]\d{1,2}\Z"), calendars)
def test_a_text_names_a_day_or_raises_a_value_error(text, calendar):
    with suppress(ValueError):
        assert isinstance(parse(text, calendar), date)


@given(instants, zones)
def test_an_instant_lies_before_the_end_of_its_civil_day_and_not_before_the_end_of_the_day_before(instant, zone):
    day = civil_day(instant, zone)
    assert day_end(day - timedelta(days=1), zone) <= instant < day_end(day, zone)


def test_midnight_in_tehran_is_an_evening_in_utc():
    assert civil_day(datetime(2025, 3, 20, 20, 29, tzinfo=UTC), "Asia/Tehran") == date(2025, 3, 20)
    assert civil_day(datetime(2025, 3, 20, 20, 30, tzinfo=UTC), "Asia/Tehran") == date(2025, 3, 21)
    assert day_end(date(2025, 3, 20), "Asia/Tehran") == datetime(2025, 3, 20, 20, 30, tzinfo=UTC)


def test_a_naive_instant_and_an_unknown_zone_are_refused():
    with pytest.raises(ValueError, match="zone"):
        civil_day(datetime(2025, 1, 1), "UTC")  # noqa: DTZ001
    with pytest.raises(ZoneInfoNotFoundError):
        civil_day(datetime(2025, 1, 1, tzinfo=UTC), "Asia/Nowhere")


@pytest.mark.parametrize(
    ("day", "months", "calendar", "after"),
    [
        (date(2025, 1, 31), 1, Calendar.GREGORIAN, date(2025, 2, 28)),
        (date(2023, 12, 31), 2, Calendar.GREGORIAN, date(2024, 2, 29)),
        (date(2025, 3, 21), 9, Calendar.JALALI, date(2025, 12, 22)),  # 1 Farvardin to 1 Dey
        (date(2025, 9, 22), 6, Calendar.JALALI, date(2026, 3, 20)),  # 31 Shahrivar to 29 Esfand, the month's last
        (date(2025, 5, 5), 0, Calendar.BUDDHIST, date(2025, 5, 5)),
    ],
)
def test_months_are_those_of_the_calendar(day, months, calendar, after):
    assert months_after(day, months, calendar) == after
