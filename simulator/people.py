"""PURE: synthetic people with valid national identifiers, from one seeded source of chance.

Nobody here is anybody: names are drawn from short lists, Chinese resident numbers begin with a region code that was never
issued (99…). An Iranian national code has no such unused range; its last digit is right, the rest is chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from stdnum.iso7064 import mod_11_2

BORN_FIRST = date(1938, 1, 1)
BORN_LAST = date(2023, 12, 31)
COVERED_FROM = date(2025, 1, 1)
COVER_ENDED = date(2025, 12, 31)

FAMILY = {
    "cn": ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "林"),
    "ir": (
        "محمدی",
        "حسینی",
        "احمدی",
        "رضایی",
        "کریمی",
        "موسوی",
        "جعفری",
        "صادقی",
        "رحیمی",
        "ابراهیمی",
        "قاسمی",
        "یوسفی",
    ),
}
GIVEN = {
    ("cn", "male"): ("伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "明辉", "志强", "建国", "文博"),
    ("cn", "female"): ("芳", "娜", "敏", "静", "丽", "艳", "秀英", "雪梅", "玉兰", "婷婷", "晓燕", "佳怡"),
    ("ir", "male"): ("علی", "محمد", "رضا", "حسین", "امیر", "مهدی", "سعید", "بهرام", "کاوه", "آرش"),
    ("ir", "female"): ("فاطمه", "زهرا", "مریم", "سارا", "نرگس", "لیلا", "شیرین", "پروانه", "مینا", "الهام"),
}
NATIONALITY = {"cn_resident_number": "CHN", "ir_national_code": "IRN"}
CARD_ENDS = date(2049, 12, 31)
KIND = {"cn": "cn_resident_number", "ir": "ir_national_code"}


@dataclass(frozen=True, slots=True)
class Cover:
    """One layer of a person's cover; ``to_day`` ``None``: open."""

    layer: str
    scheme: str
    contract: str
    from_day: date = COVERED_FROM
    to_day: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic person. ``known``: whether the insurer has heard of them. ``heavy``: bills that press on caps."""

    kind: str
    number: str
    name: str
    birth_date: date
    sex: str
    region: str
    group: str
    covers: tuple[Cover, ...]
    known: bool = True
    heavy: bool = False


def ir_national_code(rng: random.Random) -> str:
    """Ten digits of which the last is the weighted check of the others; never ten equal digits."""
    while True:
        body = f"{rng.randrange(10**7, 10**9):09d}"
        rest = sum(int(d) * (10 - i) for i, d in enumerate(body)) % 11
        code = f"{body}{rest if rest < 2 else 11 - rest}"
        if len(set(code)) > 1:
            return code


def cn_resident_number(rng: random.Random, birth_date: date, sex: str) -> str:
    """Eighteen characters: a region never issued, the birth date, a sequence odd for men, and the MOD 11-2 check."""
    sequence = rng.randrange(0, 499) * 2 + (1 if sex == "male" else 0)
    body = f"99{rng.randrange(10000):04d}{birth_date:%Y%m%d}{sequence:03d}"
    return body + str(mod_11_2.calc_check_digit(body))


def mistyped(number: str) -> str:
    """``number`` with one digit wrong, so that its check fails (both checks catch every single wrong digit but the check
    digit of an Iranian code that stands for two remainders; we change the third digit).
    """
    return number[:2] + str((int(number[2]) + 1) % 10) + number[3:]


def person(rng: random.Random, region: str, covers: tuple[Cover, ...], group: str, known: bool, heavy: bool) -> Person:
    """A new person of ``region``."""
    sex = rng.choice(("male", "female"))
    born = BORN_FIRST + timedelta(days=rng.randrange((BORN_LAST - BORN_FIRST).days))
    family, given = rng.choice(FAMILY[region]), rng.choice(GIVEN[region, sex])
    return Person(
        kind=KIND[region],
        number=ir_national_code(rng) if region == "ir" else cn_resident_number(rng, born, sex),
        name=f"{given} {family}" if region == "ir" else f"{family}{given}",
        birth_date=born,
        sex=sex,
        region=region,
        group=group,
        covers=covers,
        known=known,
        heavy=heavy,
    )


def _who(one: Person) -> dict[str, object]:
    return {
        "kind": one.kind,
        "number": one.number,
        "name": one.name,
        "birth_date": one.birth_date.isoformat(),
        "sex": one.sex,
    }


def card(one: Person) -> dict[str, object]:
    """``one``'s card, as the simulated reader plays it."""
    return {
        **_who(one),
        "nationality": NATIONALITY[one.kind],
        "valid_until": CARD_ENDS.isoformat(),
    }


def member_line(one: Person) -> dict[str, object]:
    """``one`` as the hub's member file has it: one JSON object a line."""
    return {
        **_who(one),
        "group": one.group,
        "region": one.region,
        "covers": [
            {
                "layer": cover.layer,
                "scheme": cover.scheme,
                "contract": cover.contract,
                "from_day": cover.from_day.isoformat(),
                "to_day": cover.to_day.isoformat() if cover.to_day else None,
            }
            for cover in one.covers
        ],
    }
