"""PURE: the slate's bytes: one frame for each commit.

::

    block 0   "PSKT" │ id │ bytes of the slate │ CRC-32     blocks of 4 KiB, numbers big-endian
    frames    "PSKF" │ id │ first │ count │ at │ key │ bytes of the body │ CRC-32 of the rest │ CRC-32 of what stands before
              nonce │ link │ body                           a row of ``segment``, sealed and chained as there

A frame begins with a block of its own. The blocks behind block 0 are two sides of the same length (but for block 0). On a side, frames
that follow each other hold records that follow each other: whatever is left of older ones does not. An older edge began its slate with "PSKS" and
no length: that was 2 MiB.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from edge.journal.records import LINK_BYTES, NONCE_BYTES

BLOCK_BYTES = 4_096
_CHUNK_BYTES = 5_120  # of larger pieces the checksum gives the interpreter up, and waits to have it back
_HEAD, _OLDER_HEAD = struct.Struct(">4sQQI"), struct.Struct(">4sQI")
_FRAME = struct.Struct(">4sQQIQIIII")
_OURS, _OLDER, _FRAMES = b"PSKT", b"PSKS", b"PSKF"
_OLDER_BYTES = 2 * 1024 * 1024
_SAFE = _FRAME.size + NONCE_BYTES + LINK_BYTES
_NONCE_ENDS = NONCE_BYTES
_LINK_ENDS = NONCE_BYTES + LINK_BYTES
_PADDING = bytes(BLOCK_BYTES)


class Sealed(NamedTuple):
    """A row of ``segment``, sealed."""

    first: int
    records: int
    at: int
    key: int
    nonce: bytes
    link: bytes
    body: bytes


class Side(Struct, frozen=True):
    """What one side says. ``end``: where its rows end; ``beyond``: the greatest ``first`` of frames behind that, 0: there are none."""

    rows: list[Sealed]
    end: int
    beyond: int

    @property
    def following(self) -> int:
        """The record that what is written behind its rows has to begin with; 0: any."""
        return self.rows[-1].first + self.rows[-1].records if self.rows else 0


class Head(NamedTuple):
    """What block 0 says: the slate's id, and its length."""

    id: int
    size: int


def head(id_: int, size: int) -> bytes:
    """Block 0."""
    text = _HEAD.pack(_OURS, id_, size, 0)[:-4]
    return (text + zlib.crc32(text).to_bytes(4, "big")).ljust(BLOCK_BYTES, b"\0")


def head_of(data: bytes) -> Head | None:
    """What block 0 says; ``None``: it is no slate's, or that of one that was longer."""
    if len(data) < BLOCK_BYTES:
        return None
    if data.startswith(_OLDER):
        (_, id_, crc), size, form = _OLDER_HEAD.unpack_from(data), _OLDER_BYTES, _OLDER_HEAD
    else:
        (ours, id_, size, crc), form = _HEAD.unpack_from(data), _HEAD
        if ours != _OURS:
            return None
    return Head(id_, size) if zlib.crc32(data[: form.size - 4]) == crc and size <= len(data) else None


def sides(size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where each side of a slate of that length begins and ends."""
    return (BLOCK_BYTES, size // 2), (size // 2, size)


def frame(id_: int, row: Sealed) -> bytes:
    """``row`` as it is written, in whole blocks."""
    nonce, link, body = row.nonce, row.link, row.body
    crc = _crc(body, zlib.crc32(link, zlib.crc32(nonce)))
    text = _FRAME.pack(_FRAMES, id_, row.first, row.records, row.at, row.key, len(body), crc, 0)[:-4]
    size = _SAFE + len(body)
    return b"".join((text, zlib.crc32(text).to_bytes(4, "big"), nonce, link, body, _PADDING[: -size % BLOCK_BYTES]))


def size_of(row: Sealed) -> int:
    """How many bytes its frame takes, without what is left of its last block."""
    return _SAFE + len(row.body)


def side(data: bytes, id_: int, at: int, end: int) -> Side:
    """What the side of the slate of that id says that begins ``at`` and ends at ``end``."""
    data = data[:end]
    rows: list[Sealed] = []
    for row, after in _rows(data, id_, at):
        rows.append(row)
        at = after
    behind = range(at + BLOCK_BYTES, len(data), BLOCK_BYTES)
    beyond = [found[2] for place in behind if (found := _head(data, id_, place))]
    beyond += [row.first for row, _ in itertools.islice(_rows(data, id_, at), 1)]  # whole, and not what follows
    return Side(rows, at, max(beyond, default=0))


def _rows(data: bytes, id_: int, at: int) -> Iterator[tuple[Sealed, int]]:
    """Each whole frame from ``at`` on that holds what follows the one before, and where it ends."""
    following = 0
    while found := _head(data, id_, at):
        _, _, first, count, instant, key, size, crc, _ = found
        begin, end = at + _FRAME.size, at + _SAFE + size
        content = data[begin:end]
        if end > len(data) or _crc(content) != crc or (following and first != following):
            return
        nonce, link, body = content[:_NONCE_ENDS], content[_NONCE_ENDS:_LINK_ENDS], content[_LINK_ENDS:]
        following, at = first + count, at + -(-(_SAFE + size) // BLOCK_BYTES) * BLOCK_BYTES
        yield Sealed(first, count, instant, key, nonce, link, body), at


def _head(data: bytes, id_: int, at: int) -> Sequence[Any] | None:
    """The head of a frame of this slate, if one stands there."""
    if at + _FRAME.size > len(data):
        return None
    found = _FRAME.unpack_from(data, at)
    if found[:2] != (_FRAMES, id_) or zlib.crc32(data[at : at + _FRAME.size - 4]) != found[-1]:
        return None
    return found


def _crc(data: bytes, crc: int = 0) -> int:
    if len(data) <= _CHUNK_BYTES:
        return zlib.crc32(data, crc)
    view = memoryview(data)
    for at in range(0, len(view), _CHUNK_BYTES):
        crc = zlib.crc32(view[at : at + _CHUNK_BYTES], crc)
    return crc
