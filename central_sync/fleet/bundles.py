"""Rulebooks under the hub's signature: sealed with its signer, and believed if any signer of its authority sealed them.

The statement's instant is never before the signer's certificate, so that whoever checks it years later finds both valid at that time.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_sync.benefits.compiled import Compiled
from central_sync.fleet.authority import Authority
from central_sync.fleet.signer import Signer
from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault, Head, Statement
from central_sync.wire.receipts import SIGNER_URI, signer_name


def sealed(
    signer: Signer, whole: Compiled, body: bytes, number: int, at: datetime, region: str = "", institution: str = ""
) -> bytes:
    """``body`` (of ``whole``, squeezed) with the signed statement before it; the same for the same arguments and signer."""
    statement = Statement(
        version=whole.version,
        law=whole.rulebook.version,
        audit=whole.audit.version,
        number=number,
        issued_at=max(at, signer.begins_at()),
        body_bytes=len(body),
        digest=bundles.digest(body),
        region=region,
        institution=institution,
    )
    signature = signer.sign(bundles.signed_text(statement))
    return bundles.sealed(
        Head(statement=statement, signer=signer.name, certificate=signer.certificate, signature=signature), body
    )


def believed(file: bytes, authority: Authority) -> tuple[Statement, bytes]:
    """What ``file`` says and its body, if it is whole, a signer of ``authority`` signed it, and it is a hub's own: for every hospital.

    Raises:
        BundleRefused: it is not.
    """
    head, body = bundles.opened(file)
    try:
        certificate = x509.load_pem_x509_certificate(head.certificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        key = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.InvalidVersion) as error:
        raise BundleRefused(Fault.STRANGER, "its certificate cannot be read") from error
    if not authority.issued(certificate):
        raise BundleRefused(Fault.STRANGER, "another authority")
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if uris != [SIGNER_URI] or not isinstance(key, Ed25519PublicKey):
        raise BundleRefused(Fault.STRANGER, "its certificate is for something else")
    if signer_name(certificate.public_bytes(serialization.Encoding.DER)) != head.signer:
        raise BundleRefused(Fault.STRANGER, "another signer's certificate")
    told = head.statement
    if not certificate.not_valid_before_utc <= told.issued_at <= certificate.not_valid_after_utc:
        raise BundleRefused(Fault.STRANGER, "its certificate was not valid at that time")
    try:
        key.verify(head.signature, bundles.signed_text(told))
    except InvalidSignature as error:
        raise BundleRefused(Fault.STRANGER, "the signature does not hold") from error
    if told.institution or told.region:
        raise BundleRefused(Fault.ELSEWHERE, told.institution or told.region)
    return told, body
