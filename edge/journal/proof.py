"""PURE: a proof of one transaction that stands by itself: what it holds, and how anybody checks it without a journal and without the line.

A proof (JSON; bytes in base64) holds, of one transaction and of nobody else's:

1. the journal's record of it and the record's salt; their leaf stands among the leaves of its segment (the others are hashes that tell nothing),
   and these make the segment's link in the chain;
2. the path from that link to the root of its day, which the edge signed and the hub countersigned (missing while the day has not ended);
3. the hub's answer, its place among the leaves of the receipt of its batch, and the hub's signature over that receipt (missing while it is open);
4. the certificates: the edge's, the hub's signers', and the authority's that issued them.

Who checks it has to know one thing from elsewhere: that the authority (its fingerprint is told) is the hub's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec import Struct

from central_sync.wire import codec, receipts, roots
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import DayRoot, ItemAnswer
from central_sync.wire.refusals import Refused
from edge.journal import days
from edge.journal import records as r
from edge.signatures import issued_by

PROOF_VERSION = 1
PROOF_BYTES_MAX = 4 * 1024 * 1024
INSTITUTION_URI = "urn:pishkhan:institution:"
_LEAF = hashlib.sha256().digest_size


class SegmentProof(Struct, frozen=True, kw_only=True):
    """The segment of the record: its header, the link before it, and the leaves of all its records, concatenated."""

    first: int
    count: int
    at: int
    key: int
    before: bytes
    leaves: bytes


class AnswerProof(Struct, frozen=True, kw_only=True):
    """The hub's answer in MessagePack and the receipt of its batch; ``place``: where in the leaves it stands."""

    item: bytes
    signer: str
    signature: bytes
    hub_time: datetime
    life: bytes
    leaves: bytes
    place: int


class RootProof(Struct, frozen=True, kw_only=True):
    """The day's root as both sides signed it, and the path to it. ``certificate``: the edge's, PEM."""

    day: date
    life: bytes
    first: int
    last: int
    root: bytes
    path: list[days.Step]
    signature: bytes
    certificate: str
    signer: str
    countersignature: bytes
    signed_at: datetime


class Proof(Struct, frozen=True, kw_only=True):
    """See the module's text. ``signers``: the hub's certificates (PEM) by name."""

    version: int
    institution: str
    msgid: str
    seq: int
    record: bytes
    salt: bytes
    segment: SegmentProof
    answer: AnswerProof | None
    root: RootProof | None
    signers: dict[str, str]
    authority: str


class Finding(NamedTuple):
    """One thing that was checked. ``well`` is ``None`` where the proof says nothing yet."""

    part: str
    well: bool | None
    sentence: str


class Unproven(Exception):
    """A part of a proof does not hold; the text says which."""


class ProofUnreadable(Exception):
    """The file is no proof."""


def read(text: bytes) -> Proof:
    """The proof in ``text``.

    Raises:
        ProofUnreadable: it is none, or of a newer version.
    """
    if len(text) > PROOF_BYTES_MAX:
        raise ProofUnreadable("the file is too large to be a proof")
    try:
        found = msgspec.json.decode(text, type=Proof)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProofUnreadable("the file is no proof") from error
    if found.version != PROOF_VERSION:
        raise ProofUnreadable(f"the proof has version {found.version}; this program reads {PROOF_VERSION}")
    return found


def check(proof: Proof, fingerprint: str = "") -> list[Finding]:
    """Every part of ``proof`` and whether it holds. ``fingerprint``: the authority's, SHA-256 in hexadecimal, if it is known from
    elsewhere; several with commas between, for a proof over a change of the authority.
    """
    parts: tuple[tuple[str, Callable[[], tuple[bool | None, str]]], ...] = (
        ("authority", lambda: _authority_told(proof, fingerprint)),
        ("transaction", lambda: _transaction(proof)),
        ("place", lambda: _place(proof)),
        ("day root", lambda: _root(proof)),
        ("answer", lambda: _answer(proof)),
    )
    found = []
    for part, look in parts:
        try:
            well, sentence = look()
        except Unproven as error:
            well, sentence = False, str(error)
        except (
            ValueError,
            TypeError,
            IndexError,
            OverflowError,
            AssertionError,
            UnsupportedAlgorithm,
            msgspec.DecodeError,
        ) as error:
            well, sentence = False, f"cannot be read ({type(error).__name__})"
        found.append(Finding(part, well, sentence))
    return found


def holds(findings: list[Finding]) -> bool:
    """Whether nothing was found that does not hold."""
    return all(finding.well is not False for finding in findings)


def fingerprints_of(authority: str) -> list[str]:
    """SHA-256 of each certificate in ``authority`` (PEM), in hexadecimal."""
    found = x509.load_pem_x509_certificates(authority.encode())
    return [one.fingerprint(hashes.SHA256()).hex() for one in found]


def _authority_told(proof: Proof, expected: str) -> tuple[bool | None, str]:
    found = fingerprints_of(proof.authority)
    told = ", ".join(found)
    if not expected:
        return None, f"compare its fingerprint with the hub's: {told}"
    known = {one.replace(":", "").strip().lower() for one in expected.split(",")}
    if not set(found) <= known:
        raise Unproven(f"another authority than the expected one: {told}")
    return True, f"the expected one: {told}"


