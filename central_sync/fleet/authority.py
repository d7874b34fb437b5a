"""The hub's own certificate authority: it vouches for the hub to the edges, and for each edge to the hub.

Rules
    * Keys are ECDSA P-256, made here, in files that only the hub's user may read (0600); they never leave the folder.
    * An edge's key is made on the edge; the authority sees a signing request and takes from it the public key alone.
    * An edge's certificate names its institution twice, as common name and as URI; the sync port believes the URI.
    * Serial numbers are random. What was issued is written in the store by who asked for it, not here.
    * One authority follows another through a shadow slot (slots.py, handover.py): what issues is the one in use; what is believed is that
      one, the other one while there is one, and for a renewal whatever was in use before.

The folder holds ``authority.key``, ``authority.pem``, ``server.pem`` (key and certificate in one file, so that they change
together), ``names`` (one host name or address a line: what the server certificate is for), ``lock`` (held while files change),
``derived.key`` (once there was a second authority), what slots.py keeps and what signer.py keeps there.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central_sync.fleet.certificates import authority_in, general_name, issued_by, leaf, make_authority, private_pem
from central_sync.fleet.files import replace
from central_sync.fleet.limits import (
    CLOCK_ALLOWANCE_S,
    EDGE_CERTIFICATE_DAYS,
    SERVER_CERTIFICATE_DAYS,
    SERVER_RENEWAL_DAYS,
    SIGNER_CERTIFICATE_DAYS,
    SIGNING_REQUEST_CHARACTERS_MAX,
)
from central_sync.fleet.slots import Slots, Standing, StandingUnreadable
from central_sync.wire.handovers import name_of
from central_sync.wire.receipts import SIGNER_URI

ALWAYS_NAMES = ("localhost", "127.0.0.1")
INSTITUTION_URI = "urn:pishkhan:institution:"
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


class _Held(NamedTuple):
    """What was read: the authority in use, whom a client's certificate may be of (PEM), and who ever issued here."""

    place: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    trusted: str
    issuers: tuple[x509.Certificate, ...]
    secret: bytes
    mark: tuple[int, int, int]


