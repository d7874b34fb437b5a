"""Choosing files and reading them in blocks and records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers.cards import iso7816
from edge.readers.cards.conversation import CardFault, converse

CONTENT = bytes(range(256)) * 3


class File:
    """A card with one file; past its end it answers as ``end`` says."""

    def __init__(self, content: bytes, end: str = "6B00", le_first: bool = False) -> None:
        self.content, self.end, self.le_first, self.commands = content, end, le_first, 0

    def transmit(self, command: bytes) -> bytes:
        self.commands += 1
        offset, wanted = int.from_bytes(command[2:4]), command[4] or 256
        block = self.content[offset : offset + wanted]
        if not block and offset:
            return bytes.fromhex(self.end)
        if self.le_first and len(block) < wanted:
            return bytes([0x6C, len(block)])
        return block + bytes.fromhex("9000" if len(block) == wanted else "6282")


@pytest.mark.parametrize("end", ["6B00", "6282", "9000"])
@pytest.mark.parametrize("le_first", [False, True])
@pytest.mark.parametrize("length", [0, 1, 239, 240, 241, 480, 700])
def test_a_file_of_unknown_length_is_read_to_its_end(length: int, end: str, le_first: bool) -> None:
    card = File(CONTENT[:length], end, le_first)
    if length:
        assert converse(iso7816.read_binary(), card.transmit) == CONTENT[:length]
        assert card.commands <= 6


@given(st.integers(0, 300), st.integers(1, 460), st.integers(1, 255))
def test_a_part_of_known_length_is_read_in_any_blocks(start: int, length: int, block: int) -> None:
    found = converse(iso7816.read_exactly(start, length, block), File(CONTENT).transmit)
    assert found == CONTENT[start : start + length]


def test_a_file_that_ends_before_its_length_is_a_fault() -> None:
    with pytest.raises(CardFault, match="shorter"):
        converse(iso7816.read_exactly(0, 700), File(CONTENT[:300]).transmit)


def test_a_file_without_end_is_a_fault() -> None:
    with pytest.raises(CardFault, match="32767"):
        converse(iso7816.read_binary(bytes_max=1_000_000), lambda c: bytes(c[4]) + b"\x90\x00")


def test_more_than_was_asked_for_is_a_fault() -> None:
    with pytest.raises(CardFault, match="more than"):
        converse(iso7816.read_binary(bytes_max=4), lambda _: bytes(5) + b"\x90\x00")


def test_a_refused_read_is_a_fault_that_names_the_status() -> None:
    with pytest.raises(CardFault, match="6982"):
        converse(iso7816.read_binary(), lambda _: bytes.fromhex("6982"))
    with pytest.raises(CardFault, match="6D00"):
        converse(iso7816.read_record(1, 4), lambda _: bytes.fromhex("6D00"))


@pytest.mark.parametrize(
    ("answer", "found"), [("6A83", None), ("6A82", None), ("AABB9000", b"\xaa\xbb"), ("9000", b"")]
)
def test_a_record_that_is_not_there_is_none(answer: str, found: bytes | None) -> None:
    assert converse(iso7816.read_record(1, 4), lambda _: bytes.fromhex(answer)) == found


@pytest.mark.parametrize(("answer", "taken"), [("9000", True), ("610A", True), ("6A82", False), ("6D00", False)])
def test_a_select_is_taken_or_not(answer: str, taken: bool) -> None:
    command = iso7816.application(bytes.fromhex("A000000054480001"))
    assert command.hex().upper() == "00A4040008A000000054480001"
    assert converse(iso7816.select(command), lambda _: bytes.fromhex(answer)) == taken
