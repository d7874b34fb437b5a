"""Tags, lengths and values, right and wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers.cards import tlv
from edge.readers.cards.conversation import CardFault

FCI = bytes.fromhex("6F10 8407A0000000031010 A5055F2D02656E")


def test_a_value_is_found_by_its_path() -> None:
    assert tlv.find(FCI, 0x6F, 0x84) == bytes.fromhex("A0000000031010")
    assert tlv.find(FCI, 0x6F, 0xA5, 0x5F2D) == b"en"
    assert tlv.find(FCI, 0x6F, 0x50) is None
    assert tlv.find(FCI, 0x70, 0x84) is None
    assert tlv.find(b"", 0x70) is None


def test_long_lengths_and_padding_are_understood() -> None:
    value = bytes(200)
    assert list(tlv.objects(b"\x00\x00\x5a\x81\xc8" + value + b"\xff\x57\x01\x01")) == [(0x5A, value), (0x57, b"\x01")]
    assert list(tlv.objects(b"\x5a\x82\x00\x01\xaa")) == [(0x5A, b"\xaa")]


@pytest.mark.parametrize(
    "wrong", ["5A", "5A0211", "9F", "9FFFFFFF01", "5A80", "5A8400000001AA", "5A81", "5A827FFF00", "1F8181818101AA"]
)
def test_what_goes_past_the_end_is_a_fault(wrong: str) -> None:
    with pytest.raises(CardFault):
        list(tlv.objects(bytes.fromhex(wrong)))


def test_endless_objects_are_a_fault() -> None:
    with pytest.raises(CardFault, match="256"):
        list(tlv.objects(b"\x5a\x00" * 300))


@given(st.binary(max_size=300))
def test_any_bytes_are_objects_or_a_fault(data: bytes) -> None:
    try:
        found = list(tlv.objects(data))
    except CardFault:
        return
    assert sum(len(value) for _, value in found) <= len(data)
