"""PURE: the records of the journal, their bytes, and the chain that holds them together.

A segment is what one commit wrote: records with consecutive numbers. Each record has a salt, so that its leaf says nothing of what it
hides; ``link`` holds the leaves, the segment's place and everything before it, so that nothing can be changed, left out or moved.

::

    leaf = SHA-256(00 || salt || record)          header = first, count, at, key (big-endian)
    link = SHA-256(01 || link before || header || SHA-256(leaves))
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec
from msgspec import Struct

from central_sync.wire import receipts
from central_sync.wire.codec import sha256
from central_sync.wire.messages import ItemAnswer

SALT_BYTES = 16
LINK_BYTES = 32
LEAF_BYTES = 32
NONCE_BYTES = 12
FIRST_LINK = hashlib.sha256(b"pishkhan journal 2").digest()
"""What the first segment of a journal is linked to."""

_NAMES_REMEMBERED = 8_192
_MSGID, _REFERENCE, _LANE = (hashlib.blake2b(digest_size=8, person=kind) for kind in (b"m", b"r", b"l"))
_HEADER = struct.Struct(">QIQI")
_ARRAY_SHORT = 16
_NUMBER = struct.Struct(">q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Record(Struct, frozen=True, array_like=True):
    """Base of everything in the log."""


class Entry(Record, tag=1, frozen=True, kw_only=True):
    """What a HIS sent. ``recorded_at`` in microseconds since 1970, ``business_day`` in ISO form.

    ``lease``: if it opened a case, the block its HID is from: first serial, last, and the next one to give after it. ``stops``: the msgid that
    it stops from arriving later (a reversal). ``refused``: why it was refused at birth; empty: it was taken on.
    ``card_read``: the read id of the card that was there; a random name, and nobody's.
    """

    institution: str
    msgid: str
    number: str
    digest: bytes
    packet: bytes
    hid: str
    lane: str
    operator: str
    workstation: str
    recorded_at: int
    business_day: str
    lease: tuple[int, int, int] | None = None
    stops: str = ""
    refused: str = ""
    card_read: str = ""


class Receipt(Struct, frozen=True, array_like=True, kw_only=True):
    """The hub's signature over the answers of one batch. ``places``: where among them each recorded answer stands, -1 if it does not. ``count``: how
    many they are, and ``leaves`` those of the answers that are not recorded beside it, concatenated; without a count, which older journals do not
    have, those of all. ``life``: the one the batch named.
    """

    signer: str
    signature: bytes
    hub_time: datetime
    life: bytes
    leaves: bytes
    places: list[int]
    count: int = 0


class Answers(Record, tag=2, frozen=True, kw_only=True):
    """What the hub said of entries, side by side. ``moves``: (settlement's seq, mark) that follow; ``drops``: tombstones that go."""

    seqs: list[int]
    numbers: list[str]
    answers: list[ItemAnswer]
    moves: list[tuple[int, str]]
    drops: list[str]
    receipt: Receipt | None
    at: int


class Packed(Record, tag=2, frozen=True, kw_only=True):
    """:class:`Answers` as they are written when each answer is there in MessagePack before; never read as such."""

    seqs: list[int]
    numbers: list[str]
    answers: msgspec.Raw
    moves: list[tuple[int, str]]
    drops: list[str]
    receipt: Receipt | None
    at: int


class Withdrawn(Record, tag=3, frozen=True, kw_only=True):
    """A fence that certainly has not left and never will; ``code`` says why."""

    seq: int
    code: str
    at: int


class Moved(Record, tag=4, frozen=True, kw_only=True):
    """A settlement's confirmation moved by a person's word."""

    moves: list[tuple[int, str]]
    at: int


class Fed(Record, tag=5, frozen=True, kw_only=True):
    """What the feed brought: facts (its cursor among them) and moves, in one."""

    facts: list[tuple[str, str, bytes | None]]
    moves: list[tuple[int, str]]
    at: int


class Fact(Record, tag=6, frozen=True, kw_only=True):
    """A small thing that must survive; ``None``: forgotten."""

    kind: str
    key: str
    value: bytes | None


class Parked(Record, tag=7, frozen=True, kw_only=True):
    """An entry waits for a person (``code`` says why), or is let go again (``code`` is empty)."""

    seq: int
    code: str
    at: int


class Life(Record, tag=8, frozen=True, kw_only=True):
    """A new life begins: what the hub leased to the old one is void."""

    life: bytes
    why: str
    at: int


class Root(Record, tag=9, frozen=True, kw_only=True):
    """The root of one UTC day as both sides signed it. ``first`` to ``last``: the seqs of its segments. ``certificate``: the edge's that it
    signed with (DER); ``at``: the hub's time of its countersignature.
    """

    day: str
    life: bytes
    first: int
    last: int
    root: bytes
    signature: bytes
    certificate: bytes
    signer: str
    countersignature: bytes
    at: int


Any = Entry | Answers | Withdrawn | Moved | Fed | Fact | Parked | Life | Root

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Any)
_body = msgspec.msgpack.Decoder(tuple[bytes, list[bytes]])


