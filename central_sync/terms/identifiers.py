"""Personal identifiers: how they are written, normalised, checked and masked.

Each country's number is one row of :data:`KINDS`. A person types or scans digits in any script; ``normalised`` brings
Persian, Arabic and full-width digits and letters to one form before anything is compared or stored.
Sources: docs/glossary.md. A check is held to the check digit and what is part of it; where python-stdnum also refuses numbers that people
have (Thai ones of persons without nationality) or asks the clock (Belgian ones), the rule is written out here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date

from stdnum.ee import ik
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2
from stdnum.th import pin

_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"})
_INVISIBLE = dict.fromkeys(
    (
        0x00AD,
        0x061C,
        0xFEFF,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2065),
        *range(0x2066, 0x206A),
    )
)
"""Soft hyphen, joiners, direction marks, embeddings and isolates: what copying a number out of a document brings along."""
_INPUT_CHARACTERS_MAX = 64


def normalised(text: str) -> str:
    """``text`` with every decimal digit in ASCII, full-width forms folded (NFKC), Arabic yeh and kaf as Persian ones,
    invisible marks removed, and no space at the ends. Normalising twice changes nothing.
    """
    folded = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).translate(_LETTERS)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded).strip()


def _ir_national_code(code: str) -> bool:
    """Ten digits, not all equal; the last is a weighted sum of the others modulo 11."""
    if len(code) != 10 or not (code.isascii() and code.isdigit()) or len(set(code)) == 1:
        return False
    rest = sum(int(d) * (10 - i) for i, d in enumerate(code[:9])) % 11
    return int(code[9]) == (rest if rest < 2 else 11 - rest)


def _cn_resident_number(number: str) -> bool:
    """Seventeen digits and a check character by ISO 7064 MOD 11-2; characters 7 to 14 are a real birth date.

    The region digits are not held against a table: numbers outlive the regions they name.
    """
    if len(number) != 18 or not number.isascii() or not number[:17].isdigit():
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        mod_11_2.validate(number)
    except (ValueError, ValidationError):
        return False
    return True


def _cn_foreign_resident_number(number: str) -> bool:
    """The number of a foreigner's permanent residence card of China.

    Since 2023 eighteen characters like a resident's, the first of them 9. Before, three letters of the country, four digits of the
    place, the birth date as YYMMDD, one digit of sequence, and the check digit that passports have (weights 7, 3, 1; letters from 10 on).
    """
    if len(number) == 18:
        return number[0] == "9" and _cn_resident_number(number)
    country, digits = number[:3], number[3:]
    if len(number) != 15 or not number.isascii() or not (country.isalpha() and country.isupper() and digits.isdigit()):
        return False
    try:
        date(2000 + int(number[7:9]), int(number[9:11]), int(number[11:13]))
    except ValueError:
        return False
    return int(number[14]) == sum(int(c, 36) * (7, 3, 1)[i % 3] for i, c in enumerate(number[:14])) % 10


_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""Their places, counted from 10, are what they stand for."""
_TW_OLD_CERTIFICATE = "ABCD"


def _tw_national_id(number: str) -> bool:
    """A letter, eight digits and a check digit, of a citizen or of a resident certificate.

    The second character of resident certificates issued before 2021 is a letter A to D, of which the last digit counts.
    """
    if len(number) != 10 or not number.isascii() or number[0] not in _TW_LETTERS or not number[2:].isdigit():
        return False
    second = number[1]
    if second in _TW_OLD_CERTIFICATE:
        second = str(_TW_LETTERS.index(second))
    if not second.isdigit():
        return False
    tens, units = divmod(10 + _TW_LETTERS.index(number[0]), 10)
    body = sum(int(d) * (8 - i) for i, d in enumerate(second + number[2:9]))
    return (tens + units * 9 + body + int(number[9])) % 10 == 0


