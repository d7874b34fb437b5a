"""Who this edge is: its key and certificate, the hub's authority, and what the hub said of the hospital.

On disk, under ``DIR/identity/``: one folder for each enrolment, named by its moment, with ``key.pem`` (made here, mode 0600, never
sent), ``certificate.pem``, ``authority.pem`` and ``enrolment.json``; and ``current``, which leads to the one in use (a symbolic link, on Windows a
file with its name). It is exchanged last and atomically, so that a power cut leaves the old identity or the new one, whole (identity_folders.py).

``authority.pem`` holds whom TLS believes, the one first that the hub uses now; there are two while the hub goes from one authority to the
next (edge/anchors). ``evidence.pem`` holds all that were ever believed under this enrolment: what they signed is checked years later.

Enrolling trusts nobody first: the authority's certificate is fetched over a connection that proves nothing, held against
the fingerprint in the code, and only then is a connection made that it vouches for, on which the secret travels.
"""

from __future__ import annotations

import hmac
import http.client
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.terms.days import Calendar
from central_sync.wire import codec, enrolment, handovers
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Enrolment, EnrolRequest
from central_sync.wire.refusals import REFUSALS, Refused
from edge import identity_folders, platform
from edge.config import is_https
from edge.errors import EdgeError
from edge.signatures import issued_by

FOLDER = "identity"
CURRENT = identity_folders.CURRENT
EVIDENCE = "evidence.pem"
ENROL_TIMEOUT_S = 20
ANSWER_BYTES_MAX = 256 * 1024
_CHANGING = threading.Lock()
"""Held while the identity in use is read, changed and put back: its certificate and its authorities change apart."""


class NotEnrolled(EdgeError):
    """There is no usable identity; the text says what to do."""


class EnrolmentFailed(EdgeError):
    """The hub could not be reached, is not the one of the code, or refused; the text says which."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The edge, as enrolled. Paths are of PEM files; ``zone`` is an IANA name; ``enrol_url`` is where a certificate that has ended is
    renewed (empty in identities of the first version: they enrol again).
    """

    institution: str
    name: str
    zone: str
    currency: str
    calendar: str
    sync_url: str
    certificate: Path
    key: Path
    authority: Path
    valid_from: datetime
    valid_until: datetime
    enrol_url: str = ""
    issuer: str = ""
    """Who issued the certificate, as ``handovers.name_of`` calls it; empty: none of those that TLS believes."""
    of_present: bool = True
    """Whether that is the authority which the hub uses now, as far as we know."""

    @property
    def evidence(self) -> Path:
        """File of all authorities ever believed (PEM): who may have signed what is kept."""
        kept = self.authority.with_name(EVIDENCE)
        return kept if kept.exists() else self.authority

    @property
    def shown_in(self) -> Calendar:
        """The calendar in which days are shown; Gregorian, if this version does not know the one that the hub named."""
        return Calendar(self.calendar) if self.calendar in list(Calendar) else Calendar.GREGORIAN

    def days_left(self, now: datetime) -> int:
        """Whole days until the certificate ends; negative when it has."""
        return (self.valid_until - now).days


def load(folder: Path) -> Identity:
    """The identity under data directory ``folder``.

    Raises:
        NotEnrolled: there is none, or its files are damaged or unreadable.
    """
    current = _current(folder)
    if not current.exists():
        raise NotEnrolled(f"This edge is not enrolled. Type: pishkhan-edge --data {folder} enrol HUB_URL CODE")
    try:
        told = msgspec.json.decode((current / "enrolment.json").read_bytes(), type=Enrolment)
        certificate = x509.load_pem_x509_certificate((current / "certificate.pem").read_bytes())
        ZoneInfo(told.zone)
        if not (current / "key.pem").is_file():
            raise NotEnrolled(f"The identity in {current} has lost its key. Enrol again with a new code.")
    except (OSError, ValueError, ZoneInfoNotFoundError, msgspec.DecodeError) as error:
        raise NotEnrolled(f"The identity in {current} cannot be read ({type(error).__name__}). Enrol again.") from error
    issuer, of_present = _issuer(certificate, told.authority)
    return Identity(
        institution=told.institution,
        name=told.name,
        zone=told.zone,
        currency=told.currency,
        calendar=told.calendar,
        sync_url=told.sync_url,
        certificate=current / "certificate.pem",
        key=current / "key.pem",
        authority=current / "authority.pem",
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        enrol_url=told.enrol_url,
        issuer=issuer,
        of_present=of_present,
    )


