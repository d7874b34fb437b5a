"""PURE: the Belgian identity card: the files of identity, address and (when wanted) photo, which need no PIN.

The fields lie one after the other: a byte of tag, the length (each FF adds 255 and says that another byte follows), UTF-8 text. Days of validity
are ``DD.MM.YYYY``; the birth date has its month in words, Dutch, French or German, shortened as each municipality likes, with or without dots.
Sources: Fedict's middleware (beid_p11.h).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.iso7816 import read_binary, select
from edge.readers.cards.texts import text

NUMBER_KIND = "be_national_number"
ATR_STARTS = (bytes.fromhex("3B9813400AA503"), bytes.fromhex("3B9894400AA503"), bytes.fromhex("3B9895400AA503"))
ATRS = (
    bytes.fromhex("3B7F96000080318065B085040120120FFF829000"),
    bytes.fromhex("3B8F80018091E131D865B28C01022273C441E07B"),
)

_IDENTITY = bytes.fromhex("00A4080C063F00DF014031")
_ADDRESS = bytes.fromhex("00A4080C063F00DF014033")
_PHOTO = bytes.fromhex("00A4080C063F00DF014035")
TEXT_FILE_BYTES_MAX = 4_096
PHOTO_BYTES_MAX = 16_384
_JPEG = b"\xff\xd8"

_CARD, _FROM, _UNTIL, _MUNICIPALITY, _NUMBER, _SURNAME, _GIVEN, _THIRD = 0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09
_NATIONALITY, _BIRTH_PLACE, _BIRTH, _SEX = 0x0A, 0x0B, 0x0C, 0x0D
_TEXTS = (
    _CARD,
    _FROM,
    _UNTIL,
    _MUNICIPALITY,
    _NUMBER,
    _SURNAME,
    _GIVEN,
    _THIRD,
    _NATIONALITY,
    _BIRTH_PLACE,
    _BIRTH,
    _SEX,
)
"""What is read; of the others, some (the chip's number, hashes) are not text at all."""
_STREET, _ZIP, _TOWN = 0x01, 0x02, 0x03
_SEXES = {"M": "male", "F": "female", "V": "female", "W": "female", "X": "other", "": ""}

_MONTHS = (
    ("JANUARI", "JANVIER", "JANUAR"),
    ("FEBRUARI", "FEVRIER", "FEBRUAR"),
    ("MAART", "MRT", "MARS", "MARZ", "MAERZ"),
    ("APRIL", "AVRIL"),
    ("MEI", "MAI"),
    ("JUNI", "JUIN"),
    ("JULI", "JUILLET"),
    ("AUGUSTUS", "AOUT", "AUGUST"),
    ("SEPTEMBER", "SEPTEMBRE"),
    ("OKTOBER", "OCTOBRE"),
    ("NOVEMBER", "NOVEMBRE"),
    ("DECEMBER", "DECEMBRE", "DEZEMBER"),
)  # fmt: skip
_MONTH_LETTERS_MIN = 3
_VALIDITY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})", re.ASCII)
_BIRTH_WRITTEN = re.compile(r"(\d{1,2})[. ]*([^\W\d_]{3,9})[. ]*(\d{4})")
_BIRTH_YEAR_ONLY = re.compile(r"(?:00[. ]*)*(\d{4})", re.ASCII)


def _suits(atr: bytes) -> bool:
    return atr.startswith(ATR_STARTS) or atr in ATRS


def _read(_atr: bytes, wanted: Wanted) -> Conversation[CardIdentity | None]:
    if not (yield from select(_IDENTITY)):
        return None
    identity_file = yield from read_binary(bytes_max=TEXT_FILE_BYTES_MAX)
    address_file = photo = b""
    if (yield from select(_ADDRESS)):
        address_file = yield from read_binary(bytes_max=TEXT_FILE_BYTES_MAX)
    if wanted.photo and (yield from select(_PHOTO)):
        photo = yield from read_binary(bytes_max=PHOTO_BYTES_MAX)
    return identity(fields(identity_file), fields(address_file), photo)


