"""PURE: the Estonian identity card: the personal data file, which needs no PIN, on the cards of three makers.

    * IDEMIA, 2018 on: an application, in it the folder 5000, in it a file for each field, 5001 to 500F.
    * Thales, December 2025 on: the PKCS#15 application, the folder DFDD ("Document Data"), the same files.
    * Before 2018: the folder EEEE, the file 5044, a record for each field, in CP1252; the fields are others.

A field that does not apply holds a zero byte, a blank or nothing. Sources: TD-ID1-Chip-App and the older user guide of EstEID; open-eid.
"""

from __future__ import annotations

import re
from datetime import date

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.iso7816 import read_binary, read_record, select
from edge.readers.cards.texts import text

NUMBER_KIND = "ee_personal_code"
ATR_MARKS = (
    b"EstEID",
    b"eID / PKI",
    b"ESTONIA-eID",
    bytes.fromhex("12233F536549440F9000"),
    bytes.fromhex("53654944 64B0850510"),
)
"""Historical bytes; the fourth begins with the country and ends with "SeID"."""

_IDEMIA = bytes.fromhex("00A4040010A000000077010800070000FE00000100")
_IDEMIA_MASTER, _IDEMIA_FOLDER = bytes.fromhex("00A4000C"), bytes.fromhex("00A4010C025000")
_THALES = bytes.fromhex("00A404000CA000000063504B43532D3135")
_THALES_FOLDER = bytes.fromhex("00A4080C02DFDD")
_FIELD = bytes.fromhex("00A4020C0250")
_OLD_MASTER, _OLD_FOLDER = bytes.fromhex("00A4000C"), bytes.fromhex("00A4010C02EEEE")
_OLD_FILE = bytes.fromhex("00A40204025044")
_OLD_RECORD_P2 = 0x04

FIELD_BYTES_MAX = 256
"""Asked for at once, as Le = 00: whatever the file holds."""
_FIELDS = 9
"""The first nine are the person's and the card's; permit and remarks follow."""
_OLD_FIELDS = 11
_SEXES = {"M": "male", "F": "female", "N": "female", "": ""}
_DAY = re.compile(r"(\d{2})[ .](\d{2})[ .](\d{4})(?: (.*))?", re.ASCII)


def _suits(atr: bytes) -> bool:
    return any(mark in atr for mark in ATR_MARKS)


def _read(_atr: bytes, _wanted: Wanted) -> Conversation[CardIdentity | None]:
    if (yield from select(_IDEMIA)) and (yield from select(_IDEMIA_MASTER)) and (yield from select(_IDEMIA_FOLDER)):
        return identity((yield from _files()))
    if (yield from select(_THALES)) and (yield from select(_THALES_FOLDER)):
        return identity((yield from _files()))
    yield from select(_OLD_MASTER)
    if (yield from select(_OLD_FOLDER)) and (yield from select(_OLD_FILE)):
        return old_identity((yield from _records()))
    return None


def _files() -> Conversation[list[str]]:
    """The fields of a card from 2018 on; one that is not there is blank."""
    found = []
    for number in range(1, _FIELDS + 1):
        there = yield from select(_FIELD + bytes([number]))
        content = (yield from read_binary(bytes_max=FIELD_BYTES_MAX, block_bytes=FIELD_BYTES_MAX)) if there else b""
        found.append(text(content, "utf-8"))
    return found


def _records() -> Conversation[list[str]]:
    found = []
    for number in range(1, _OLD_FIELDS + 1):
        content = yield from read_record(number, _OLD_RECORD_P2)
        found.append(text(content or b"", "cp1252"))
    return found


def identity(fields: list[str]) -> CardIdentity:
    """Who the fields of a card from 2018 on name: surname, given names, sex, citizenship, birth, personal code, document, expiry, issue.

    Raises:
        CardFault: the personal code fails its check, or a day is none.
    """
    surname, given, sex, citizenship, birth, code, document, expiry, issue = fields
    born, birth_place = _day_and_place(birth)
    issued, issuer = _day_and_place(issue)
    return CardIdentity(
        kind=NUMBER_KIND,
        number=_number(code),
        card=KIND.name,
        name=_name(given, surname),
        birth_date=born,
        birth_place=birth_place,
        sex=_sex(sex),
        nationality=citizenship,
        card_number=document,
        issuer=issuer,
        valid_from=issued,
        valid_until=_day_and_place(expiry)[0],
    )


def old_identity(records: list[str]) -> CardIdentity:
    """Who the records of a card from before 2018 name.

    Raises:
        CardFault: the personal code fails its check, or a day is none.
    """
    surname, given, more_given, sex, citizenship, birth, code, document, expiry, birth_place, issue = records
    return CardIdentity(
        kind=NUMBER_KIND,
        number=_number(code),
        card=KIND.name,
        name=_name(given, more_given, surname),
        birth_date=_day_and_place(birth)[0],
        birth_place=birth_place,
        sex=_sex(sex),
        nationality=citizenship,
        card_number=document,
        valid_from=_day_and_place(issue)[0],
        valid_until=_day_and_place(expiry)[0],
    )


def _number(code: str) -> str:
    number = identifiers.checked(NUMBER_KIND, code)
    if number is None:
        raise CardFault("the personal code fails its check")
    return number


def _name(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _sex(letter: str) -> str:
    if letter not in _SEXES:
        raise CardFault("a sex that is not known")
    return _SEXES[letter]


def _day_and_place(written: str) -> tuple[date | None, str]:
    """``DD MM YYYY`` or ``DD.MM.YYYY``, and what follows it; neither for a blank field."""
    if not written:
        return None, ""
    found = _DAY.fullmatch(written)
    if found is None:
        raise CardFault("a date that is no date")
    try:
        return date(int(found[3]), int(found[2]), int(found[1])), found[4] or ""
    except ValueError:
        # its text would quote the card's day
        raise CardFault("a day that is not in the calendar") from None


KIND = CardKind("ee_eid", _suits, _read)
