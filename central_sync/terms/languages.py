"""The languages that people are answered in, and how each writes numbers, money, ratios and days.

PURE. Rules
    * A value is put into a sentence by its name, never by joining words: word order is the language's own.
    * In a language written from right to left, numbers, codes and foreign names are wrapped in Unicode isolates (FSI … PDI), so that
      a display turns none of them round. In the others only what is itself written from right to left is.
    * Money is exact: every coin is written, however the language groups digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from central_sync.terms.days import Calendar, display
from central_sync.terms.money import CURRENCIES, Currency, Rounding, rounded

FSI, PDI = "\u2068", "\u2069"
_RIGHT_TO_LEFT = frozenset(["R", "AL", "RLE", "RLO", "RLI"])
_LEFT_TO_RIGHT = frozenset(["L", "EN", "AN", "LRE", "LRO", "LRI"])
_PERCENT_DECIMALS = 4
_KEPT = 1024
"""Names and ratios come again and again: so many are not written anew."""
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{1,3})?)")


class Language(StrEnum):
    """A language in which answers are written."""

    EN = "en"
    FA = "fa"
    ZH = "zh"


Texts = Mapping[Language, str]
"""The same text in several languages; what is not there is read in English."""

_DIGITS = str.maketrans("0123456789,.%", "۰۱۲۳۴۵۶۷۸۹٬٫٪")

_NAMES: Mapping[Language, Mapping[str, str]] = {
    Language.FA: {
        "AED": "درهم امارات",
        "AFN": "افغانی",
        "AUD": "دلار استرالیا",
        "CAD": "دلار کانادا",
        "CHF": "فرانک سوئیس",
        "CNY": "یوان",
        "EUR": "یورو",
        "GBP": "پوند",
        "HKD": "دلار هنگ‌کنگ",
        "IDR": "روپیهٔ اندونزی",
        "INR": "روپیهٔ هند",
        "IQD": "دینار عراق",
        "IRR": "ریال",
        "JPY": "ین",
        "KRW": "وون",
        "MNT": "توگروگ",
        "MOP": "پاتاکا",
        "MYR": "رینگیت",
        "PHP": "پزوی فیلیپین",
        "PKR": "روپیهٔ پاکستان",
        "RUB": "روبل",
        "SEK": "کرون سوئد",
        "SGD": "دلار سنگاپور",
        "THB": "بات",
        "TRY": "لیر ترکیه",
        "TWD": "دلار تایوان",
        "USD": "دلار آمریکا",
        "VND": "دونگ",
    },
    Language.ZH: {
        "AED": "阿联酋迪拉姆",
        "AFN": "阿富汗尼",
        "AUD": "澳元",
        "CAD": "加元",
        "CHF": "瑞士法郎",
        "CNY": "元",
        "EUR": "欧元",
        "GBP": "英镑",
        "HKD": "港元",
        "IDR": "印尼盾",
        "INR": "印度卢比",
        "IQD": "伊拉克第纳尔",
        "IRR": "伊朗里亚尔",
        "JPY": "日元",
        "KRW": "韩元",
        "MNT": "图格里克",
        "MOP": "澳门元",
        "MYR": "马来西亚林吉特",
        "PHP": "菲律宾比索",
        "PKR": "巴基斯坦卢比",
        "RUB": "俄罗斯卢布",
        "SEK": "瑞典克朗",
        "SGD": "新加坡元",
        "THB": "泰铢",
        "TRY": "土耳其里拉",
        "TWD": "新台币",
        "USD": "美元",
        "VND": "越南盾",
    },
}
CURRENCY_NAMES: Mapping[Language, Mapping[str, str]] = {
    into: {code: _NAMES.get(into, {}).get(code, code) for code in CURRENCIES} for into in Language
}
"""What each currency is called: in its own word where there is one here, else by its code."""

_MONEY = {Language.EN: "{number} {currency}", Language.FA: "{number} {currency}", Language.ZH: "{number}{currency}"}
_COMMAS = {Language.EN: ", ", Language.FA: "، ", Language.ZH: "、"}


def language(text: str) -> Language | None:
    """The language that ``text`` (``fa``, ``zh-CN``) names, or ``None`` if it is none of ours."""
    name = text.strip().lower().replace("_", "-").partition("-")[0]
    return Language(name) if name in Language.__members__.values() else None


def preferred(header: str) -> Language | None:
    """The first of our languages in an ``Accept-Language`` header, by its weights; ``None``: it asks for none of them."""
    found: list[tuple[Fraction, int, Language]] = []
    for place, one in enumerate(header.split(",")):
        name, _, weight = one.partition(";")
        known = language(name)
        if known is not None and (much := _weight(weight)) > 0:
            found.append((-much, place, known))
    return min(found)[2] if found else None


@lru_cache(_KEPT)
def isolated(text: str, into: Language) -> str:
    """``text`` so that it keeps its own direction inside a sentence in ``into``."""
    foreign = _LEFT_TO_RIGHT if into is Language.FA else _RIGHT_TO_LEFT
    if any(unicodedata.bidirectional(letter) in foreign for letter in text):
        return f"{FSI}{text}{PDI}"
    return text


def from_left(text: str, into: Language) -> str:
    """``text`` without letters (a day as it is typed), so that it is read from the left inside a sentence in ``into``."""
    return f"{FSI}{text}{PDI}" if into is Language.FA else text


def number(value: int, into: Language) -> str:
    """A whole number."""
    return _written(f"{value:,}", into)


def digits(text: str, into: Language) -> str:
    """``text`` (a time of day, say) with the digits of the language."""
    return _written(text, into)


def money(amount: int, currency: Currency, into: Language) -> str:
    """``amount`` smallest coins: ``12345`` CNY is ``123.45元``."""
    digits = currency.display(amount).rpartition(" ")[0]
    return _MONEY[into].format(number=_written(digits, into), currency=CURRENCY_NAMES[into][currency.code])


@lru_cache(_KEPT)
def percent(ratio: Fraction, into: Language) -> str:
    """A ratio: ``9/10`` is ``90%``; what has no end is rounded to four decimals."""
    scaled = rounded(ratio * 100 * 10**_PERCENT_DECIMALS, Rounding.HALF_UP)
    whole, part = divmod(abs(scaled), 10**_PERCENT_DECIMALS)
    decimals = str(part).rjust(_PERCENT_DECIMALS, "0").rstrip("0")
    return _written(f"{'-' if scaled < 0 else ''}{whole}{'.' if decimals else ''}{decimals}%", into)


def day(value: date, calendar: Calendar, into: Language) -> str:
    """A day in ``calendar``: ``2025-03-21``, ``۱۴۰۴/۰۱/۰۱``, ``2025年3月21日``."""
    year, month, rest = display(value, calendar).split("-")
    if into is Language.ZH:
        return f"{year}年{int(month)}月{int(rest)}日"
    return _written(f"{year}/{month}/{rest}" if into is Language.FA else f"{year}-{month}-{rest}", into)


def day_typed(value: date, calendar: Calendar, into: Language) -> str:
    """A day in ``calendar`` as somebody types it, :func:`central_sync.terms.days.parse` reads it: ``2025-03-21``, ``۱۴۰۴/۰۱/۰۱``."""
    written = display(value, calendar)
    return plain_digits(written.replace("-", "/"), into) if into is Language.FA else written


def plain_digits(text: str, into: Language) -> str:
    """``text`` with the digits of the language and nothing around it, as a field holds it."""
    return text.translate(_DIGITS) if into is Language.FA else text


def listed(texts: Iterable[str], into: Language) -> str:
    """Several things after each other."""
    return _COMMAS[into].join(texts)


def _written(text: str, into: Language) -> str:
    """A number that is already grouped, in the digits of the language."""
    return f"{FSI}{text.translate(_DIGITS)}{PDI}" if into is Language.FA else text


def _weight(text: str) -> Fraction:
    """The weight after a language; what is not written as one counts nothing."""
    if not text.strip():
        return Fraction(1)
    written = _WEIGHT.fullmatch(text.strip())
    return Fraction(written[1]) if written else Fraction(0)
