"""The hub's own certificate authority: it vouches for the hub to the edges, and for each edge to the hub.

Rules
    * Keys are ECDSA P-256, made here, in files that only the hub's user may read (0600); they never leave the folder.
    * An edge's key is made on the edge; the authority sees a signing request and takes from it the public key alone.
    * An edge's certificate names its institution twice, as common name and as URI; the sync port believes the URI.
    * Serial numbers are random. What was issued is written in the store by who asked for it, not here.

The folder holds ``authority.key``, ``authority.pem``, ``server.pem`` (key and certificate in one file, so that they change
together), ``names`` (one host name or address a line: what the server certificate is for), ``lock`` (held while files change), and what
signer.py keeps there.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central_sync.fleet.limits import (
    AUTHORITY_DAYS,
    CLOCK_ALLOWANCE_S,
    EDGE_CERTIFICATE_DAYS,
    SERVER_CERTIFICATE_DAYS,
    SERVER_RENEWAL_DAYS,
    SIGNER_CERTIFICATE_DAYS,
    SIGNING_REQUEST_CHARACTERS_MAX,
)
from central_sync.wire.receipts import SIGNER_URI

ALWAYS_NAMES = ("localhost", "127.0.0.1")
INSTITUTION_URI = "urn:pishkhan:institution:"
AUTHORITY_NAME = "Pishkhan hub authority"
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""RFC 9336: a key that signs documents, and opens no TLS connection."""


class AuthorityMissing(Exception):
    """The folder holds no usable authority; the text says what to do."""


class SigningRequestInvalid(ValueError):
    """The signing request is not PEM, not signed by its own key, or its key is not ECDSA P-256."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as it was given out: PEM, serial number in lower-case hexadecimal, first and last instant (UTC)."""

    certificate: str
    serial: str
    from_time: datetime
    to_time: datetime


