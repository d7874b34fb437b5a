"""PURE: the Chinese social security card, its public area, without PIN.

The application is named "sx1.sh." and 社会保障 in GBK. Two files of records: EF05 is of the card, EF06 of the person; each record answers tag, length, value.
What we do not need is not read: class, version, ethnic group, birthplace. The first six digits of the card's id are the pooling area, which is
where the person is insured.

The holder's number is a resident number. Holders who have none (foreigners insured by their passport) leave the identity without one.
"""

from __future__ import annotations

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.cards import dates, iso7816
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.cards.texts import text

NAME = "cn_social_security"
PERSON = "cn_resident_number"
APPLICATION = b"sx1.sh." + "社会保障".encode("gbk")
CARD_FILE, PERSON_FILE = bytes.fromhex("00A4000002EF05"), bytes.fromhex("00A4000002EF06")
CARD_ID, ISSUER, ISSUED, EXPIRES, CARD_NUMBER = (0x01, 0x10), (0x04, 0x0C), (0x05, 0x04), (0x06, 0x04), (0x07, 0x09)
NUMBER, HOLDER, SEX, BORN = (0x08, 0x12), (0x09, 0x1E), (0x0A, 0x01), (0x0D, 0x04)
"""Record number, and the bytes of its value."""
SEXES = {"1": "male", "2": "female", "\x01": "male", "\x02": "female"}
POOLING_AREA_DIGITS = 6


def read(_atr: bytes, _wanted: Wanted) -> Conversation[CardIdentity | None]:
    """The card's conversation.

    Raises:
        CardFault: a record that is not tag, length, value; a number or a date that fails its check; a card without any number.
    """
    if not (yield from iso7816.select(iso7816.application(APPLICATION))):
        return None
    if not (yield from iso7816.select(CARD_FILE)):
        raise CardFault("EF05 is not there")
    card_id = dates.bcd((yield from _record(CARD_ID)))
    issuer = _code((yield from _record(ISSUER)))
    issued = dates.day(dates.bcd((yield from _record(ISSUED))))
    expires = dates.day(dates.bcd((yield from _record(EXPIRES))))
    card_number = text((yield from _record(CARD_NUMBER)))
    if not (yield from iso7816.select(PERSON_FILE)):
        raise CardFault("EF06 is not there")
    number = _number(text((yield from _record(NUMBER))))
    name = text((yield from _record(HOLDER)), "gb18030")
    sex = SEXES.get((yield from _record(SEX)).decode("latin-1"), "")
    born = dates.birth_day(dates.bcd((yield from _record(BORN))))
    if not number and not card_number:
        raise CardFault("neither the person nor the card has a number")
    return CardIdentity(
        kind=PERSON if number else "",
        number=number,
        card=NAME,
        name=name,
        birth_date=born,
        sex=sex,
        card_number=card_number,
        issuer=issuer,
        valid_from=issued,
        valid_until=expires,
        insurance=Insurance(payer=_pooling_area(card_id), member_number=card_number),
    )


def _record(wanted: tuple[int, int]) -> Conversation[bytes]:
    """The value of a record; nothing if the card does not have it."""
    number, length = wanted
    record = yield from iso7816.read_record(number, 0x00, length)
    if not record:
        return b""
    if len(record) < 2 or record[0] != number or record[1] != len(record) - 2:
        raise CardFault(f"record {number:02X} is not tag, length, value")
    if record[1] > length:
        raise CardFault(f"record {number:02X} is too long")
    return record[2:]


def _number(written: str) -> str:
    """The holder's resident number, or nothing where the card has another kind of document.

    Raises:
        CardFault: it looks like a resident number and fails its check.
    """
    number = identifiers.checked(PERSON, written)
    if number is None and len(written) == 18 and written[:17].isdigit():
        raise CardFault("the resident number fails its check")
    return number or ""


def _pooling_area(card_id: str) -> str:
    area = card_id[:POOLING_AREA_DIGITS]
    return area if len(area) == POOLING_AREA_DIGITS and area.isdigit() and area.strip("0") else ""


def _code(value: bytes) -> str:
    """The issuer's code. Its form is not known for sure: text, if it is text; else its digits as packed."""
    return text(value) if value.isascii() and value.decode("latin-1").rstrip("\0 ").isprintable() else dates.bcd(value)


KIND = CardKind(NAME, lambda _atr: False, read)
"""Issued by many, with many chips: no ATR tells it."""
