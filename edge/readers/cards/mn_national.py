"""PURE: the Mongolian ID card: the file of the citizen, and of the photo when wanted; neither needs a PIN.

The folder DF01 holds both. Each field of the file is a tag (1 byte), a length (2, the high byte first) and UTF-8. The batch that is also read over the air is known
by its ATR: it takes the folder by another SELECT, and its files are 0201 and 0202 instead of 0101 and 0102. No SELECT is this card's alone, so it is this card only
if the folder and the file are both there and the file begins with a field that is known.

Left open by the facts, and therefore met halfway: how days are written (only the order year, month, day is taken, with or without marks between); how the sex is
written (its beginning decides); the ATR of the other batches; the check digit of the number. Another description of the card has a folder 4944 and reads from
offset 8; what lies there is not known, and such a card stays unknown.
Sources: MonSign, a library for this card (github.com/uugan/MongolianIDCard).
"""

from __future__ import annotations

from datetime import date

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.cards import dates
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.iso7816 import read_binary, select
from edge.readers.cards.texts import text, tidy

NAME = "mn_national"
PERSON = "mn_registration_number"
CONTACTLESS_ATR = bytes.fromhex("3B7F96000080318065B085050011120FFF829000")
MASTER = bytes.fromhex("00A40000023F00")
FOLDER, CITIZEN, PHOTO = (bytes.fromhex(c) for c in ("00A4010002DF01", "00A40200020101", "00A40200020102"))
CONTACTLESS = tuple(bytes.fromhex(c) for c in ("00A4000002DF01", "00A40200020201", "00A40200020202"))
BLOCK_BYTES = 0xFE
CITIZEN_BYTES_MAX, PHOTO_BYTES_MAX = 2_048, 16_384
PHOTO_HEADER_BYTES = 5
_JPEG_2000 = (bytes.fromhex("0000000C6A502020"), bytes.fromhex("FF4FFF51"))
"""How a JPEG 2000 file, and a bare code stream, begin."""

_NUMBER, _BORN, _SEX, _GIVEN, _SURNAME, _EXPIRES, _ISSUED, _ISSUER = 0x01, 0x02, 0x03, 0x04, 0x05, 0x07, 0x08, 0x09
_BIRTH_PLACE, _CARD_NUMBER, _ADDRESS = 0x0A, 0x0C, 0x0D
_TAGS = range(0x01, 0x0E)
_PADDING = (0x00, 0xFF)
_MALE, _FEMALE = ("эр", "m", "м"), ("эм", "f")
_MARKS = str.maketrans("", "", "-./ ")


def read(atr: bytes, wanted: Wanted) -> Conversation[CardIdentity | None]:
    """The card's conversation.

    Raises:
        CardFault: a length past the end; a number or a date that fails its check.
    """
    folder, citizen, photo = CONTACTLESS if atr == CONTACTLESS_ATR else (FOLDER, CITIZEN, PHOTO)
    for command in (MASTER, folder, citizen):
        if not (yield from select(command)):
            return None
    file = yield from read_binary(0, CITIZEN_BYTES_MAX, BLOCK_BYTES)
    if not file or file[0] not in _TAGS:
        return None
    fields = _fields(file)
    number = identifiers.checked(PERSON, text(fields.get(_NUMBER, b""), "utf-8"))
    if number is None:
        raise CardFault("the registration number is not of its form")

    def words(tag: int) -> str:
        return text(fields.get(tag, b""), "utf-8")

    return CardIdentity(
        kind=PERSON,
        number=number,
        card=NAME,
        name=tidy(f"{words(_SURNAME)} {words(_GIVEN)}"),
        birth_date=dates.birth_day(words(_BORN).translate(_MARKS)),
        birth_place=words(_BIRTH_PLACE),
        sex=_sex(words(_SEX)),
        address=words(_ADDRESS),
        card_number=words(_CARD_NUMBER),
        issuer=words(_ISSUER),
        valid_from=_day(words(_ISSUED)),
        valid_until=_day(words(_EXPIRES)),
        photo=(yield from _photo(photo)) if wanted.photo else b"",
    )


def _fields(file: bytes) -> dict[int, bytes]:
    """Tag → value, up to the padding. Tags that are not known are passed over."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(file) and file[place] not in _PADDING:
        start = place + 3
        end = start + int.from_bytes(file[place + 1 : start])
        if start > len(file) or end > len(file):
            raise CardFault("a field goes past the end")
        found.setdefault(file[place], file[start:end])
        place = end
    return found


def _day(written: str) -> date | None:
    return dates.day(written.translate(_MARKS))


def _sex(written: str) -> str:
    start = written.lower()
    return "male" if start.startswith(_MALE) else "female" if start.startswith(_FEMALE) else ""


def _photo(command: bytes) -> Conversation[bytes]:
    """The photo, a JPEG 2000 behind a header; nothing if it is not one."""
    if not (yield from select(command)):
        return b""
    photo = (yield from read_binary(0, PHOTO_BYTES_MAX, BLOCK_BYTES))[PHOTO_HEADER_BYTES:]
    return photo if photo.startswith(_JPEG_2000) else b""


KIND = CardKind(NAME, lambda atr: atr == CONTACTLESS_ATR, read)
