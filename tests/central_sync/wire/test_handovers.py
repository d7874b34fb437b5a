"""What is signed of a handover, byte by byte, and what is out of bounds."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest

from central_sync.wire.handovers import WHY, Fault, State, name_of, sane, sentence, signed_text, text_of
from central_sync.wire.messages import Handover

AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
WORD = Handover(number=7, state="announced", present=b"old", following=b"next!", issued_at=AT, signature=b"s" * 70)


def test_what_is_signed_names_both_the_state_the_number_and_the_instant() -> None:
    us = int(AT.timestamp()) * 1_000_000
    text = b"pishkhan handover 1\x00" + (7).to_bytes(8, "big") + us.to_bytes(8, "big") + b"\x09announced"
    text += hashlib.sha256(b"old").digest() + b"\x00\x00\x00\x05next!"
    assert text_of(WORD) == text == signed_text(7, State.ANNOUNCED, b"old", b"next!", us)


def test_every_field_is_in_what_is_signed() -> None:
    others = {
        "number": 8,
        "state": "switched",
        "present": b"olb",
        "following": b"nexd!",
        "issued_at": AT.replace(second=1),
    }
    texts = {text_of(msgspec.structs.replace(WORD, **{name: value})) for name, value in others.items()}
    assert len(texts | {text_of(WORD)}) == len(others) + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0}, {"number": 2**60}, {"state": ""}, {"state": "x" * 300}, {"state": "\ud800" * 40}, {"present": b""},
        {"following": b"x" * 5000}, {"following": b""}, {"signature": b""}, {"signature": b"x" * 200},
        {"issued_at": datetime(2026, 1, 1)}, {"issued_at": datetime(1, 1, 1, tzinfo=UTC)},  # noqa: DTZ001 -- without a zone
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_out_of_bounds_is_not_sane(wrong: dict[str, object]) -> None:
    assert sane(WORD)
    assert not sane(msgspec.structs.replace(WORD, **wrong))


def test_every_fault_has_a_sentence_and_a_name_is_short() -> None:
    assert set(WHY) == set(Fault)
    assert sentence("drill_wrong_name") == WHY[Fault.NAME]
    assert sentence("of a later version") == ""
    assert name_of(b"x") == hashlib.sha256(b"x").hexdigest()[:16]
