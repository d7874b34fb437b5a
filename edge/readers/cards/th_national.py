"""PURE: the Thai national ID card, and what the health insurance office (NHSO) has written on it.

READ is ``80B0 offset 02 00 length``; the data are fetched with GET RESPONSE, on cards whose ATR begins ``3B67`` with P2 = 01. Fields have fixed places; text is
TIS-620, padded with blanks; ``#`` stands between the parts of a name or an address; years are Buddhist. An unknown month or day of birth is ``00``; the end of a
card for life is ``99999999``.

The photo (5,100 bytes in 20 blocks) is read only if it is wanted. A card without the insurance's applet has no ``insurance``.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.cards import dates, iso7816
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import GET_RESPONSE, CardFault, Conversation, exchange
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.cards.texts import parts, text

NAME = "th_national"
PERSON = "th_pin"
APPLICATION = iso7816.application(bytes.fromhex("A000000054480001"))
INSURANCE = iso7816.application(bytes.fromhex("A000000054480083"))
SEXES = {"1": "male", "2": "female"}
CHARACTERS = "iso8859-11"
"""TIS-620 and a no-break space."""

_OTHER_GET_RESPONSE = bytes.fromhex("00C00001")
_OTHER_ATR = bytes.fromhex("3B67")
_MARK = b"TH NID"
"""In the historical bytes of most of these cards."""


class Field(NamedTuple):
    """Where a field is, and how long."""

    offset: int
    length_bytes: int


NUMBER, THAI_NAME, ENGLISH_NAME = Field(0x0004, 0x0D), Field(0x0011, 0x64), Field(0x0075, 0x64)
BORN, SEX, ISSUER = Field(0x00D9, 0x08), Field(0x00E1, 0x01), Field(0x00F6, 0x64)
ISSUED, EXPIRES, ADDRESS = Field(0x0167, 0x08), Field(0x016F, 0x08), Field(0x1579, 0x64)
PHOTO = tuple(Field(0x017B + block * 0xFF, 0xFF) for block in range(20))

SCHEME, SUB_SCHEME = Field(0x0004, 0x3C), Field(0x0040, 0x64)
MAIN_HOSPITAL, SUB_HOSPITAL = Field(0x00A4, 0x50), Field(0x00F4, 0x50)
BEGINS, ENDS = Field(0x0145, 0x08), Field(0x014D, 0x08)
"""Of the insurance's applet."""


def read(atr: bytes, wanted: Wanted) -> Conversation[CardIdentity | None]:
    """The card's conversation.

    Raises:
        CardFault: a field that is not there, too short or too long; a number or a date that fails its check.
    """
    fetch = _OTHER_GET_RESPONSE if atr.startswith(_OTHER_ATR) else GET_RESPONSE
    if not (yield from iso7816.select(APPLICATION)):
        return None
    number = identifiers.checked(PERSON, text((yield from _field(NUMBER, fetch))))
    if number is None:
        raise CardFault("the citizen's number fails its check")
    name = yield from _parts(THAI_NAME, fetch)
    latin_name = yield from _parts(ENGLISH_NAME, fetch)
    born = dates.birth_day(text((yield from _field(BORN, fetch))), dates.BUDDHIST)
    sex = SEXES.get(text((yield from _field(SEX, fetch))), "")
    issuer = yield from _parts(ISSUER, fetch)
    issued = yield from _day(ISSUED, fetch)
    expires = yield from _day(EXPIRES, fetch)
    address = yield from _parts(ADDRESS, fetch)
    photo = (yield from _photo(fetch)) if wanted.photo else b""
    return CardIdentity(
        kind=PERSON,
        number=number,
        card=NAME,
        name=name,
        latin_name=latin_name,
        birth_date=born,
        sex=sex,
        address=address,
        issuer=issuer,
        valid_from=issued,
        valid_until=expires,
        insurance=(yield from _insurance(fetch)),
        photo=photo,
    )


def _insurance(fetch: bytes) -> Conversation[Insurance | None]:
    if not (yield from iso7816.select(INSURANCE)):
        return None
    found = Insurance(
        payer_name=(yield from _parts(SCHEME, fetch)),
        category=(yield from _parts(SUB_SCHEME, fetch)),
        begins=(yield from _day(BEGINS, fetch)),
        ends=(yield from _day(ENDS, fetch)),
        hospital=(yield from _parts(MAIN_HOSPITAL, fetch)),
        second_hospital=(yield from _parts(SUB_HOSPITAL, fetch)),
    )
    return found if found != Insurance() else None


def _field(field: Field, fetch: bytes) -> Conversation[bytes]:
    command = bytes([0x80, 0xB0, field.offset >> 8, field.offset & 0xFF, 0x02, 0x00, field.length_bytes])
    response = yield from exchange(command, fetch)
    if not response.ok:
        raise CardFault(f"the field at {field.offset:04X} was answered {response.status:04X}")
    if len(response.data) != field.length_bytes:
        raise CardFault(f"the field at {field.offset:04X} has {len(response.data)} bytes")
    return response.data


def _parts(field: Field, fetch: bytes) -> Conversation[str]:
    return parts(text((yield from _field(field, fetch)), CHARACTERS))


def _day(field: Field, fetch: bytes) -> Conversation[date | None]:
    return dates.day(text((yield from _field(field, fetch))), dates.BUDDHIST)


def _photo(fetch: bytes) -> Conversation[bytes]:
    """The JPEG as it is on the card, without what pads it."""
    photo = b""
    for block in PHOTO:
        photo += yield from _field(block, fetch)
    return photo.rstrip(b" \0")


def _suits(atr: bytes) -> bool:
    return atr.startswith(_OTHER_ATR) or _MARK in atr


KIND = CardKind(NAME, _suits, read)
