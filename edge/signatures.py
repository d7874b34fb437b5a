"""PURE: who may sign for the hub, and whether a signature is theirs: certificates as bytes, and the authority that vouches for them.

A signer is an Ed25519 key in a certificate that the hub's authority issued for that purpose (URI ``urn:pishkhan:signer``). A signature holds if
the signer's certificate, and the authority's, were valid at the time that the signed text itself states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_sync.wire import receipts
from edge.errors import ReceiptInvalid

BUNDLE_CERTIFICATES_MAX = 256


@dataclass(frozen=True, slots=True)
class Signer:
    """One certificate of the hub's for signing: ``name`` is how answers call it; instants are aware UTC."""

    name: str
    key: Ed25519PublicKey
    from_time: datetime
    to_time: datetime
    certificate: bytes
    """PEM."""


def read(bundle: bytes, authority: bytes) -> dict[str, Signer]:
    """The signers among the certificates of ``bundle`` (PEM) that ``authority`` (PEM, one or several) vouches for, by name; all others are
    left out.

    Raises:
        ValueError: one of the two is no PEM.
    """
    roots = x509.load_pem_x509_certificates(authority)
    try:
        told = x509.load_pem_x509_certificates(bundle)
    except x509.InvalidVersion as error:
        raise ValueError("a certificate of another version") from error
    found = (_signer(one, root) for one in told[:BUNDLE_CERTIFICATES_MAX] for root in roots)
    return {one.name: one for one in found if one is not None}


def check(signers: Mapping[str, Signer], name: str, signature: bytes, text: bytes, at: datetime) -> None:
    """Whether the signer ``name`` signed ``text`` at ``at``.

    Raises:
        ReceiptInvalid: it did not, or is not known, or was not valid then.
    """
    signer = signers.get(name)
    if signer is None:
        raise ReceiptInvalid("the signer is not known" if name else "there is no signature")
    if not signer.from_time <= at <= signer.to_time:
        raise ReceiptInvalid("the signer's certificate was not valid at that time")
    try:
        signer.key.verify(signature, text)
    except InvalidSignature as error:
        raise ReceiptInvalid("the signature does not hold") from error


def issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether ``authority`` signed ``certificate``."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _signer(certificate: x509.Certificate, root: x509.Certificate) -> Signer | None:
    if not issued_by(certificate, root):
        return None
    try:
        key = certificate.public_key()
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if not isinstance(key, Ed25519PublicKey) or uris != [receipts.SIGNER_URI] or constraints.ca:
        return None
    return Signer(
        name=receipts.signer_name(certificate.public_bytes(serialization.Encoding.DER)),
        key=key,
        from_time=max(certificate.not_valid_before_utc, root.not_valid_before_utc),
        to_time=min(certificate.not_valid_after_utc, root.not_valid_after_utc),
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
    )
