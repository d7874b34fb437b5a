"""Numbers, money, ratios and days as each language writes them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.terms.days import Calendar
from central_sync.terms.languages import (
    CURRENCY_NAMES,
    FSI,
    PDI,
    Language,
    day,
    isolated,
    language,
    listed,
    money,
    number,
    percent,
    preferred,
)
from central_sync.terms.money import AMOUNT_MAX, CURRENCIES

EN, FA, ZH = Language.EN, Language.FA, Language.ZH
YUAN, RIAL = CURRENCIES["CNY"], CURRENCIES["IRR"]
LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٬٫", "0123456789,.", FSI + PDI)


def test_every_currency_has_a_name_in_every_language() -> None:
    assert {into: names.keys() for into, names in CURRENCY_NAMES.items()} == dict.fromkeys(Language, CURRENCIES.keys())
    assert (CURRENCY_NAMES[FA]["IRR"], CURRENCY_NAMES[ZH]["CNY"], CURRENCY_NAMES[ZH]["MXN"]) == ("ریال", "元", "MXN")


def test_money_is_written_as_the_country_writes_it() -> None:
    assert money(1_234_567, YUAN, EN) == "12,345.67 CNY"
    assert money(1_234_567, YUAN, ZH) == "12,345.67元"
    assert money(-1_234_567, RIAL, FA) == f"{FSI}-۱٬۲۳۴٬۵۶۷{PDI} ریال"
    assert money(5, YUAN, FA) == f"{FSI}۰٫۰۵{PDI} یوان"


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), st.sampled_from(sorted(CURRENCIES)), st.sampled_from(Language))
def test_no_coin_is_lost_in_writing(amount: int, code: str, into: Language) -> None:
    currency = CURRENCIES[code]

    written = money(amount, currency, into).translate(LATIN).replace(CURRENCY_NAMES[into][code].translate(LATIN), "")

    assert int(written.strip().replace(",", "").replace(".", "")) == amount


def test_ratios_are_per_cent_without_needless_decimals() -> None:
    assert [percent(Fraction(one), EN) for one in ("9/10", "1", "0", "0.875", "1/3")] == [
        "90%",
        "100%",
        "0%",
        "87.5%",
        "33.3333%",
    ]
    assert percent(Fraction(7, 8), FA) == f"{FSI}۸۷٫۵٪{PDI}"


def test_days_are_read_in_the_calendar_of_the_institution() -> None:
    first = date(2025, 3, 21)

    assert day(first, Calendar.JALALI, FA) == f"{FSI}۱۴۰۴/۰۱/۰۱{PDI}"
    assert day(first, Calendar.JALALI, EN) == "1404-01-01"
    assert day(first, Calendar.GREGORIAN, ZH) == "2025年3月21日"
    assert day(first, Calendar.BUDDHIST, EN) == "2568-03-21"


def test_codes_keep_their_direction_in_text_that_runs_the_other_way() -> None:
    assert isolated("DRG-01", FA) == f"{FSI}DRG-01{PDI}"
    assert isolated("بیمه", ZH) == f"{FSI}بیمه{PDI}"
    assert isolated("DRG-01", EN) == "DRG-01"


def test_lists_and_numbers() -> None:
    assert listed(["甲", "乙"], ZH) == "甲、乙"
    assert listed(["a", "b"], EN) == "a, b"
    assert number(12_000, FA) == f"{FSI}۱۲٬۰۰۰{PDI}"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("fa-IR,fa;q=0.9,en;q=0.8", FA),
        ("de, zh-CN;q=0.5, en;q=0.4", ZH),
        ("en;q=0.1, fa;q=1.0", FA),
        ("fa;q=0, zh", ZH),
        ("de", None),
        ("", None),
        ("*", None),
        ("fa;q=lots, zh;q=0.001", ZH),
        (";;,=,\u2068", None),
    ],
)
def test_the_language_that_a_caller_prefers(header: str, found: Language | None) -> None:
    assert preferred(header) is found


def test_a_languages_name_may_carry_its_country() -> None:
    assert [language(name) for name in ("FA", "zh_CN", "zh-Hans", "en ", "xx", "")] == [FA, ZH, ZH, EN, None, None]
