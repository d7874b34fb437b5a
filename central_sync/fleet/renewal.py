"""New certificates for edges that the hub knows: each edge asks by itself, in time, and also when its time is over.

Rules
    * An edge renews with a new key each time. On the sync port TLS proves who asks; on the enrol port, where an edge comes whose
      certificate has ended while its line was down, the signing request bears a signature of the old key.
    * A certificate is renewed only if this authority or one that it followed issued it, the store knows it, it was not revoked, and it ended at most
      ``RENEWAL_LATE_DAYS_MAX`` days ago. Who was away for longer, or was revoked, is invited again by a person.
    * The new one stands in the line of the old: it holds the same enrolment's HID leases, and the old one is good for a while beside it.
    * At most ``RENEWALS_PER_DAY_MAX`` a day for one hospital. Everything is audited, refusals too.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.fleet.authority import Authority, SigningRequestInvalid, key_der, named_in, requested_key
from central_sync.fleet.limits import CERTIFICATES_LOOKED_AT_MAX, RENEWAL_LATE_DAYS_MAX, RENEWALS_PER_DAY_MAX
from central_sync.store import Store
from central_sync.store.records import Certificate
from central_sync.wire.enrolment import renewal_text
from central_sync.wire.limits import CERTIFICATE_CHARACTERS_MAX, SIGNATURE_BYTES_MAX, WIRE_VERSION
from central_sync.wire.messages import Renewal, Renewed
from central_sync.wire.refusals import Refused

_DAY = timedelta(days=1)
_LATE = timedelta(days=RENEWAL_LATE_DAYS_MAX)
_log = structlog.get_logger(__name__)


class Renewals:
    """The two ways to a new certificate. Synchronous, for worker threads; ``now`` is aware UTC."""

    def __init__(self, store: Store, authority: Authority) -> None:
        self._store = store
        self._authority = authority

    def renew(self, old: Certificate, request: Renewal, peer: str, now: datetime) -> Renewed:
        """A new certificate for the edge that showed ``old``, which the hub has admitted.

        Raises:
            Refused: ``packet_invalid`` (signing request), ``hub_busy`` (too many today).
        """
        try:
            public = requested_key(request.signing_request)
        except SigningRequestInvalid as error:
            raise Refused("packet_invalid", f"signing_request: {error}") from error
        with self._store.write() as uow:
            recent = [c for c in uow.certificates.of(old.institution) if c.issued_at > now - _DAY]
            if len(recent) >= RENEWALS_PER_DAY_MAX:
                raise Refused("hub_busy", "too many renewals today")
            issued = self._authority.sign_edge(request.signing_request, old.institution, now)
            uow.certificates.add(
                Certificate(
                    issued.serial,
                    old.institution,
                    issued.to_time,
                    now,
                    enrolled_at=old.since,
                    public_key=key_der(public),
                )
            )
            uow.audit.add(now, peer, "renewed", old.institution, f"certificate {issued.serial} after {old.serial}")
        return Renewed(version=WIRE_VERSION, certificate=issued.certificate, authority=self._authority.pem())

    def renew_ended(self, request: Renewal, peer: str, now: datetime) -> Renewed:
        """The same for an edge that cannot open a connection with its certificate any more, but still has its key.

        Raises:
            Refused: ``certificate_refused``, without a reason for the stranger it may be; else as :meth:`renew`.
        """
        old, reason = self._proven(request, now)
        if old is None:
            _log.warning("a renewal was refused", peer=peer, detail=reason)
            raise Refused("certificate_refused")
        return self.renew(old, request, peer, now)

    def _proven(self, request: Renewal, now: datetime) -> tuple[Certificate | None, str]:
        """The certificate whose key signed the request, or why it is not believed."""
        certificate = _read(request.certificate)
        if certificate is None or not self._authority.issued(certificate):
            return None, "not of this authority"
        serial, institution = named_in(certificate.public_bytes(serialization.Encoding.DER))
        if not _signed(certificate, request):
            return None, "not signed by its key"
        with self._store.read() as uow:
            kept = uow.certificates.get(serial)
        if kept is None or kept.institution != institution:
            return None, "unknown"
        if kept.public_key is not None and not hmac.compare_digest(kept.public_key, _key_of(certificate)):
            return None, "another key"
        if kept.revoked_at is not None:
            return None, "revoked"
        if now - kept.not_after > _LATE:
            return None, "ended too long ago"
        return kept, ""


def verifies(certificates: list[Certificate], signature: bytes, text: bytes) -> Certificate | None:
    """Which of ``certificates`` (the newest of them are looked at) bears the key that signed ``text``, if any."""
    for certificate in reversed(certificates[-CERTIFICATES_LOOKED_AT_MAX:]):
        if certificate.public_key is None:
            continue
        key = serialization.load_der_public_key(certificate.public_key)
        if isinstance(key, ec.EllipticCurvePublicKey) and _holds(key, signature, text):
            return certificate
    return None


def _read(pem: str) -> x509.Certificate | None:
    if len(pem) > CERTIFICATE_CHARACTERS_MAX:
        return None
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None


def _key_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _signed(certificate: x509.Certificate, request: Renewal) -> bool:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    return _holds(key, request.signature, renewal_text(request.signing_request))


def _holds(key: ec.EllipticCurvePublicKey, signature: bytes, text: bytes) -> bool:
    if len(signature) > SIGNATURE_BYTES_MAX:
        return False
    try:
        key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
