"""The face's own certificate, for when the hospital reaches us off loopback: self-signed, made on first use.

``DIR/face/key.pem`` (0600) and ``DIR/face/certificate.pem``. The HIS pins it: ``pishkhan-edge face-certificate`` prints it. It is made
again only when it is about to end or no longer covers the names and addresses that are configured.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from edge import files, platform
from edge.faces.limits import CERTIFICATE_DAYS, CERTIFICATE_DAYS_LEFT_MIN

FOLDER = "face"


def ensure(folder: Path, names: Iterable[str], now: datetime) -> Path:
    """The certificate (PEM) under data directory ``folder`` that covers ``names`` (host names and addresses), made if need be.

    Raises:
        OSError: it cannot be written.
        ValueError: a name is no host name.
    """
    home = folder / FOLDER
    path, wanted = home / "certificate.pem", sorted(set(names))
    if _covers(path, wanted, now) and (home / "key.pem").is_file():
        return path
    platform.private(home)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = self_signed(key, wanted, now)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files.replace(home / "key.pem", private)
    files.replace(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return path


def server_context(folder: Path) -> ssl.SSLContext:
    """TLS of the face with the certificate of :func:`ensure`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / FOLDER / "certificate.pem", folder / FOLDER / "key.pem")
    return context


def _covers(path: Path, names: list[str], now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    lasts = certificate.not_valid_after_utc - now > timedelta(days=CERTIFICATE_DAYS_LEFT_MIN)
    return lasts and set(map(_general_name, names)) <= set(held)


def self_signed(
    key: ec.EllipticCurvePrivateKey, names: Iterable[str], now: datetime, days: int = CERTIFICATE_DAYS
) -> x509.Certificate:
    """A certificate of ``key`` for ``names`` that vouches for itself."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Pishkhan edge")])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
