"""Numbers, days and ages as each language writes them, and which language a browser gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central_sync.terms.days import Calendar
from edge.console.languages import LANGUAGES, Language, chosen

NOON = datetime(2026, 3, 20, 20, 45, 7, tzinfo=UTC)
FA = Language("fa", "Asia/Tehran", Calendar.JALALI)
ZH = Language("zh", "Asia/Shanghai", Calendar.GREGORIAN)
EN = Language("en", "Europe/Berlin", Calendar.GREGORIAN)


def test_persian_has_its_digits_its_calendar_and_its_direction() -> None:
    assert FA.number(4999) == "۴٬۹۹۹"
    assert FA.number(0.5) == "۰٫۵"
    assert FA.day(NOON) == "۱۴۰۵-۰۱-۰۱"  # after midnight in Tehran: Nowruz
    assert FA.clock(NOON) == "۱۴۰۵-۰۱-۰۱ ۰۰:۱۵:۰۷"
    assert FA.direction == "rtl"
    assert FA.age(timedelta(minutes=2)) == "۲ دقیقه پیش"


def test_chinese_and_english_have_theirs() -> None:
    assert (ZH.number(4999), ZH.day(NOON), ZH.direction) == ("4,999", "2026-03-21", "ltr")
    assert (EN.number(4999), EN.clock(NOON)) == ("4,999", "2026-03-20 21:45:07")
    assert EN.age(timedelta(minutes=2)) == "2 minutes ago"
    assert EN.span(timedelta(hours=3)) == "3 hours"


def test_a_message_without_a_text_stays_english() -> None:
    assert FA.text("a message that nobody wrote") == "a message that nobody wrote"
    assert FA.text("Sign in") == "ورود"
    assert EN.text("Sign in") == "Sign in"


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        ("", "de-DE, zh-CN;q=0.5, fa;q=0.7", "fa"),
        ("", "en;q=0,zh", "zh"),
        ("zh", "fa", "zh"),
        ("xx", "fa", "fa"),
        ("", "fa;q=many, zh;q=0.1", "zh"),
        ("", "," * 500, "en"),
    ],
)
def test_the_person_chooses_then_the_browser(wanted: str, accepted: str, language: str) -> None:
    assert chosen(wanted, accepted) == language
    assert language in LANGUAGES
