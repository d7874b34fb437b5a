"""PURE: a rulebook as it is kept in a file and sent to an edge: a signed statement, and the compiled body in one zstd frame.

Rules
    * file = ``MAGIC`` (4 bytes) || format (1) || length of the head (4) || head (:class:`Head` in MessagePack) || body. Numbers are
      big-endian. The head says how long the body is and what its SHA-256 is: a file that ends early is told from one that was changed.
    * The hub signs ``signed_text`` with the key it signs receipts with. The signer's certificate travels in the head: an edge that knows
      the authority believes a bundle without a line.
    * ``number`` grows with each publication, also when an older version is taken up again: what has a lower number is never taken for
      newer. It is the second of publication since 1970, or one more than the last.
    * ``institution`` is empty in what is for the hub; an edge takes only what names its own.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from central_sync.wire.compression import Level, compressed, decompressed
from central_sync.wire.limits import (
    BUNDLE_BYTES_MAX,
    BUNDLE_HEAD_BYTES_MAX,
    BUNDLE_NUMBER_MAX,
    BUNDLE_PLAIN_BYTES_MAX,
    DIGEST_BYTES,
)
from central_sync.wire.messages import Message
from central_sync.wire.receipts import microseconds
from central_sync.wire.refusals import Refused

MAGIC = b"PKRB"
FORMAT = 1
DOMAIN = b"pishkhan rulebook bundle 1\x00"
_FIXED_BYTES = len(MAGIC) + 1 + 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing was issued before: its microseconds would have no place in what is signed."""


class Fault(StrEnum):
    """Why a bundle is not taken."""

    CUT_OFF = "bundle_cut_off"
    DAMAGED = "bundle_damaged"
    NEWER = "bundle_newer"
    STRANGER = "bundle_stranger"
    ELSEWHERE = "bundle_elsewhere"
    OLDER = "bundle_older"


WHY = {
    Fault.CUT_OFF: "the file ends too early",
    Fault.DAMAGED: "the file is no bundle, or was changed",
    Fault.NEWER: "a later version of the program made it",
    Fault.STRANGER: "it is not signed by a signer of this hub",
    Fault.ELSEWHERE: "it is for another institution or region",
    Fault.OLDER: "it is not newer than the one in use",
}
"""One sentence each for whoever looks after it."""


class BundleRefused(ValueError):
    """A bundle is not taken; ``fault`` says why. Nothing of it was applied."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault}: {WHY[fault]}" + (f" ({detail})" if detail else ""))
        self.fault = fault


class Statement(Message, frozen=True, kw_only=True):
    """What the hub vouches for. ``version`` names law and audit rules together, ``law`` is what answers name, ``audit`` what forecasts
    name; 64 hexadecimal digits each. ``body_bytes`` and ``digest`` (SHA-256) are of the body as it stands in the file.
    """

    version: str
    law: str
    audit: str
    number: int
    issued_at: datetime
    body_bytes: int
    digest: bytes
    region: str = ""
    institution: str = ""


class Head(Message, frozen=True, kw_only=True):
    """The statement with its signature (Ed25519). ``certificate`` is the signer's, PEM, and ``signer`` its name."""

    statement: Statement
    signer: str
    certificate: bytes
    signature: bytes


def squeezed(plain: bytes) -> bytes:
    """The body of the compiled rulebook ``plain``: the same for the same."""
    return compressed(plain, Level.BACKLOG)


def plain(body: bytes) -> bytes:
    """The compiled rulebook in ``body``.

    Raises:
        BundleRefused: damaged.
    """
    try:
        return decompressed(body, BUNDLE_PLAIN_BYTES_MAX)
    except Refused as error:
        raise BundleRefused(Fault.DAMAGED, "the body") from error


def digest(body: bytes) -> bytes:
    """What a statement says of ``body``."""
    return hashlib.sha256(body).digest()


def signed_text(statement: Statement) -> bytes:
    """What the hub signs: ``DOMAIN`` || each of version, law, audit, region, institution with its length before it (2 bytes) || number (8) ||
    microseconds of ``issued_at`` since 1970 (8) || length of the body (8) || its digest (32).
    """
    texts = (statement.version, statement.law, statement.audit, statement.region, statement.institution)
    written = [text.encode() for text in texts]
    return b"".join(
        (
            DOMAIN,
            *(len(text).to_bytes(2, "big") + text for text in written),
            statement.number.to_bytes(8, "big"),
            microseconds(statement.issued_at).to_bytes(8, "big"),
            statement.body_bytes.to_bytes(8, "big"),
            statement.digest,
        )
    )


def sealed(head: Head, body: bytes) -> bytes:
    """The file."""
    packed = msgspec.msgpack.encode(head)
    return b"".join((MAGIC, bytes([FORMAT]), len(packed).to_bytes(4, "big"), packed, body))


def opened(file: bytes) -> tuple[Head, bytes]:
    """Head and body of a file that is whole. Who signed it, and for whom, is still to be judged.

    Raises:
        BundleRefused: cut off, damaged, or of a later format.
    """
    head, begins = _head(file)
    told = head.statement
    if len(file) < begins + told.body_bytes:
        raise BundleRefused(Fault.CUT_OFF)
    body = file[begins:]
    if len(body) != told.body_bytes or digest(body) != told.digest:
        raise BundleRefused(Fault.DAMAGED, "the body")
    return head, body


def begun(beginning: bytes) -> tuple[Statement, int] | None:
    """The statement in the beginning of a file, and where its body begins; ``None``: there is not enough of it, or it is none."""
    try:
        head, begins = _head(beginning)
    except BundleRefused:
        return None
    return head.statement, begins


def _head(file: bytes) -> tuple[Head, int]:
    """The head of a file, and where its body begins."""
    if not file.startswith(MAGIC[: len(file)]):
        raise BundleRefused(Fault.DAMAGED, "no bundle")
    if len(file) < _FIXED_BYTES:
        raise BundleRefused(Fault.CUT_OFF)
    if file[len(MAGIC)] != FORMAT:
        raise BundleRefused(Fault.NEWER, f"format {file[len(MAGIC)]}")
    length = int.from_bytes(file[len(MAGIC) + 1 : _FIXED_BYTES], "big")
    if length > BUNDLE_HEAD_BYTES_MAX:
        raise BundleRefused(Fault.DAMAGED, "the head")
    begins = _FIXED_BYTES + length
    if len(file) < begins:
        raise BundleRefused(Fault.CUT_OFF)
    try:
        head = msgspec.msgpack.decode(file[_FIXED_BYTES:begins], type=Head)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BundleRefused(Fault.DAMAGED, "the head") from error
    if not _sane(head.statement):
        raise BundleRefused(Fault.DAMAGED, "the statement")
    return head, begins


def _sane(told: Statement) -> bool:
    return (
        0 < told.number <= BUNDLE_NUMBER_MAX
        and 0 < told.body_bytes <= BUNDLE_BYTES_MAX
        and len(told.digest) == DIGEST_BYTES
        and told.issued_at.tzinfo is not None
        and told.issued_at >= _EPOCH
        and all(len(text) <= 200 for text in (told.version, told.law, told.audit, told.region, told.institution))
    )