def _de_kvnr(number: str) -> bool:
    """A letter, eight digits and a check digit: the letter as 01 to 26, weights 1, 2, 1, 2 …, digit sums, modulo 10."""
    if len(number) != 10 or not number.isascii() or not "A" <= number[0] <= "Z" or not number[1:].isdigit():
        return False
    digits = f"{ord(number[0]) - ord('A') + 1:02}{number[1:9]}"
    products = (int(d) * (1 + i % 2) for i, d in enumerate(digits))
    return sum(p // 10 + p % 10 for p in products) % 10 == int(number[9])


def _th_pin(number: str) -> bool:
    """Thirteen digits, the last a check digit. Any first digit: 0 is of persons without nationality, who have cards too."""
    return (
        len(number) == 13 and number.isascii() and number.isdigit() and number[12] == str(pin.calc_check_digit(number))
    )


def _be_national_number(number: str) -> bool:
    """Nine digits and what is missing to a multiple of 97; for those born from 2000 on, with a 2 before the nine."""
    if len(number) != 11 or not (number.isascii() and number.isdigit()) or not int(number[:9]):
        return False
    return any(97 - int(century + number[:9]) % 97 == int(number[9:]) for century in ("", "2"))


def _ee_personal_code(code: str) -> bool:
    """Eleven digits: century and sex, a real birth date, a serial and a check digit."""
    if len(code) != 11 or not (code.isascii() and code.isdigit()):
        return False
    try:
        ik.validate(code)
    except ValidationError:
        return False
    return True


_MN_LETTERS = frozenset("АБВГДЕЁЖЗИЙКЛМНОӨПРСТУҮФХЦЧШЩЪЫЬЭЮЯ")


def _mn_registration_number(number: str) -> bool:
    """Two Cyrillic letters and eight digits. The last is a check digit whose rule is not published: only the form is held."""
    return len(number) == 10 and set(number[:2]) <= _MN_LETTERS and number[2:].isascii() and number[2:].isdigit()


_GROUPS = dict.fromkeys(map(ord, " -\u2010\u2013"))


def _without_marks(number: str) -> str:
    """A number without the points, hyphens and spaces that people group it with."""
    return number.translate({ord(mark): None for mark in " .-"})


def _pad_ten(code: str) -> str:
    """A national code without the hyphens and spaces that papers group it with (049-937089-9); one whose leading zeros a spreadsheet dropped, eight or
    nine digits, is padded to ten. A point stays: it is a spreadsheet's, and no part of a code.
    """
    code = code.translate(_GROUPS)
    return code.zfill(10) if 8 <= len(code) < 10 and code.isdigit() else code


KINDS: dict[str, tuple[Callable[[str], str], Callable[[str], bool]]] = {
    "ir_national_code": (_pad_ten, _ir_national_code),
    "cn_resident_number": (str.upper, _cn_resident_number),
    "cn_foreign_resident_number": (str.upper, _cn_foreign_resident_number),
    "th_pin": (_without_marks, _th_pin),
    "tw_national_id": (str.upper, _tw_national_id),
    "de_kvnr": (str.upper, _de_kvnr),
    "be_national_number": (_without_marks, _be_national_number),
    "ee_personal_code": (str, _ee_personal_code),
    "mn_registration_number": (str.upper, _mn_registration_number),
}
"""Kind of identifier → (what else its normal form needs, whether a normal form passes its own check).

Which of them the hub takes is not decided here: a region of the rulebook names its one kind.
"""


def checked(kind: str, text: str) -> str | None:
    """The normal form of an identifier of ``kind``, or ``None`` if it is not one (kind, length, characters, check)."""
    if kind not in KINDS or len(text) > _INPUT_CHARACTERS_MAX:
        return None
    complete, passes = KINDS[kind]
    number = complete(normalised(text))
    return number if passes(number) else None


def masked(number: str) -> str:
    """What may be shown of an identifier on paper or screen for recognition: the last three characters."""
    return "•" * max(len(number) - 3, 0) + number[-3:] if len(number) > 3 else "•" * len(number)
