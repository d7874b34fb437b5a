"""PURE: the Iranian national smart card, as far as it goes without keys: a serial number and the signing certificate.

The personal data are behind keys that only the government's servers hold. So the identity has no number: ``card_number`` is the chip's serial, and the
national code is typed or scanned. The certificate's subject gives a name if it can be read; nobody has checked the certificate, so the name
only helps the clerk to see whose card it is.

The card manager that tells the serial, and most of the ATRs, are the chip maker's: half of Europe's cards have them too. A serial counts only if the
ATR is one that no others have, or the application of the certificate is there.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from edge.readers import Wanted
from edge.readers.cards import iso7816
from edge.readers.cards.card_kind import CardKind
from edge.readers.cards.conversation import CardFault, Conversation, exchange
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.texts import tidy

NAME = "ir_national"
ATRS = tuple(
    bytes.fromhex(start)
    for start in (
        "3B7F94000080318065B0850202ED120FFF829000",
        "3B7F96000080318065B0850300EF",
        "3BFF96",
        "3B781800000073C84013009000",
        "3B7D95",
        "3BDB97",
        "3BDB96",
    )
)
"""How their ATRs begin. Most of these begin other countries' cards and bank cards too: they only decide who asks first."""
OWN_ATR = bytes.fromhex("3B7F94000080318065B0850202ED120FFF829000")
OWN_MARK = b"IRN"
"""An ATR, and a mark in historical bytes, that no other cards are known to have."""
CARD_MANAGER = bytes.fromhex("00A4040008A000000018434D00")
LIFE_CYCLE = bytes.fromhex("80CA9F7F2D")
SERIAL = slice(8, 8 + 0x13)
CERTIFICATE_APPLICATION = bytes.fromhex("00A404000CA0000000180C000001634200")
CERTIFICATE_PATH = tuple(bytes.fromhex(c) for c in ("00A4000C023F00", "00A4010C025100", "00A4020C025040"))
CERTIFICATE_BYTES_MAX = 4096
_DER_HEADER_BYTES = 4
_DER_LONG_SEQUENCE = b"\x30\x82"


def read(atr: bytes, _wanted: Wanted) -> Conversation[CardIdentity | None]:
    """The card's conversation.

    Raises:
        CardFault: the card is one of these, and does not tell its serial.
    """
    serial = yield from _serial()
    own = atr == OWN_ATR or OWN_MARK in atr
    certified = yield from iso7816.select(CERTIFICATE_APPLICATION)
    if not certified and not (own and serial):
        return None
    name = _subject((yield from _certificate())) if certified else ""
    if not serial:
        raise CardFault("the card does not tell its serial")
    return CardIdentity(kind="", number="", card=NAME, name=name, card_number=serial)


def _serial() -> Conversation[str]:
    if not (yield from iso7816.select(CARD_MANAGER)):
        return ""
    response = yield from exchange(LIFE_CYCLE)
    serial = response.data[SERIAL]
    if not response.ok or len(serial) != SERIAL.stop - SERIAL.start or not any(serial):
        return ""
    return serial.hex().upper()


def _certificate() -> Conversation[bytes]:
    """The signing certificate in DER; nothing if it is not there or has no plausible length."""
    for command in CERTIFICATE_PATH:
        if not (yield from iso7816.select(command)):
            return b""
    try:
        header = yield from iso7816.read_exactly(0, _DER_HEADER_BYTES)
        length = _DER_HEADER_BYTES + int.from_bytes(header[2:])
        if header[:2] != _DER_LONG_SEQUENCE or length > CERTIFICATE_BYTES_MAX:
            return b""
        return header + (yield from iso7816.read_exactly(_DER_HEADER_BYTES, length - _DER_HEADER_BYTES))
    except CardFault:
        return b""  # the name is an extra: without it the serial still counts


def _subject(der: bytes) -> str:
    """The person's name in the certificate; nothing if the certificate is not one."""
    if not der:
        return ""
    try:
        subject = x509.load_der_x509_certificate(der).subject
        found = {attribute.oid: str(attribute.value) for attribute in subject}
    except (ValueError, TypeError, x509.InvalidVersion):
        return ""  # not a certificate: the name is an extra
    given, family = found.get(NameOID.GIVEN_NAME, ""), found.get(NameOID.SURNAME, "")
    return tidy(f"{given} {family}" if given or family else found.get(NameOID.COMMON_NAME, ""))


def _suits(atr: bytes) -> bool:
    return atr.startswith(ATRS) or OWN_MARK in atr


KIND = CardKind(NAME, _suits, read)
