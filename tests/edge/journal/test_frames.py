"""Frames as bytes: what was framed is read again, nothing else is, and each side of a slate is read by itself."""

from __future__ import annotations

import zlib

import pytest

from edge.journal import frames
from edge.journal.frames import BLOCK_BYTES, Head, Sealed, Side

ID = 7
SIZE = 64 * BLOCK_BYTES
FIRST, SECOND = frames.sides(SIZE)


def sealed(first: int, records: int = 1, body: bytes = b"body") -> Sealed:
    return Sealed(first, records, 5, 6, b"n" * 12, b"l" * 32, body)


def slate(*sides: list[Sealed], id_: int = ID) -> bytearray:
    data = bytearray(SIZE)
    data[:BLOCK_BYTES] = frames.head(id_, SIZE)
    for (at, _), rows in zip((FIRST, SECOND), sides, strict=False):
        framed = b"".join(frames.frame(id_, row) for row in rows)
        data[at : at + len(framed)] = framed
    return data


def side(data: bytearray, number: int = 0, id_: int = ID) -> Side:
    return frames.side(bytes(data), id_, *(FIRST, SECOND)[number])


def test_the_first_block_names_the_slate_and_its_length_and_nothing_else_does() -> None:
    data = bytes(slate())
    assert (len(frames.head(ID, SIZE)), frames.head_of(data)) == (BLOCK_BYTES, Head(ID, SIZE))
    assert frames.head_of(data + bytes(BLOCK_BYTES)) == Head(ID, SIZE), "the file may be longer"
    for shorter in (b"", data[:100], data[:BLOCK_BYTES], data[: SIZE // 2], data[:-1]):
        assert frames.head_of(shorter) is None
    assert frames.head_of(bytes(SIZE)) is None
    for place in range(24):
        assert frames.head_of(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]) is None


def test_an_older_edges_slate_is_two_mebibytes_long() -> None:
    head = bytes.fromhex("50534b530000000000000007")
    older = (head + zlib.crc32(head).to_bytes(4, "big")).ljust(2 << 20, b"\0")
    assert frames.head_of(older) == Head(7, 2 << 20)
    assert frames.head_of(older[:-1]) is None
    assert frames.head_of(b"PSKS" + bytes(12) + older[16:]) is None


def test_the_sides_are_all_but_the_first_block() -> None:
    assert (FIRST, SECOND) == ((BLOCK_BYTES, SIZE // 2), (SIZE // 2, SIZE))


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES, 3 * BLOCK_BYTES + 17])
def test_a_frame_takes_whole_blocks_and_is_read_again(size: int) -> None:
    row = sealed(3, 2, b"b" * size)
    framed = frames.frame(ID, row)
    assert len(framed) % BLOCK_BYTES == 0
    assert 0 <= len(framed) - frames.size_of(row) < BLOCK_BYTES
    found = side(slate([row]))
    assert (found.rows, found.end, found.beyond, found.following) == ([row], BLOCK_BYTES + len(framed), 0, 5)


def test_the_sides_are_read_each_by_itself() -> None:
    data = slate([sealed(8), sealed(9)], [sealed(5, 3)])
    assert [[row.first for row in side(data, number).rows] for number in (0, 1)] == [[8, 9], [5]]
    assert side(data, 1).end == SECOND[0] + BLOCK_BYTES


def test_another_slates_frames_say_nothing() -> None:
    found = side(slate([sealed(1)]), id_=ID + 1)
    assert (found.rows, found.beyond) == ([], 0)


def test_any_flipped_byte_of_a_frame_ends_the_side_before_it() -> None:
    whole = slate([sealed(1), sealed(2), sealed(3)])
    at = 2 * BLOCK_BYTES
    for place in range(frames.size_of(sealed(2))):
        data = bytearray(whole)
        data[at + place] ^= 1
        found = side(data)
        assert ([row.first for row in found.rows], found.beyond) == ([1], 3)
