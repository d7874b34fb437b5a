"""PURE: the Taiwan health insurance (NHI) card: 57 bytes that are readable without a key.

Cards from 2025 on refuse the SELECT and answer the READ all the same: so SELECT is an attempt, and READ decides. Card number (12), name (20, Big5), number (10),
birth date (7, ROC), sex (1), issue date (7, ROC).
"""

from __future__ import annotations

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.cards import dates, iso7816
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation, exchange
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.texts import text, tidy

NAME = "tw_nhi"
PERSON = "tw_national_id"
APPLICATION = bytes.fromhex("00A4040010D158000001000000000000000000001100")
READ = bytes.fromhex("00CA1100020000")
DATA_BYTES = 57
CARD, HOLDER, NUMBER, BORN, SEX, ISSUED = (slice(*ends) for ends in ((0, 12), (12, 32), (32, 42), (42, 49), (49, 50), (50, 57)))  # fmt: skip
SEXES = {"M": "male", "F": "female"}
_MARKS = (b"SLJ52G", b"THCC10")
"""Historical bytes of two makers' cards; others have what their chip came with, and are found by asking."""
UNKNOWN_CHARACTER = "〓"
"""The printers' mark for a character that is not in the case. Rare characters of names lie where each office has its own table."""


def read(_atr: bytes, _wanted: Wanted) -> Conversation[CardIdentity | None]:
    """The card's conversation.

    Raises:
        CardFault: the data are not 57 bytes, though the card took the SELECT; a number or a date that fails its check.
    """
    taken = yield from iso7816.select(APPLICATION)
    response = yield from exchange(READ)
    data = response.data
    if not response.ok or len(data) != DATA_BYTES:
        if taken:
            raise CardFault(f"READ was answered {response.status:04X} with {len(data)} bytes")
        return None
    number = identifiers.checked(PERSON, text(data[NUMBER]))
    if number is None:
        raise CardFault("the person's number fails its check")
    return CardIdentity(
        kind=PERSON,
        number=number,
        card=NAME,
        name=_big5(data[HOLDER]),
        birth_date=dates.birth_day(text(data[BORN]), dates.ROC),
        sex=SEXES.get(text(data[SEX]), ""),
        card_number=text(data[CARD]),
        valid_from=dates.day(text(data[ISSUED]), dates.ROC),
    )


def _big5(field: bytes) -> str:
    """The text of a Big5 field that NULs fill up; a character of nobody's table is shown as :data:`UNKNOWN_CHARACTER`."""
    field, decoded, place = field.split(b"\0")[0], "", 0
    while place < len(field):
        width = 1 if field[place] < 0x80 else 2
        character = field[place : place + width]
        try:
            decoded += character.decode("cp950")
        except UnicodeDecodeError:
            if len(character) < 2 or not (0x40 <= character[1] <= 0x7E or 0xA1 <= character[1] <= 0xFE):
                # its text would quote the card's bytes
                raise CardFault("a name that is not Big5") from None
            decoded += UNKNOWN_CHARACTER
        place += width
    return tidy(decoded)


def _suits(atr: bytes) -> bool:
    return any(mark in atr for mark in _MARKS)


KIND = CardKind(NAME, _suits, read)