def client_context(identity: Identity) -> ssl.SSLContext:
    """TLS as this edge: our certificate shown, the hub's checked against the authority and its host name.

    Raises:
        NotEnrolled: key or certificates cannot be loaded.
    """
    context = trusting(identity.authority.read_text())
    try:
        context.load_cert_chain(identity.certificate, identity.key)
    except (OSError, ssl.SSLError) as error:
        raise NotEnrolled("The identity's key and certificate do not belong together. Enrol again.") from error
    return context


def enrol(folder: Path, url: str, code: str, sync_url: str = "") -> Identity:
    """Become the edge of the hospital for which ``code`` was made, and keep the identity under ``folder``.

    Args:
        folder: the data directory.
        url: the hub's enrolment address, ``https://HOST:PORT``.
        code: as printed by ``pishkhan-hub invite``.
        sync_url: written instead of the hub's own, where the VPN gives it another address.

    Raises:
        EnrolmentFailed: see its text; the identity in use is untouched.
    """
    host, port = _target(url)
    if sync_url and not is_https(sync_url):
        raise EnrolmentFailed("The sync address is written https://HOST:PORT")
    try:
        secret, fingerprint = enrolment.read_code(code)
    except enrolment.CodeMistyped as error:
        raise EnrolmentFailed(f"The enrolment code cannot be used: {error}.") from error
    authority = _authority(host, port, fingerprint)
    key = ec.generate_private_key(ec.SECP256R1())
    request = EnrolRequest(
        version=WIRE_VERSION, secret=enrolment.secret_text(secret), signing_request=signing_request(key)
    )
    status, body = _exchange(host, port, trusting(authority), "POST", "/v1/enrol", codec.pack(request))
    if status != http.client.OK:
        raise EnrolmentFailed(f"The hub refused (HTTP {status}): {REFUSALS['enrolment_refused'].technician}")
    try:
        told = codec.unpack(body, Enrolment)
    except Refused as error:
        raise EnrolmentFailed("The hub's answer cannot be read; its version may be newer than ours.") from error
    _check_answer(told, key, authority)
    kept = msgspec.structs.replace(
        told, sync_url=sync_url or told.sync_url, enrol_url=told.enrol_url or f"https://{_written(host)}:{port}"
    )
    if not is_https(kept.sync_url):
        raise EnrolmentFailed("The hub's answer names no address to send to: enrol with a new code and --sync-url.")
    try:
        with _CHANGING:
            _store(folder, kept, _private(key), kept.authority)
    except OSError as error:
        raise EnrolmentFailed(f"The identity cannot be written under {folder}: {error.strerror}") from error
    return load(folder)


def replace_certificate(folder: Path, certificate: str, key: ec.EllipticCurvePrivateKey) -> Identity:
    """Put a renewed certificate (PEM) and its key in use; everything else stays as it is.

    Raises:
        OSError: it cannot be written; the identity in use is untouched.
        NotEnrolled: the identity in use has lost its file.
    """
    with _CHANGING:
        told = _told(folder)
        kept = _evidence(folder, told)
        _store(folder, msgspec.structs.replace(told, certificate=certificate), _private(key), kept)
        return load(folder)


def replace_authorities(folder: Path, authorities: Sequence[bytes]) -> Identity:
    """Let TLS believe ``authorities`` (DER) alone, of which the hub uses the first; key, certificate and evidence stay.

    Raises:
        OSError: it cannot be written; the identity in use is untouched.
        NotEnrolled: the identity in use has lost a file.
    """
    assert authorities, "an edge that believes nobody has no hub"
    with _CHANGING:
        told = _told(folder)
        fresh = "".join(ssl.DER_cert_to_PEM_cert(one) for one in authorities)
        evidence = _united(_evidence(folder, told), fresh)
        key = (_current(folder) / "key.pem").read_bytes()
        _store(folder, msgspec.structs.replace(told, authority=fresh), key, evidence)
        return load(folder)


def evidence(folder: Path) -> Path:
    """The file of all authorities ever believed by whatever identity is in use at the moment."""
    current = _current(folder)
    return current / EVIDENCE if (current / EVIDENCE).exists() else current / "authority.pem"


def believed(authority: str) -> list[bytes]:
    """The certificates (DER) in a file of authorities (PEM), in their order.

    Raises:
        ValueError: it holds none.
    """
    found = x509.load_pem_x509_certificates(authority.encode())
    return [one.public_bytes(serialization.Encoding.DER) for one in found]


def _current(folder: Path) -> Path:
    """The folder of the identity in use; what was loaded from it stays itself when another one is taken up."""
    return platform.pointed(folder / FOLDER / CURRENT)