def fields(data: bytes) -> dict[int, bytes]:
    """Tag → value of a file; zeros to its end are padding.

    Raises:
        CardFault: a length past the end, or a tag that comes twice.
    """
    found: dict[int, bytes] = {}
    place = 0
    while any(data[place:]):
        tag, place = data[place], place + 1
        length = 0
        while data[place : place + 1] == b"\xff":
            length, place = length + 0xFF, place + 1
        if place >= len(data):
            raise CardFault("a field without a length")
        length, place = length + data[place], place + 1
        if place + length > len(data):
            raise CardFault("a field's length goes past the end of the file")
        if tag in found:
            raise CardFault("a field that may be there once is there twice")
        found[tag] = data[place : place + length]
        place += length
    return found


def identity(person: dict[int, bytes], address: dict[int, bytes], photo: bytes) -> CardIdentity:
    """Who the files name.

    Raises:
        CardFault: the national number fails its check, a day is none, a text is not UTF-8, the photo no JPEG.
    """
    written = {tag: text(person.get(tag, b""), "utf-8") for tag in _TEXTS}
    lives = {tag: text(address.get(tag, b""), "utf-8") for tag in (_STREET, _ZIP, _TOWN)}
    number = identifiers.checked(NUMBER_KIND, written[_NUMBER])
    if number is None:
        raise CardFault("the national number fails its check")
    if written[_SEX] not in _SEXES:
        raise CardFault("a sex that is not known")
    if photo and not photo.startswith(_JPEG):
        raise CardFault("a photo that is no JPEG")
    town = " ".join(part for part in (lives[_ZIP], lives[_TOWN]) if part)
    return CardIdentity(
        kind=NUMBER_KIND,
        number=number,
        card=KIND.name,
        name=" ".join(part for part in (written[_GIVEN], written[_THIRD], written[_SURNAME]) if part),
        birth_date=birth_day(written[_BIRTH]),
        birth_place=written[_BIRTH_PLACE],
        sex=_SEXES[written[_SEX]],
        nationality=written[_NATIONALITY],
        address=", ".join(part for part in (lives[_STREET], town) if part),
        card_number=written[_CARD],
        issuer=written[_MUNICIPALITY],
        valid_from=validity_day(written[_FROM]),
        valid_until=validity_day(written[_UNTIL]),
        photo=photo,
    )


def validity_day(written: str) -> date | None:
    """``DD.MM.YYYY``; ``None`` for a blank field.

    Raises:
        CardFault: it is no day.
    """
    if not written:
        return None
    found = _VALIDITY.fullmatch(written)
    if found is None:
        raise CardFault("a day of validity that is no day")
    return _day(int(found[3]), int(found[2]), int(found[1]))


def birth_day(written: str) -> date | None:
    """The day, its month in words; ``None`` for a blank field, and for people of whom only the year is known.

    Raises:
        CardFault: it is no day, or its month is of no language of the country.
    """
    if not written or _BIRTH_YEAR_ONLY.fullmatch(written):
        return None
    found = _BIRTH_WRITTEN.fullmatch(unicodedata.normalize("NFC", written))
    if found is None:
        raise CardFault("a birth date that is no date")
    return _day(int(found[3]), month(found[2]), int(found[1]))


def month(word: str) -> int:
    """The month (1 to 12) that ``word`` means: a name of one in Dutch, French or German, or its first three letters or more.

    Raises:
        CardFault: it means none, or more than one (``JUI``).
    """
    letters = "".join(c for c in unicodedata.normalize("NFD", word.upper()) if not unicodedata.combining(c))
    meant = [at for at, names in enumerate(_MONTHS, 1) if any(name.startswith(letters) for name in names)]
    if len(letters) < _MONTH_LETTERS_MIN or len(meant) != 1:
        raise CardFault("a month that is not Dutch, French or German")
    return meant[0]


def _day(year: int, month_number: int, day_number: int) -> date:
    try:
        return date(year, month_number, day_number)
    except ValueError:
        # its text would quote the card's day
        raise CardFault("a day that is not in the calendar") from None


KIND = CardKind("be_eid", _suits, _read)
