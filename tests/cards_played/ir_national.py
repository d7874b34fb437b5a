"""An Iranian national card without its keys: the chip's life cycle data, and the signing certificate in a file."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.cards_played.manners import LOCKED, NO_INSTRUCTION, NOT_FOUND, OK, PlayedCard, data_of

MANAGER = bytes.fromhex("A000000018434D00")
SIGNING = bytes.fromhex("A0000000180C000001634200")
SERIAL = bytes(range(0x41, 0x41 + 0x13))
PATH = (0x3F00, 0x5100, 0x5040)


@functools.cache
def certificate(given: str = "مریم", family: str = "نمونه") -> bytes:
    """A certificate of a made-up person, made once, in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "IR"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{given} {family} [Sign]"),
            x509.NameAttribute(NameOID.GIVEN_NAME, given),
            x509.NameAttribute(NameOID.SURNAME, family),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, "0499370899"),
        ]
        if given
        else [x509.NameAttribute(NameOID.COMMON_NAME, family)]
    )
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Made up CA")]))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    return built.public_bytes(Encoding.DER)


class Card(PlayedCard):
    """The card; ``der`` may be changed, or emptied for a card without the certificate's application."""

    atr = bytes.fromhex("3B7F94000080318065B0850202ED120FFF829000")

    def __init__(self) -> None:
        self.der = certificate()
        self.serial = SERIAL
        super().__init__()

    def reset(self) -> None:
        super().reset()
        self.aid, self.path = b"", ()

    def _answer(self, command: bytes) -> bytes:
        data = data_of(command)
        if command[1] == 0xA4 and command[2] == 0x04:
            known = [MANAGER, SIGNING] if self.der else [MANAGER]
            self.aid, self.path = (data if data in known else b""), ()
            return OK if self.aid else NOT_FOUND
        if command[1] == 0xA4 and self.aid == SIGNING:
            self.path = (*self.path, int.from_bytes(data))
            return OK if self.path == PATH[: len(self.path)] else NOT_FOUND
        if command[1] == 0xB0 and self.aid == SIGNING:
            if self.path != PATH:
                return LOCKED
            offset, wanted = int.from_bytes(command[2:4]), command[4] or 256
            if offset >= len(self.der):
                return bytes.fromhex("6B00")
            return self.der[offset : offset + wanted] + OK
        if command == bytes.fromhex("80CA9F7F2D") and self.aid == MANAGER:
            return (bytes.fromhex("9F7F2A") + bytes(5) + self.serial + bytes(18)) + OK
        if command[1] == 0xCA and self.aid == MANAGER:
            return bytes(21) + OK
        return NO_INSTRUCTION


class OtherMakersCard(Card):
    """The same card manager on a card that is none of these: another ATR, no certificate."""

    atr = bytes.fromhex("3B6500002063CBAB00")

    def __init__(self) -> None:
        super().__init__()
        self.der = b""