def encoded(record: Any | Packed) -> bytes:
    """A record's bytes."""
    return _encoder.encode(record)


def packed(record: Answers, texts: Sequence[bytes]) -> Packed:
    """``record`` to be written, with its answers' ``texts`` as they are."""
    assert len(texts) == len(record.answers)
    answers = msgspec.Raw(b"".join((_array(len(texts)), *texts)))
    return Packed(
        seqs=record.seqs, numbers=record.numbers, answers=answers, moves=record.moves, drops=record.drops,
        receipt=record.receipt, at=record.at,
    )  # fmt: skip


def _array(length: int) -> bytes:
    """How an array of that length begins in MessagePack."""
    if length < _ARRAY_SHORT:
        return bytes((0x90 | length,))
    return b"\xdc" + length.to_bytes(2, "big")


def covered(record: Answers) -> bytes:
    """The leaves of all answers that the receipt of ``record`` covers, concatenated; it has one."""
    receipt = record.receipt
    assert receipt is not None
    if not receipt.count:
        return receipt.leaves
    here = dict(zip(receipt.places, record.answers, strict=True))
    others = iter([receipt.leaves[at : at + LEAF_BYTES] for at in range(0, len(receipt.leaves), LEAF_BYTES)])
    return b"".join([receipts.leaf(here[at]) if at in here else next(others, b"") for at in range(receipt.count)])


def decoded(data: bytes) -> Any:
    """The record in ``data``.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _decoder.decode(data)


def header(first: int, count: int, at: int, key: int) -> bytes:
    """What is bound to a segment beside its records."""
    return _HEADER.pack(first, count, at, key)


def plain(salts: bytes, records: Sequence[bytes]) -> bytes:
    """A segment's content before it is sealed; ``salts`` are ``SALT_BYTES`` for each record."""
    return _encoder.encode((salts, records))


def parts(content: bytes) -> tuple[bytes, list[bytes]]:
    """``(salts, records)`` of a segment's content.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _body.decode(content)


def leaf(salt: bytes, record: bytes) -> bytes:
    """What stands for a record in the chain."""
    return sha256(b"\x00" + salt + record)


def leaves(salts: bytes, records: Sequence[bytes]) -> bytes:
    """The leaves of a segment, concatenated."""
    return b"".join([
        sha256(b"\x00" + salts[at : at + SALT_BYTES] + record) for at, record in zip(itertools.count(0, SALT_BYTES), records, strict=False)
    ])  # fmt: skip


def link(before: bytes, head: bytes, leaves_: bytes) -> bytes:
    """The chain's value after a segment."""
    return hashlib.sha256(b"\x01" + before + head + hashlib.sha256(leaves_).digest()).digest()


@lru_cache(maxsize=_NAMES_REMEMBERED)
def msgid_key(msgid: str) -> int:
    """64 bits that stand for a msgid in the tables, signed as SQLite has numbers."""
    return _key(_MSGID, msgid)


def reference_key(reference: str) -> int:
    """The same for the hub's id of a settlement."""
    return _key(_REFERENCE, reference)


@lru_cache(maxsize=_NAMES_REMEMBERED)
def lane_key(lane: str) -> int:
    """The same for a lane; the lanes in memory use it too."""
    return _key(_LANE, lane)


def _key(kind: hashlib.blake2b, name: str) -> int:
    state = kind.copy()  # half of what it takes to begin one
    state.update(name.encode("utf-8", "surrogatepass"))
    number: int = _NUMBER.unpack(state.digest())[0]
    return number


def micros(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """The aware instant of :func:`micros`."""
    return _EPOCH + timedelta(microseconds=value)
