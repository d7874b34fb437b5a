"""PURE: the German health card (elektronische Gesundheitskarte): personal and insurance data, which need no key.

The master file holds EF.GDO (the card's number), the folder HCA holds StatusVD, PD and VD. PD and VD are XML in ISO-8859-15, packed with gzip; PD says
its length in two bytes, VD says where it begins and where its last byte is. The schema is VSD 5.2; cards of generation 1 have 5.1, which
differs in namespaces alone as far as we read. Protected data (GVD) lie in another file, behind a key: they are not asked for.

While a Konnektor writes, StatusVD says that an update is open, and the files do not fit each other. Sources: gematik, Schema_VSD.xsd and the card's
object system; OpenSCDP.
"""

from __future__ import annotations

import zlib

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.cards import dates, strict_xml, tlv
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation, exchange
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.cards.iso7816 import read_exactly, select
from edge.readers.cards.strict_xml import Document
from edge.readers.cards.texts import tidy

NUMBER_KIND = "de_kvnr"
ATR_STARTS = tuple(
    bytes.fromhex(start)
    for start in ("3BD096FF81B1FE45", "3BD097FF81B1FE45", "3BD396FF81B1FE45", "3BD397FF81B1FE45", "3BDD96FF81B1FE45", "3BDD97FF81B1FE45", "3B858001300101")
)  # fmt: skip
"""Cards of health professionals begin likewise: this only decides who asks first."""

_MASTER = bytes.fromhex("00A4040C07D2760001448000")
_HCA = bytes.fromhex("00A4040C06D27600000102")
_GDO = bytes.fromhex("00B0820000")
_STATUS_VD = bytes.fromhex("00B08C0000")
_PD_HEAD, _PD_HEAD_BYTES = bytes.fromhex("00B0810002"), 2
_VD_HEAD, _VD_HEAD_BYTES = bytes.fromhex("00B0820008"), 8

PACKED_BYTES_MAX = 4_096
"""Of PD or VD; the files hold 850 and 1250."""
_ABSENT = 0xFFFF
_UPDATE_OPEN = b"1"
_ICCSN_TAG, _ICCSN_BYTES = 0x5A, 10
_GZIP = 31
"""zlib's word for: a gzip header, and the trailer's check."""
_ENCODING = "iso-8859-15"
_PERSON_ROOT = "UC_PersoenlicheVersichertendatenXML"
_INSURANCE_ROOT = "UC_AllgemeineVersicherungsdatenXML"
_SEXES = {"M": "male", "W": "female", "X": "other", "D": "other", "": ""}


def _suits(atr: bytes) -> bool:
    return atr.startswith(ATR_STARTS)


def _read(_atr: bytes, _wanted: Wanted) -> Conversation[CardIdentity | None]:
    if not (yield from select(_MASTER)):
        return None
    gdo = yield from exchange(_GDO)
    if not (yield from select(_HCA)):
        return None  # a doctor's or an institution's card: the same master file, no insured person
    status = yield from exchange(_STATUS_VD)
    if status.ok and status.data[:1] == _UPDATE_OPEN:
        raise CardFault("an update of the card's data was begun and not ended")
    head = yield from exchange(_PD_HEAD)
    if not head.ok or len(head.data) != _PD_HEAD_BYTES:
        raise CardFault(f"EF.PD was answered {head.status:04X}")
    packed = yield from _packed(_PD_HEAD_BYTES, int.from_bytes(head.data))
    person = strict_xml.parsed(inflated(packed), _ENCODING)
    insurance = yield from _read_insurance()
    return identity(person, insurance, iccsn(gdo.data) if gdo.ok else "")


def _read_insurance() -> Conversation[Document | None]:
    """VD; ``None`` if the card has none, or keeps it to itself."""
    head = yield from exchange(_VD_HEAD)
    if not head.ok:
        return None
    if len(head.data) != _VD_HEAD_BYTES:
        raise CardFault("EF.VD is shorter than its offsets")
    start, end = int.from_bytes(head.data[:2]), int.from_bytes(head.data[2:4])
    if _ABSENT in (start, end):
        return None
    if start < _VD_HEAD_BYTES or end < start:
        raise CardFault("the offsets in EF.VD cannot be")
    packed = yield from _packed(start, end - start + 1)
    return strict_xml.parsed(inflated(packed), _ENCODING)


