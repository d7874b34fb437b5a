"""The simulator hub's signer: keys and certificates that are the same in every process, so that a test's programs agree.

The authority is of Ed25519 as well, for its signatures, and so its certificates, are the same each time they are made.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from central_sync.wire import receipts
from central_sync.wire.messages import Batch, BatchAnswer

_AUTHORITY = Ed25519PrivateKey.from_private_bytes(b"a".ljust(32))
_SIGNER = Ed25519PrivateKey.from_private_bytes(b"s".ljust(32))
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated authority")])


def _builder(key: Ed25519PrivateKey, name: x509.Name, number: int, *, ca: bool) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


AUTHORITY_PEM = _pem(_builder(_AUTHORITY, _NAME, 1, ca=True).sign(_AUTHORITY, None))
_CERTIFICATE = (
    _builder(_SIGNER, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulated signer")]), 2, ca=False)
    .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(receipts.SIGNER_URI)]), critical=False)
    .sign(_AUTHORITY, None)
)
SIGNERS_PEM = _pem(_CERTIFICATE)
SIGNER_NAME = receipts.signer_name(_CERTIFICATE.public_bytes(serialization.Encoding.DER))


def signed(batch: Batch, answer: BatchAnswer) -> BatchAnswer:
    """``answer`` with its receipt, as the hub would sign it."""
    covered = receipts.covered(batch.items, answer.answers) if not answer.code else []
    if not covered:
        return answer
    text = receipts.signed_text(batch.institution, batch.life, answer.hub_time, map(receipts.leaf, covered))
    return msgspec.structs.replace(answer, signer=SIGNER_NAME, signature=_SIGNER.sign(text))


def authority_file(folder: Path) -> Path:
    """The authority's certificate in a file, as an edge has it."""
    file = folder / "authority.pem"
    file.write_bytes(AUTHORITY_PEM)
    return file
