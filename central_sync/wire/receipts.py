"""PURE: what the hub signs when it has taken a batch, so that either side can prove it years later.

Rules
    * A receipt covers the answers to what the edge journals, in the batch's order: every transaction and every ask whose catalogue row
      is not a read (a number that is not in the table counts as journaled), unless its answer is ``again``.
    * leaf   = SHA-256(00 || the answer in MessagePack, as it stands on the line)
    * signed = ``DOMAIN`` || length of the institution (1 byte) || institution || life (16 bytes, zeros if none) || the hub's time in
      microseconds since 1970 (8 bytes) || number of leaves (4 bytes) || SHA-256(01 || all leaves), numbers big-endian.
    * So one transaction is proven with its own answer, the leaves of the others (32 bytes each, which tell nobody who cannot guess a
      whole answer to the microsecond what is in them), and the signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.limits import LIFE_BYTES
from central_sync.wire.messages import Ask, Item, ItemAnswer, Verdict

DOMAIN = b"pishkhan receipt 3\x00"
SIGNER_URI = "urn:pishkhan:signer"
"""The URI that a signer's certificate bears: it may sign receipts, roots and rulebooks, and nothing else."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNER_BYTES = 8
_encoder = msgspec.msgpack.Encoder()


def covered(items: Sequence[Item], answers: Sequence[ItemAnswer]) -> list[ItemAnswer]:
    """Of ``answers`` (one for each of ``items``) those that a receipt covers, in their order."""
    return [answer for item, answer in zip(items, answers, strict=True) if covers(item, answer)]


def covers(item: Item, answer: ItemAnswer) -> bool:
    """Whether a receipt covers this answer to ``item``."""
    return answer.verdict is not Verdict.AGAIN and journaled(item)


def journaled(item: Item) -> bool:
    """Whether the edge journals it: all but reads."""
    row = BY_NUMBER.get(item.number)
    return isinstance(item, Ask) or row is None or row.journaled


def text(answer: ItemAnswer) -> bytes:
    """``answer`` as its leaf holds it."""
    return _encoder.encode(answer)


def leaf(answer: ItemAnswer) -> bytes:
    """What stands for ``answer`` in the signed text: 32 bytes."""
    return leaf_of(text(answer))


def leaf_of(text: bytes) -> bytes:
    """The same for an answer's :func:`text`."""
    return hashlib.sha256(b"\x00" + text).digest()


def signed_text(institution: str, life: bytes, hub_time: datetime, leaves: Iterable[bytes]) -> bytes:
    """The bytes that the hub signs for a batch. ``hub_time`` is aware; ``life`` is empty or 16 bytes."""
    name = institution.encode()
    assert len(name) < 256
    assert len(life) in (0, LIFE_BYTES)
    held = list(leaves)
    assert all(len(one) == hashlib.sha256().digest_size for one in held)
    return b"".join(
        (
            DOMAIN,
            bytes([len(name)]),
            name,
            life.ljust(LIFE_BYTES, b"\0"),
            microseconds(hub_time).to_bytes(8, "big"),
            len(held).to_bytes(4, "big"),
            hashlib.sha256(b"\x01" + b"".join(held)).digest(),
        )
    )


def microseconds(at: datetime) -> int:
    """An aware instant as whole microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def signer_name(certificate_der: bytes) -> str:
    """How answers name a signer's certificate: the first 8 bytes of SHA-256 over its DER, in lower-case hexadecimal."""
    return hashlib.sha256(certificate_der).digest()[:_SIGNER_BYTES].hex()
