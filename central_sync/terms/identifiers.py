"""Personal identifiers: how they are written, normalised, checked and masked.

Each country's number is one row of :data:`KINDS`. A person types or scans digits in any script; ``normalised`` brings
Persian, Arabic and full-width digits and letters to one form before anything is compared or stored.
Sources: Iranian national code and GB 11643-1999 (ISO 7064 MOD 11-2), see docs/glossary.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2

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


def _pad_ten(code: str) -> str:
    """A national code whose leading zeros a spreadsheet dropped: eight or nine digits are padded to ten."""
    return code.zfill(10) if 8 <= len(code) < 10 and code.isdigit() else code


KINDS: dict[str, tuple[Callable[[str], str], Callable[[str], bool]]] = {
    "ir_national_code": (_pad_ten, _ir_national_code),
    "cn_resident_number": (str.upper, _cn_resident_number),
    "cn_foreign_resident_number": (str.upper, _cn_foreign_resident_number),
}
"""Kind of identifier → (what else its normal form needs, whether a normal form passes its own check)."""


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