def _transaction(proof: Proof) -> tuple[bool | None, str]:
    entry = _entry(proof)
    row = BY_NUMBER.get(entry.number)
    if row is None:
        raise Unproven("its number is not in the catalogue")
    try:
        request = codec.request_from_wire(row, entry.packet)
    except Refused as error:
        raise Unproven(f"its packet does not fit its number: {error.code}") from error
    if codec.digest(row.number, request) != entry.digest:
        raise Unproven("its digest is not that of its packet")
    told = r.instant(entry.recorded_at)
    return True, f"{entry.number} {row.name} of {entry.institution}, recorded {told:%Y-%m-%d %H:%M:%S}Z"


def _entry(proof: Proof) -> r.Entry:
    entry = r.decoded(proof.record)
    if not isinstance(entry, r.Entry):
        raise Unproven("the record is no transaction")
    if (entry.institution, entry.msgid) != (proof.institution, proof.msgid):
        raise Unproven("the record is of another transaction")
    return entry


def _place(proof: Proof) -> tuple[bool | None, str]:
    segment = proof.segment
    place = proof.seq - segment.first
    if not 0 <= place < segment.count or len(segment.leaves) != segment.count * _LEAF:
        raise Unproven("the record does not lie in the segment")
    if _nth(segment.leaves, place) != r.leaf(proof.salt, proof.record):
        raise Unproven("the record is not the one that the segment holds")
    return True, f"record {proof.seq} of the journal, one of {segment.count} of its commit"


def _root(proof: Proof) -> tuple[bool | None, str]:
    root, segment = proof.root, proof.segment
    if root is None:
        return None, "its day has no signed root yet"
    link = r.link(segment.before, r.header(segment.first, segment.count, segment.at, segment.key), segment.leaves)
    if not root.first <= proof.seq <= root.last or days.root_by(link, root.path) != root.root:
        raise Unproven("the record is not under the day's root")
    authority = _authority(proof)
    edge = x509.load_pem_x509_certificate(root.certificate.encode())
    _issued(edge, authority, INSTITUTION_URI + proof.institution)
    stated = roots.statement(proof.institution, root.life, root.day, root.first, root.last, root.root)
    public = edge.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise Unproven("the edge's certificate has a key of another kind")
    _verified(lambda: public.verify(root.signature, stated, ec.ECDSA(hashes.SHA256())), "the edge's signature")
    day = DayRoot(
        life=root.life, day=root.day, first=root.first, last=root.last, root=root.root, signature=root.signature
    )
    signer = _signer(proof, root.signer, root.signed_at)
    text = roots.countersigned(proof.institution, day, root.signed_at)
    _verified(lambda: signer.verify(root.countersignature, text), "the hub's countersignature")
    return True, f"of {root.day}, signed by the edge, countersigned by the hub {root.signed_at:%Y-%m-%d %H:%M:%S}Z"


def _answer(proof: Proof) -> tuple[bool | None, str]:
    told = proof.answer
    if told is None:
        return None, "the hub has given no receipt of it"
    if not 0 <= told.place < len(told.leaves) // _LEAF or len(told.leaves) % _LEAF:
        raise Unproven("the answer does not lie in the receipt")
    if _nth(told.leaves, told.place) != hashlib.sha256(b"\x00" + told.item).digest():
        raise Unproven("the answer is not the one that the hub signed")
    answer = msgspec.msgpack.decode(told.item, type=ItemAnswer)
    if answer.msgid != proof.msgid:
        raise Unproven("the answer is to another transaction")
    if answer.digest and answer.digest != _entry(proof).digest:
        raise Unproven("the hub's digest is not that of the transaction")
    signer = _signer(proof, told.signer, told.hub_time)
    leaves = [_nth(told.leaves, i) for i in range(len(told.leaves) // _LEAF)]
    text = receipts.signed_text(proof.institution, told.life, told.hub_time, leaves)
    _verified(lambda: signer.verify(told.signature, text), "the hub's receipt")
    verdict = str(answer.verdict) + (f" ({answer.code})" if answer.code else "")
    return True, f"{verdict}, signed by the hub {told.hub_time:%Y-%m-%d %H:%M:%S}Z"


def _authority(proof: Proof) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(proof.authority.encode())


def _signer(proof: Proof, name: str, at: datetime) -> ed25519.Ed25519PublicKey:
    if name not in proof.signers:
        raise Unproven(f"the certificate of the hub's signer {name or '(none)'} is missing")
    certificate = x509.load_pem_x509_certificate(proof.signers[name].encode())
    if receipts.signer_name(certificate.public_bytes(serialization.Encoding.DER)) != name:
        raise Unproven("the hub's signer has another certificate")
    _issued(certificate, _authority(proof), receipts.SIGNER_URI)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise Unproven("the hub's signer was not valid at that time")
    public = certificate.public_key()
    if not isinstance(public, ed25519.Ed25519PublicKey):
        raise Unproven("the hub's signer has a key of another kind")
    return public


def _issued(certificate: x509.Certificate, authorities: list[x509.Certificate], uri: str) -> None:
    if not any(issued_by(certificate, one) for one in authorities):
        raise Unproven("the authority's signature on a certificate does not hold")
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise Unproven("a certificate names nobody") from error
    if uri not in names.get_values_for_type(x509.UniformResourceIdentifier):
        raise Unproven("a certificate is of somebody else")


def _verified(verify: Callable[[], object], what: str) -> None:
    try:
        verify()
    except (InvalidSignature, UnsupportedAlgorithm) as error:
        raise Unproven(f"{what} does not hold") from error


def _nth(leaves: bytes, place: int) -> bytes:
    return leaves[place * _LEAF : (place + 1) * _LEAF]
