"""What a clerk typed, as packets."""

from __future__ import annotations

from datetime import date

import pytest

from central_sync.terms.days import Calendar
from edge.console.desk import forms
from edge.console.desk.forms import Mistyped

TODAY = date(2026, 3, 21)


def line(currency: str = "CNY", **fields: str):
    return forms.fee_line({"item": "a1", "price": "10", **fields}, "s", currency, Calendar.JALALI, TODAY)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("10", "10"),
        ("۱۲٫۵۰", "12.50"),
        ("1,234.5", "1234.5"),
        ("۱٬۲۳۴", "1234"),
        (" 7 ", "7"),
        ("１２", "12"),
        ("1 000", "1000"),
        ("1,234,567", "1234567"),
        ("۱٬۲۳۴٫۵", "1234.5"),
    ],
)
def test_a_number_is_taken_in_any_script_and_with_what_groups_it(typed: str, written: str) -> None:
    assert forms.decimal({"price": typed}, "price") == written


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "-1",
        "1,5",
        "1 5",
        "1,2345",
        "12,34,567",
        "1,234 567",
        "۱٬۵",
        "1e3",
        "1.2.3",
        "1.1234567",
        "9" * 14,
        "٫٫",
        "\u202e",
    ],
)
def test_what_is_no_number_is_not(typed: str) -> None:
    with pytest.raises(Mistyped) as caught:
        forms.decimal({"price": typed}, "price")
    assert caught.value.field == "price"


def test_a_lines_amount_is_in_coins_and_adds_up() -> None:
    assert line(price="12.505", quantity="2")["amount"] == 2501
    assert line("IRR", price="920000")["amount"] == 920_000
    assert line("IRR", price="0.4", quantity="3")["amount"] == 1
    assert line(item=" v0001 ")["item"] == "V0001"


def test_a_day_is_read_in_the_hospitals_calendar_and_left_out_is_today() -> None:
    assert line(day="۱۴۰۵/۰۱/۰۱")["service_date"] == "2026-03-21"
    assert line()["service_date"] == TODAY.isoformat()
    with pytest.raises(Mistyped):
        line(day="1405-13-01")


def test_a_text_is_one_line_and_not_too_long() -> None:
    assert forms.text({"name": "  a \n b "}, "name") == "a b"
    for fields in ({"name": "x" * 201}, {"name": " "}, {}):
        with pytest.raises(Mistyped):
            forms.text(fields, "name", needed=True)


def test_a_persons_kind_of_number_is_found_by_its_check_and_the_places_own_comes_first() -> None:
    assert forms.person("0499370899", ("ir_national_code", "th_pin")) == ("ir_national_code", "0499370899")
    assert forms.person("499370899", ("ir_national_code",)) == ("ir_national_code", "0499370899")
    assert forms.person("11010519491231002x", ("ir_national_code", "cn_resident_number")) == (
        "cn_resident_number",
        "11010519491231002X",
    )
    assert forms.person("0499370898", ("ir_national_code",)) is None
