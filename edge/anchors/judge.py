"""PURE: whether a word about the hub's authorities is believed, and whether what it names can be an authority at all: bytes and ``now``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.wire.handovers import Fault, HandoverRefused, State, name_of, sane, text_of
from central_sync.wire.messages import Handover

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
DONE = (State.SWITCHED, State.RETIRED)
"""Words that an edge may follow which knows the authority that goes alone."""


def believed(word: Handover, trusted: Sequence[bytes]) -> None:
    """Whether an authority that is ``trusted`` (DER) said ``word``.

    Raises:
        HandoverRefused: none of them did.
    """
    if not sane(word):
        raise HandoverRefused(Fault.UNSIGNED)
    if word.present not in trusted:
        raise HandoverRefused(Fault.STRANGER)
    try:
        public = x509.load_der_x509_certificate(word.present).public_key()
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise HandoverRefused(Fault.UNSIGNED)
        public.verify(word.signature, text_of(word), ec.ECDSA(hashes.SHA256()))
    except (*_UNREADABLE, InvalidSignature) as error:
        raise HandoverRefused(Fault.UNSIGNED) from error


def able(authority: bytes, now: datetime) -> None:
    """Whether ``authority`` (DER) is one that this edge could believe at ``now``.

    Raises:
        HandoverRefused: it is not.
    """
    try:
        found = x509.load_der_x509_certificate(authority)
        public = found.public_key()
        begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    except _UNREADABLE as error:
        raise HandoverRefused(Fault.UNREADABLE) from error
    if not _may_issue(found):
        raise HandoverRefused(Fault.NONE)
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise HandoverRefused(Fault.KEY)
    if now < begins:
        raise HandoverRefused(Fault.EARLY)
    if now >= ends:
        raise HandoverRefused(Fault.ENDED)


def followed(trail: Sequence[Handover], trusted: Sequence[bytes]) -> tuple[Handover, ...]:
    """The words of ``trail`` by which one comes from what is ``trusted`` (DER) to the hub's present authority, in their order.

    Raises:
        HandoverRefused: somebody signed a word of the way who may not.
    """
    known, way = list(trusted), []
    for word in sorted(trail, key=lambda one: one.number):
        if word.state not in DONE or word.present not in known:
            continue
        believed(word, known)
        known.append(word.following)
        way.append(word)
    return tuple(way)


def ordered(word: Handover, issuer: str) -> list[bytes]:
    """Whom TLS is to believe after ``word``, whose next authority is proven (unless it is withdrawn), the one first that the hub uses.
    ``issuer``: the name of whoever issued the edge's own certificate; the old one is kept while it is that.
    """
    present, following = word.present, word.following
    if word.state == State.WITHDRAWN:
        return [present]
    if word.state == State.ANNOUNCED:
        return [present, following]
    if word.state == State.RETIRED and issuer == name_of(following):
        return [following]
    return [following, present]


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        certificate.verify_directly_issued_by(certificate)
    except (*_UNREADABLE, InvalidSignature, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
    return constraints.ca and usage.key_cert_sign
