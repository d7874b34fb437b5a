"""Certificates and private keys of the hub's authority as values: how they are made, and who issued whom."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from central_sync.fleet.files import replace
from central_sync.fleet.limits import AUTHORITY_DAYS, CLOCK_ALLOWANCE_S

AUTHORITY_NAME = "Pishkhan hub authority"


def make_authority(place: Path, now: datetime) -> None:
    """A new authority in the folder ``place``: key and certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTHORITY_NAME)])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(seconds=CLOCK_ALLOWANCE_S))
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    replace(place / "authority.key", private_pem(key), 0o600)
    replace(place / "authority.pem", certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def authority_in(place: Path) -> x509.Certificate | None:
    """The certificate in ``place``, if it is one that may issue others."""
    try:
        found = x509.load_pem_x509_certificate((place / "authority.pem").read_bytes())
        may = found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (OSError, ValueError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.InvalidVersion):
        return None
    return found if may else None


def issued_by(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether ``authority`` signed ``certificate``."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def leaf(
    subject: x509.Name, public: ec.EllipticCurvePublicKey | Ed25519PublicKey, purpose: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    """What every certificate has that issues none; ``purpose`` is the one thing that its key is good for."""
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def general_name(name: str) -> x509.GeneralName:
    """A host name or an address as a certificate names it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    """A private key as it stands in a file that only the hub's user may read."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