def _packed(start: int, length: int) -> Conversation[bytes]:
    if not 0 < length <= PACKED_BYTES_MAX:
        raise CardFault(f"a container of {length} bytes; it holds 1 to {PACKED_BYTES_MAX}")
    return (yield from read_exactly(start, length))


def inflated(packed: bytes) -> bytes:
    """What the gzip stream at the beginning of ``packed`` holds; what follows it is padding.

    Raises:
        CardFault: it is none, it is cut off, its check fails, or it would grow beyond ``strict_xml.XML_BYTES_MAX``.
    """
    unpacking = zlib.decompressobj(wbits=_GZIP)
    try:
        data = unpacking.decompress(packed, strict_xml.XML_BYTES_MAX + 1)
    except zlib.error:
        # its text says nothing that ours does not
        raise CardFault("a container that is no gzip, or whose check fails") from None
    if len(data) > strict_xml.XML_BYTES_MAX:
        raise CardFault(f"a container that grows beyond {strict_xml.XML_BYTES_MAX} bytes")
    if not unpacking.eof:
        raise CardFault("a container that is cut off")
    return data


def iccsn(gdo: bytes) -> str:
    """The card's number in EF.GDO: twenty digits; empty if the file has none.

    Raises:
        CardFault: the file is not what it should be.
    """
    number = tlv.find(gdo, _ICCSN_TAG)
    if number is None:
        return ""
    digits = dates.bcd(number)
    if len(number) != _ICCSN_BYTES or not digits.isdigit():
        raise CardFault("a card number that is not twenty digits")
    return digits


def identity(person: Document, insurance: Document | None, card_number: str) -> CardIdentity:
    """Who the two documents name.

    Raises:
        CardFault: they are not PD and VD, or the insured person's number fails its check, or a date is none.
    """
    if person.root != _PERSON_ROOT:
        raise CardFault("EF.PD holds another document")
    written = person.text("Versicherter/Versicherten_ID")
    number = identifiers.checked(NUMBER_KIND, written)
    if written and number is None:
        raise CardFault("the insured person's number fails its check")
    sex = person.text("Versicherter/Person/Geschlecht")
    if sex not in _SEXES:
        raise CardFault("a sex that the schema does not know")
    return CardIdentity(
        kind=NUMBER_KIND if number else "",
        number=number or "",
        card=KIND.name,
        name=_joined(person, "Versicherter/Person/", "Titel", "Vorname", "Namenszusatz", "Vorsatzwort", "Nachname"),
        birth_date=dates.birth_day(person.text("Versicherter/Person/Geburtsdatum")),
        sex=_SEXES[sex],
        address=_address(person),
        card_number=card_number,
        insurance=None if insurance is None else _insurance(insurance, number or ""),
    )


def _joined(document: Document, under: str, *names: str) -> str:
    return tidy(" ".join(document.text(under + name) for name in names))


def _address(person: Document) -> str:
    """Where the person lives, or else the post-office box."""
    under = "Versicherter/Person/StrassenAdresse/"
    first = [_joined(person, under, "Strasse", "Hausnummer"), _joined(person, under, "Anschriftenzusatz")]
    if not person.has(under[:-1]):
        under = "Versicherter/Person/PostfachAdresse/"
        box = _joined(person, under, "Postfach")
        first = [f"Postfach {box}" if box else ""]
    country = _joined(person, under + "Land/", "Wohnsitzlaendercode")
    parts = [*first, _joined(person, under, "Postleitzahl", "Ort"), country]
    return ", ".join(part for part in parts if part)


def _insurance(document: Document, number: str) -> Insurance:
    if document.root != _INSURANCE_ROOT:
        raise CardFault("EF.VD holds another document")
    cover = "Versicherter/Versicherungsschutz/"
    return Insurance(
        payer=_joined(document, cover + "Kostentraeger/", "Kostentraegerkennung"),
        payer_name=_joined(document, cover + "Kostentraeger/", "Name"),
        member_number=number,
        category=_joined(document, "Versicherter/Zusatzinfos/ZusatzinfosGKV/", "Versichertenart"),
        begins=dates.day(document.text(cover + "Beginn")),
        ends=dates.day(document.text(cover + "Ende")),
    )


KIND = CardKind("de_egk", _suits, _read)