class Authority:
    """The authority in ``folder``: the one in use, or the one in ``slot``. :meth:`open` reads it; nothing else touches the disk."""

    def __init__(self, folder: Path, slot: str | None = None) -> None:
        self.folder = folder
        self.slots = Slots(folder)
        self._slot = slot
        self._held: _Held | None = None

    @property
    def server_certificate(self) -> Path:
        """File of the server's private key and certificate (PEM)."""
        return self._place() / "server.pem"

    @property
    def authority_certificate(self) -> Path:
        """File of the authority's certificate (PEM)."""
        return self._place() / "authority.pem"

    @property
    def name(self) -> str:
        """How it is called among people and in reports."""
        return name_of(self.der())

    def create(self, names: Sequence[str], now: datetime) -> None:
        """Make what is missing: the authority once, and a server certificate for ``names`` beside localhost and 127.0.0.1.

        Called again it keeps the authority, adds the names, and makes a new server certificate if the names changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with self.locked():
            if not self.authority_certificate.exists():
                make_authority(self._place(), now)
            self.open()
            self.add_names(names, now)

    def add_names(self, names: Sequence[str], now: datetime) -> None:
        """Let the hub be known by ``names`` too: where that is news, new server certificates, of each authority here. Call it opened and locked."""
        wanted = list(dict.fromkeys([*ALWAYS_NAMES, *self.names(), *names]))
        if wanted == self.names() and self.server_certificate.exists():
            return
        replace(self.folder / "names", "".join(f"{n}\n" for n in wanted).encode(), 0o644)
        self.make_server_certificate(now)
        standing = self._standing()
        if self._slot is None and standing.shadow is not None:
            shadow = Authority(self.folder, standing.shadow)
            shadow.open()
            shadow.make_server_certificate(now)

    def open(self) -> None:
        """Read the authority; called again, what has become of it meanwhile.

        Raises:
            AuthorityMissing: there is none, or its files cannot be read.
        """
        mark = self._mark()
        standing = self._standing()
        place = self.slots.place(standing.current if self._slot is None else self._slot)
        key, certificate = _read(place)
        others = [one for one in (authority_in(self.slots.place(slot)) for slot in _others(standing)) if one]
        try:
            gone = [x509.load_der_x509_certificate(one.present) for one in self.slots.trail()]
        except (StandingUnreadable, ValueError) as error:
            raise AuthorityMissing(f"the trail in {self.folder} cannot be read: {error}") from error
        present = [certificate, *(one for one in others if one != certificate)]
        trusted = "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in present)
        self._held = _Held(place, key, certificate, trusted, (*present, *gone), self._secret(key), mark)

    def changed(self) -> bool:
        """Whether another process has changed what :meth:`open` read: its files, or which of them is in use."""
        return self._mark() != self._opened().mark

    def trusted(self) -> str:
        """The certificates (PEM) of whom an edge's own may be: the authority in use, and the other one while there is one."""
        return self._opened().trusted

    def der(self) -> bytes:
        """The authority's certificate in DER: what the enrolment code carries the fingerprint of."""
        return self._opened().certificate.public_bytes(serialization.Encoding.DER)

    def pem(self) -> str:
        """The authority's certificate in PEM."""
        return self._opened().certificate.public_bytes(serialization.Encoding.PEM).decode()

    def expires_at(self) -> datetime:
        """When the authority itself ends."""
        return self._opened().certificate.not_valid_after_utc

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
        names = self.names() or list(ALWAYS_NAMES)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pishkhan hub")])
        certificate = self._signed(
            leaf(subject, key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH).add_extension(
                x509.SubjectAlternativeName([general_name(n) for n in names]), critical=False
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
            leaf(subject, public, ExtendedKeyUsageOID.CLIENT_AUTH).add_extension(
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
        return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(self._opened().secret)

    def keep_derived(self) -> None:
        """Let :meth:`derived` go on giving the same when another authority is in use."""
        path = self.folder / "derived.key"
        if not path.exists():
            replace(path, self._opened().secret, 0o600)

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether this authority, the other one, or one before them signed ``certificate``."""
        return any(issued_by(one, certificate) for one in self._opened().issuers)

    def signs(self, certificate: x509.Certificate) -> bool:
        """Whether the very authority that is in use signed ``certificate``."""
        return issued_by(self._opened().certificate, certificate)

    def signature(self, text: bytes) -> bytes:
        """Its own signature over ``text``: ECDSA P-256 with SHA-256, DER."""
        return self._opened().key.sign(text, ec.ECDSA(hashes.SHA256()))

    def sign_signer(
        self, public: Ed25519PublicKey, now: datetime, days: int = SIGNER_CERTIFICATE_DAYS
    ) -> x509.Certificate:
        """A certificate for a key with which the hub signs receipts, roots and rulebooks, and which is good for nothing else."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pishkhan hub signer")])
        purpose = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SIGNER_URI)])
        return self._signed(leaf(subject, public, DOCUMENT_SIGNING).add_extension(purpose, critical=False), now, days)

    def _signed(self, builder: x509.CertificateBuilder, now: datetime, days: int) -> x509.Certificate:
        key, authority = self._opened().key, self._opened().certificate
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

    def names(self) -> list[str]:
        """The host names and addresses by which edges reach this hub."""
        try:
            return (self.folder / "names").read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return []

    def _place(self) -> Path:
        if self._held is not None:
            return self._held.place
        return self.slots.place(self._standing().current if self._slot is None else self._slot)

    def _standing(self) -> Standing:
        try:
            return self.slots.standing()
        except StandingUnreadable as error:
            raise AuthorityMissing(str(error)) from error

    def _secret(self, key: ec.EllipticCurvePrivateKey) -> bytes:
        try:
            return (self.folder / "derived.key").read_bytes()
        except FileNotFoundError:
            return key.private_numbers().private_value.to_bytes(32, "big")
        except OSError as error:
            raise AuthorityMissing(f"derived.key in {self.folder} cannot be read: {error.strerror}") from error

    def _mark(self) -> tuple[int, int, int]:
        """What tells one state of the files from another."""
        return self.slots.mark()

    def _opened(self) -> _Held:
        assert self._held is not None, "open() first"
        return self._held


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


def _others(standing: Standing) -> tuple[str, ...]:
    """The slots that are believed: that in use, and the other one."""
    return (standing.current,) if standing.shadow is None else (standing.current, standing.shadow)


def _read(place: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Key and certificate of the authority in the folder ``place``."""
    try:
        key = serialization.load_pem_private_key((place / "authority.key").read_bytes(), password=None)
        certificate = x509.load_pem_x509_certificate((place / "authority.pem").read_bytes())
    except FileNotFoundError as error:
        raise AuthorityMissing(f"no authority in {place}: run `pishkhan-hub init` first") from error
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a key and certificate in PEM"
        raise AuthorityMissing(f"the authority in {place} cannot be read: {reason}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityMissing(f"the authority's key in {place} is of a foreign kind")
    return key, certificate