class Authority:
    """The authority in ``folder``. :meth:`open` reads it; nothing else touches the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._certificate: x509.Certificate | None = None

    @property
    def server_certificate(self) -> Path:
        """File of the server's private key and certificate (PEM)."""
        return self.folder / "server.pem"

    @property
    def authority_certificate(self) -> Path:
        """File of the authority's certificate (PEM)."""
        return self.folder / "authority.pem"

    def create(self, names: Sequence[str], now: datetime) -> None:
        """Make what is missing: the authority once, and a server certificate for ``names`` beside localhost and 127.0.0.1.

        Called again it keeps the authority, adds the names, and makes a new server certificate if the names changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with self.locked():
            if not self.authority_certificate.exists():
                self._create_authority(now)
            self.open()
            wanted = list(dict.fromkeys([*ALWAYS_NAMES, *self._names(), *names]))
            if wanted != self._names() or not self.server_certificate.exists():
                replace(self.folder / "names", "".join(f"{n}\n" for n in wanted).encode(), 0o644)
                self.make_server_certificate(now)

    def open(self) -> None:
        """Read the authority.

        Raises:
            AuthorityMissing: there is none, or its files cannot be read.
        """
        try:
            key = serialization.load_pem_private_key((self.folder / "authority.key").read_bytes(), password=None)
            self._certificate = x509.load_pem_x509_certificate(self.authority_certificate.read_bytes())
        except FileNotFoundError as error:
            raise AuthorityMissing(f"no authority in {self.folder}: run `pishkhan-hub init` first") from error
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a key and certificate in PEM"
            raise AuthorityMissing(f"the authority in {self.folder} cannot be read: {reason}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise AuthorityMissing(f"the authority's key in {self.folder} is of a foreign kind")
        self._key = key

    def der(self) -> bytes:
        """The authority's certificate in DER: what the enrolment code carries the fingerprint of."""
        return self._opened()[1].public_bytes(serialization.Encoding.DER)

    def pem(self) -> str:
        """The authority's certificate in PEM."""
        return self._opened()[1].public_bytes(serialization.Encoding.PEM).decode()

    def expires_at(self) -> datetime:
        """When the authority itself ends."""
        return self._opened()[1].not_valid_after_utc

    def server_expires_at(self) -> datetime:
        """When the server certificate ends.

        Raises:
            AuthorityMissing: there is none.
        """
        try:
            return x509.load_pem_x509_certificate(self.server_certificate.read_bytes()).not_valid_after_utc
        except (OSError, ValueError) as error:
            raise AuthorityMissing(f"no server certificate in {self.folder}: run `pishkhan-hub init` again") from error

    def renew_server_certificate(self, now: datetime) -> bool:
        """Make a new server certificate if the present one has less than ``SERVER_RENEWAL_DAYS`` left; whether it did."""
        enough = timedelta(days=SERVER_RENEWAL_DAYS)
        if self.server_expires_at() - now >= enough:
            return False
        with self.locked():
            if self.server_expires_at() - now >= enough:  # another process was first
                return False
            self.make_server_certificate(now)
        return True

    def make_server_certificate(self, now: datetime, days: int = SERVER_CERTIFICATE_DAYS) -> None:
        """A new key and certificate for the hub's listeners, for the names in ``names``."""
        names = self._names() or list(ALWAYS_NAMES)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pishkhan hub")])
        certificate = self._signed(
            _leaf(subject, key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH).add_extension(
                x509.SubjectAlternativeName([_general_name(n) for n in names]), critical=False
            ),
            now,
            days,
        )
        both = private_pem(key) + certificate.public_bytes(serialization.Encoding.PEM)
        replace(self.server_certificate, both, 0o600)

    def sign_edge(
        self, signing_request: str, institution: str, now: datetime, days: int = EDGE_CERTIFICATE_DAYS
    ) -> Issued:
        """A client certificate for the edge of ``institution``; of the request only the public key counts.

        Raises:
            SigningRequestInvalid: see there.
        """
        public = requested_key(signing_request)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, institution)])
        certificate = self._signed(
            _leaf(subject, public, ExtendedKeyUsageOID.CLIENT_AUTH).add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(INSTITUTION_URI + institution)]),
                critical=False,
            ),
            now,
            days,
        )
        return Issued(
            certificate=certificate.public_bytes(serialization.Encoding.PEM).decode(),
            serial=f"{certificate.serial_number:x}",
            from_time=certificate.not_valid_before_utc,
            to_time=certificate.not_valid_after_utc,
        )

    def derived(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for ``purpose``, the same in every process that holds this authority; it tells nothing of the authority's own."""
        secret = self._opened()[0].private_numbers().private_value.to_bytes(32, "big")
        return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(secret)

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether this authority signed ``certificate``."""
        try:
            certificate.verify_directly_issued_by(self._opened()[1])
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True

    def sign_signer(
        self, public: Ed25519PublicKey, now: datetime, days: int = SIGNER_CERTIFICATE_DAYS
    ) -> x509.Certificate:
        """A certificate for a key with which the hub signs receipts, roots and rulebooks, and which is good for nothing else."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pishkhan hub signer")])
        purpose = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SIGNER_URI)])
        return self._signed(_leaf(subject, public, DOCUMENT_SIGNING).add_extension(purpose, critical=False), now, days)

    def _create_authority(self, now: datetime) -> None:
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
        replace(self.folder / "authority.key", private_pem(key), 0o600)
        replace(self.authority_certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)

    def _signed(self, builder: x509.CertificateBuilder, now: datetime, days: int) -> x509.Certificate:
        key, authority = self._opened()
        identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            builder.issuer_name(authority.subject)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=CLOCK_ALLOWANCE_S))
            .not_valid_after(min(now + timedelta(days=days), authority.not_valid_after_utc))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
            .sign(key, hashes.SHA256())
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else, in any process, changes the folder's files inside the block."""
        with (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _names(self) -> list[str]:
        try:
            return (self.folder / "names").read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []

    def _opened(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        assert self._key is not None, "open() first"
        assert self._certificate is not None, "open() first"
        return self._key, self._certificate


def named_in(der: bytes) -> tuple[str, str | None]:
    """``(serial, institution)`` of a client certificate (DER) that TLS has already verified; the institution is ``None`` if it
    names none.
    """
    certificate = x509.load_der_x509_certificate(der)
    serial = f"{certificate.serial_number:x}"
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return serial, None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    found = [uri.removeprefix(INSTITUTION_URI) for uri in uris if uri.startswith(INSTITUTION_URI)]
    return serial, found[0] if len(found) == 1 and found[0] else None


def requested_key(signing_request: str) -> ec.EllipticCurvePublicKey:
    """The public key that a signing request (PEM) asks to have certified.

    Raises:
        SigningRequestInvalid: see there.
    """
    if len(signing_request) > SIGNING_REQUEST_CHARACTERS_MAX:
        raise SigningRequestInvalid("the signing request is too long")
    try:
        request = x509.load_pem_x509_csr(signing_request.encode())
        own = request.is_signature_valid
        public = request.public_key()
    except (ValueError, UnsupportedAlgorithm, InvalidSignature, x509.InvalidVersion) as error:
        raise SigningRequestInvalid("not a signing request in PEM") from error
    if not own:
        raise SigningRequestInvalid("the signing request is not signed by its own key")
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise SigningRequestInvalid("the key must be ECDSA P-256")
    return public


def key_der(public: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as the store keeps it."""
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _leaf(
    subject: x509.Name, public: ec.EllipticCurvePublicKey | Ed25519PublicKey, purpose: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
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


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def private_pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    """A private key as it stands in a file that only the hub's user may read."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all; it never exists with wider rights than ``mode``, not for a moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