def _told(folder: Path) -> Enrolment:
    """What the identity in use was told."""
    try:
        return msgspec.json.decode((_current(folder) / "enrolment.json").read_bytes(), type=Enrolment)
    except msgspec.DecodeError as error:
        raise NotEnrolled("The identity's files are damaged. Enrol again.") from error


def _evidence(folder: Path, told: Enrolment) -> str:
    try:
        return (_current(folder) / EVIDENCE).read_text()
    except FileNotFoundError:
        return told.authority


def _united(kept: str, fresh: str) -> str:
    """All authorities of both, each once."""
    return "".join(ssl.DER_cert_to_PEM_cert(one) for one in dict.fromkeys([*believed(kept), *believed(fresh)]))


def _issuer(certificate: x509.Certificate, authority: str) -> tuple[str, bool]:
    """Who of ``authority`` (PEM) issued ``certificate``, and whether that is the first."""
    try:
        roots = x509.load_pem_x509_certificates(authority.encode())
    except ValueError:
        return "", True
    for place, root in enumerate(roots):
        if issued_by(certificate, root):
            return handovers.name_of(root.public_bytes(serialization.Encoding.DER)), place == 0
    return "", False


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _target(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError as error:
        raise EnrolmentFailed("The hub's address is written https://HOST:PORT") from error
    if parts.scheme != "https" or not host:
        raise EnrolmentFailed("The hub's address is written https://HOST:PORT")
    return host, port


def _authority(host: str, port: int, fingerprint: bytes) -> str:
    """The authority's certificate (PEM), once it is known to be the one that the code means."""
    status, body = _exchange(host, port, stranger(), "GET", "/v1/authority", b"")
    if status != http.client.OK:
        raise EnrolmentFailed(f"There is no hub's enrolment at that address (HTTP {status}).")
    try:
        der = x509.load_pem_x509_certificate(body).public_bytes(serialization.Encoding.DER)
    except ValueError as error:
        raise EnrolmentFailed("What answers at that address is no hub.") from error
    if not hmac.compare_digest(enrolment.fingerprint(der), fingerprint):
        raise EnrolmentFailed(
            "The hub at that address is not the one that made the code, or someone stands between. Nothing was sent."
        )
    return ssl.DER_cert_to_PEM_cert(der)


def _exchange(host: str, port: int, context: ssl.SSLContext, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(host, port, timeout=ENROL_TIMEOUT_S, context=context)
    try:
        connection.request(method, path, body or None, {"Content-Type": codec.CONTENT_TYPE} if body else {})
        answer = connection.getresponse()
        content = answer.read(ANSWER_BYTES_MAX + 1)
    except ssl.SSLCertVerificationError as error:
        raise EnrolmentFailed(f"The hub's certificate does not hold: {error.verify_message}.") from error
    except (OSError, http.client.HTTPException) as error:
        raise EnrolmentFailed(f"The hub at {host}:{port} cannot be reached ({type(error).__name__}).") from error
    finally:
        connection.close()
    if len(content) > ANSWER_BYTES_MAX:
        raise EnrolmentFailed("What answers at that address is no hub.")
    return answer.status, content


def trusting(authority: str) -> ssl.SSLContext:
    """A TLS context that believes ``authority`` (PEM) alone and shows no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=authority)
    return context


def stranger() -> ssl.SSLContext:
    """A TLS context that believes whoever answers: for what proves itself, by a fingerprint or by a signature, and for nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def signing_request(key: ec.EllipticCurvePrivateKey) -> str:
    """A request that names nobody: the hub decides who we are."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pishkhan-edge")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def _check_answer(told: Enrolment, key: ec.EllipticCurvePrivateKey, authority: str) -> None:
    try:
        certificate = x509.load_pem_x509_certificate(told.certificate.encode())
        same_authority = x509.load_pem_x509_certificate(told.authority.encode()) == x509.load_pem_x509_certificate(
            authority.encode()
        )
    except ValueError as error:
        raise EnrolmentFailed("The hub's answer holds no certificate.") from error
    if certificate.public_key() != key.public_key() or not same_authority:
        raise EnrolmentFailed("The hub's answer is for another key or from another authority.")


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def clear(folder: Path) -> None:
    """Remove what was begun under data directory ``folder`` and never finished."""
    identity_folders.clear(folder / FOLDER)


def _store(folder: Path, told: Enrolment, key: bytes, evidence: str) -> None:
    content = {
        "key.pem": key,
        "certificate.pem": told.certificate.encode(),
        "authority.pem": told.authority.encode(),
        EVIDENCE: evidence.encode(),
        identity_folders.LAST: msgspec.json.encode(told),
    }
    identity_folders.store(folder / FOLDER, content)
