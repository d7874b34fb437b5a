"""PURE: a bank card (EMV), of which only the masked card number leaves this module: the first six digits and the last four.

The way: the directory of applications (PSE on contacts, PPSE without), or a list of known ones; SELECT; GET PROCESSING OPTIONS with a filled list of what the card asks
for, all zeros; the records that its file locator (AFL) names, until one holds the number (tag 5A) or track 2 (57).

The whole number is in no value that outlives :func:`masked`, in no fault and in no log. Holder, expiry and keys are not taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from stdnum import luhn

from edge.readers import Wanted
from edge.readers.cards import iso7816, tlv
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation, exchange
from edge.readers.cards.identity import CardIdentity

NAME = "emv"
PSE = bytes.fromhex("00A404000E315041592E5359532E444446303100")
PPSE = bytes.fromhex("00A404000E325041592E5359532E444446303100")
KNOWN = tuple(bytes.fromhex(aid) for aid in ("A0000000031010", "A0000000041010", "A00000002501", "A000000333010101"))
"""Visa, Mastercard, American Express, UnionPay."""
APPLICATIONS_MAX, DIRECTORY_RECORDS_MAX, RECORDS_MAX = 8, 10, 32
AID_BYTES = range(5, 17)
DOL_BYTES_MAX = 252
PAN_DIGITS = range(12, 20)
FIRST_DIGITS, LAST_DIGITS = 6, 4

_FCI, _PROPRIETARY, _DIRECTORY_SFI, _ISSUER_DATA, _ENTRY, _AID, _RECORD = 0x6F, 0xA5, 0x88, 0xBF0C, 0x61, 0x4F, 0x70
_PDOL, _FORMAT_1, _FORMAT_2, _AFL, _PAN, _TRACK_2 = 0x9F38, 0x80, 0x77, 0x94, 0x5A, 0x57


def masked(digits: str) -> str:
    """What may be known of a card number.

    Raises:
        CardFault: it is none (length, digits, Luhn); the fault does not quote it.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) in PAN_DIGITS and luhn.is_valid(digits)):
        raise CardFault("the card number fails its check")
    return digits[:FIRST_DIGITS] + "•" * (len(digits) - FIRST_DIGITS - LAST_DIGITS) + digits[-LAST_DIGITS:]


def read(_atr: bytes, _wanted: Wanted) -> Conversation[CardIdentity | None]:
    """The card's conversation.

    Raises:
        CardFault: a bank card that does not tell its number.
    """
    known = False
    for aid in (yield from _applications()):
        response = yield from exchange(iso7816.application(aid) + b"\x00")
        if not response.ok:
            continue
        known = True
        number = yield from _number(response.data)
        if number:
            return CardIdentity(kind="", number="", card=NAME, card_number=number)
    if known:
        raise CardFault("the bank card does not tell its number")
    return None


def _applications() -> Conversation[list[bytes]]:
    """The names of the applications that the card lists; those that are known, if it lists none."""
    listed: list[bytes] = []
    for directory in (PSE, PPSE):
        response = yield from exchange(directory)
        if not response.ok:
            continue
        listed += _entries(tlv.find(response.data, _FCI, _PROPRIETARY, _ISSUER_DATA) or b"")
        sfi = tlv.find(response.data, _FCI, _PROPRIETARY, _DIRECTORY_SFI)
        if sfi and 1 <= sfi[0] <= 10:
            for number in range(1, DIRECTORY_RECORDS_MAX + 1):
                record = yield from iso7816.read_record(number, sfi[0] << 3 | 4)
                if record is None:
                    break
                listed += _entries(tlv.find(record, _RECORD) or b"")
        if listed:
            break
    return listed[:APPLICATIONS_MAX] or list(KNOWN)


def _entries(data: bytes) -> list[bytes]:
    found = [tlv.find(value, _AID) for tag, value in tlv.objects(data) if tag == _ENTRY]
    return [aid for aid in found if aid and len(aid) in AID_BYTES]


def _number(fci: bytes) -> Conversation[str]:
    """The masked number of the chosen application; nothing if it will not tell."""
    filled = bytes(_dol_bytes(tlv.find(fci, _FCI, _PROPRIETARY, _PDOL) or b""))
    data = bytes([0x83, len(filled)]) + filled if len(filled) < 0x80 else bytes([0x83, 0x81, len(filled)]) + filled
    response = yield from exchange(bytes.fromhex("80A80000") + bytes([len(data)]) + data + b"\x00")
    if not response.ok:
        return ""
    found = _in_template(response.data)
    if found:
        return found
    for sfi, number in _records(response.data):
        record = yield from iso7816.read_record(number, sfi << 3 | 4)
        found = _in_template(record or b"")
        if found:
            return found
    return ""


def _dol_bytes(dol: bytes) -> int:
    """How many bytes a list of tags and lengths asks for."""
    place = total = 0
    while place < len(dol):
        _, place = tlv.read_tag(dol, place)
        if place >= len(dol):
            raise CardFault("a list of data objects without an end")
        total, place = total + dol[place], place + 1
    if total > DOL_BYTES_MAX:
        raise CardFault("the card asks for more data than a command holds")
    return total


def _records(options: bytes) -> Iterator[tuple[int, int]]:
    """File and number of each record that the answer to GET PROCESSING OPTIONS names."""
    plain = tlv.find(options, _FORMAT_1)
    locator = plain[2:] if plain is not None else tlv.find(options, _FORMAT_2, _AFL) or b""
    if len(locator) % 4:
        raise CardFault("a file locator that is not of fours")
    names = [
        (locator[at] >> 3, number)
        for at in range(0, len(locator), 4)
        for number in range(locator[at + 1], locator[at + 2] + 1)
    ]
    if len(names) > RECORDS_MAX:
        raise CardFault(f"a file locator of over {RECORDS_MAX} records")
    yield from ((sfi, number) for sfi, number in names if sfi in range(1, 31) and number)


def _in_template(data: bytes) -> str:
    """The masked number in a record or an answer; nothing if it is not there."""
    for template in (_RECORD, _FORMAT_2):
        pan = tlv.find(data, template, _PAN)
        if pan:
            return masked(pan.hex().rstrip("f"))
        track = tlv.find(data, template, _TRACK_2)
        if track:
            return masked(track.hex().partition("d")[0].rstrip("f"))
    return ""


KIND = CardKind(NAME, lambda _atr: False, read)
"""Any bank may choose the ATR."""
