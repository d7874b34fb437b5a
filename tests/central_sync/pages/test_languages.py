"""A console in one language, and which one a browser gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central_sync.pages.languages import OWN_NAMES, UNITS, Tongue, chosen
from central_sync.terms.days import Calendar
from central_sync.terms.languages import FSI, PDI, Language

EVENING = datetime(2026, 3, 20, 20, 45, 7, tzinfo=UTC)
FA = Tongue(Language.FA, "Asia/Tehran", Calendar.JALALI)
ZH = Tongue(Language.ZH, "Asia/Shanghai", Calendar.GREGORIAN)
EN = Tongue(Language.EN, "Europe/Berlin", Calendar.GREGORIAN)


def bare(text: str) -> str:
    return text.replace(FSI, "").replace(PDI, "")


def test_persian_has_its_digits_its_calendar_and_its_direction() -> None:
    assert bare(FA.number(4999)) == "۴٬۹۹۹"
    assert bare(FA.clock(EVENING)) == "۱۴۰۵/۰۱/۰۱ ۰۰:۱۵:۰۷"  # after midnight in Tehran: Nowruz
    assert FA.direction == "rtl"


def test_chinese_and_english_have_theirs() -> None:
    assert (ZH.number(4999), ZH.clock(EVENING), ZH.direction) == ("4,999", "2026年3月21日 04:45:07", "ltr")
    assert (EN.number(4999), EN.clock(EVENING), EN.direction) == ("4,999", "2026-03-20 21:45:07", "ltr")


def test_an_hour_is_told_to_the_minute_with_its_day_only_beside_another_day() -> None:
    later = EVENING + timedelta(hours=3)
    assert EN.hour(EVENING, EVENING) == "21:45"
    assert EN.hour(later, EVENING) == "2026-03-21 00:45"
    assert bare(FA.hour(EVENING, later)) == "۰۰:۱۵", "in Tehran it is the same day"


def test_a_number_of_something_is_told_as_one_or_as_many_in_each_language() -> None:
    assert [EN.measure(count, "days") for count in (0, 1, 2, -1)] == ["0 days", "1 day", "2 days", "-1 day"]
    assert [bare(FA.measure(count, "milliseconds")) for count in (1, 1234)] == [
        "۱ میلی\u200cثانیه",
        "۱٬۲۳۴ میلی\u200cثانیه",
    ]
    assert [ZH.measure(count, "hours") for count in (1, 47)] == ["1小时", "47小时"]
    for name in UNITS:
        assert EN.measure(1, name) == f"1 {name.removesuffix('s')}"
    assert EN.measure(1234, "count") == "1,234", "what is no unit is the number alone"


def test_every_language_has_a_name_of_its_own() -> None:
    assert set(OWN_NAMES) == set(Language)


def test_a_message_without_a_text_stays_english() -> None:
    assert FA.text("a message that nobody wrote") == "a message that nobody wrote"
    assert FA.text("Sign out") == "خروج"
    assert EN.text("Sign out") == "Sign out"


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", Language.EN),
        ("", "fa-IR,fa;q=0.9,en;q=0.8", Language.FA),
        ("", "de-DE, zh-CN;q=0.5, fa;q=0.7", Language.FA),
        ("zh", "fa", Language.ZH),
        ("xx", "fa", Language.FA),
    ],
)
def test_the_person_chooses_then_the_browser(wanted: str, accepted: str, language: Language) -> None:
    assert chosen(wanted, accepted) is language


@pytest.mark.parametrize(
    ("ago", "texts"),
    [
        (timedelta(seconds=1), ("just now", "هم‌اکنون", "刚刚")),
        (timedelta(minutes=2, seconds=5), ("2 minutes ago", "۲ دقیقه پیش", "2分钟前")),
        (timedelta(minutes=1), ("1 minute ago", "۱ دقیقه پیش", "1分钟前")),
        (timedelta(days=-3), ("in 3 days", "۳ روز دیگر", "3天后")),
    ],
)
def test_an_age_is_told_in_one_unit_as_each_language_says_it(ago: timedelta, texts: tuple[str, ...]) -> None:
    assert tuple(bare(tongue.age(EVENING - ago, EVENING)) for tongue in (EN, FA, ZH)) == texts


def test_a_span_and_a_day_are_told_without_a_direction() -> None:
    assert (EN.span(7200), bare(FA.span(7200)), ZH.span(7200)) == ("2 hours", "۲ ساعت", "2小时")
    assert (EN.day(EVENING), bare(FA.day(EVENING))) == ("2026-03-20", "۱۴۰۵/۰۱/۰۱")


def test_a_language_that_is_not_served_is_not_chosen() -> None:
    served = (Language.FA, Language.EN)
    asked = (("zh", "en"), ("", "zh"), ("en", "fa"))
    assert [chosen(*one, served) for one in asked] == [Language.EN, Language.FA, Language.EN]
