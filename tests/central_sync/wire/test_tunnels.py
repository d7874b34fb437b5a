"""What the hub may say of the next key at its end of the tunnel, and what is no such word."""

from __future__ import annotations

import msgspec
import pytest

from central_sync.wire.tunnels import (
    WORD_BYTES_MAX,
    TunnelFault,
    TunnelWord,
    TunnelWordInvalid,
    circular,
    key_name,
    packed,
    path_of,
    sentence,
    unpacked,
)

A, B, C = (f"{letter * 42}A=" for letter in "ABC")
WORD = TunnelWord(number=7, present=A, following=B, endpoint="203.0.113.9", port=51821)


def test_a_word_comes_back_as_it_was_said_under_the_name_of_the_key_that_it_follows() -> None:
    assert unpacked(packed(WORD)) == WORD
    assert path_of(A) == f"rings/tunnel.{key_name(A)}.json"
    assert len({key_name(key) for key in (A, B, C)}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"present": ""}, {"following": "../../etc"}, {"following": A + "\n"}, {"following": "B" * 43 + "="}, {"number": 0}, {"number": 2**60},
        {"port": 70000}, {"port": -1}, {"endpoint": "hub.example"}, {"endpoint": "1.2.3.4 "}, {"following": A, "endpoint": "", "port": 0},
    ],
)  # fmt: skip
def test_what_cannot_be_is_neither_said_nor_heard(change: dict[str, object]) -> None:
    wrong = msgspec.structs.replace(WORD, **change)
    with pytest.raises(TunnelWordInvalid):
        packed(wrong)
    with pytest.raises(TunnelWordInvalid):
        unpacked(msgspec.json.encode(wrong))


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 5000, b"\xff", packed(WORD) + b" " * WORD_BYTES_MAX + b"x"])
def test_what_cannot_be_read_is_no_word(content: bytes) -> None:
    with pytest.raises(TunnelWordInvalid):
        unpacked(content)


def test_the_same_key_at_another_address_is_a_word_too() -> None:
    moved = msgspec.structs.replace(WORD, following=A)
    assert unpacked(packed(moved)) == moved
    assert not circular([moved], moved)


def test_a_circle_is_found_however_long() -> None:
    words = [TunnelWord(number=1, present=A, following=B), TunnelWord(number=2, present=B, following=C)]
    assert circular(words, TunnelWord(number=3, present=C, following=A))
    assert not circular(words, TunnelWord(number=3, present=A, following=C)), "it takes the place of the first"
    assert not circular(words[:1], words[1])


def test_each_fault_has_a_sentence() -> None:
    assert all(sentence(fault) for fault in TunnelFault)
    assert sentence("in_place") == ""
