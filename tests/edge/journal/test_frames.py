"""Frames as bytes: what was framed is read again, nothing else is, and each side of a slate is read by itself."""

from __future__ import annotations

import pytest

from edge.journal import frames
from edge.journal.frames import BLOCK_BYTES, SIDE_BYTES, SIDES, Sealed
from edge.limits import SLATE_BYTES

ID = 7


def sealed(first: int, records: int = 1, body: bytes = b"body") -> Sealed:
    return Sealed(first, records, 5, 6, b"n" * 12, b"l" * 32, body)


def slate(*sides: list[Sealed], id_: int = ID) -> bytearray:
    data = bytearray(SLATE_BYTES)
    data[:BLOCK_BYTES] = frames.head(id_)
    for (at, _), rows in zip(SIDES, sides, strict=False):
        framed = b"".join(frames.frame(id_, row) for row in rows)
        data[at : at + len(framed)] = framed
    return data


def test_the_first_block_names_the_slate_and_nothing_else_does() -> None:
    head = frames.head(ID)
    assert (len(head), frames.id_of(head)) == (BLOCK_BYTES, ID)
    assert frames.id_of(head[:100]) is None
    assert frames.id_of(bytes(BLOCK_BYTES)) is None
    assert frames.id_of(bytes([head[0] ^ 1]) + head[1:]) is None


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES, 3 * BLOCK_BYTES + 17])
def test_a_frame_takes_whole_blocks_and_is_read_again(size: int) -> None:
    row = sealed(3, 2, b"b" * size)
    framed = frames.frame(ID, row)
    assert len(framed) % BLOCK_BYTES == 0
    assert 0 <= len(framed) - frames.size_of(row) < BLOCK_BYTES
    found = frames.side(bytes(slate([row])), ID, 0)
    assert (found.rows, found.end, found.beyond, found.following) == ([row], BLOCK_BYTES + len(framed), 0, 5)


def test_the_sides_are_read_each_by_itself() -> None:
    data = bytes(slate([sealed(8), sealed(9)], [sealed(5, 3)]))
    assert [[row.first for row in frames.side(data, ID, number).rows] for number in (0, 1)] == [[8, 9], [5]]
    assert frames.side(data, ID, 1).end == SIDE_BYTES + BLOCK_BYTES


def test_a_slate_of_one_side_as_it_was_before_says_the_same() -> None:
    data = bytes(slate([sealed(1), sealed(2)]))[:SIDE_BYTES]
    assert [row.first for row in frames.side(data, ID, 0).rows] == [1, 2]
    assert (frames.side(data, ID, 1).rows, frames.side(data, ID, 1).beyond) == ([], 0)


def test_another_slates_frames_say_nothing() -> None:
    data = bytes(slate([sealed(1)]))
    assert (frames.side(data, ID + 1, 0).rows, frames.side(data, ID + 1, 0).beyond) == ([], 0)


def test_any_flipped_byte_of_a_frame_ends_the_side_before_it() -> None:
    whole = slate([sealed(1), sealed(2), sealed(3)])
    at = 2 * BLOCK_BYTES
    for place in range(frames.size_of(sealed(2))):
        data = bytearray(whole)
        data[at + place] ^= 1
        found = frames.side(bytes(data), ID, 0)
        assert ([row.first for row in found.rows], found.beyond) == ([1], 3)
