"""Receipts: every byte that is signed is written down here by hand, and nothing of an answer can be changed under a signature."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from central_sync.wire import receipts
from central_sync.wire.messages import Ask, Item, ItemAnswer, Transaction, Verdict
from tests.wire_vectors import samples

AT = datetime(2025, 3, 20, 6, 30, 15, 250000, tzinfo=UTC)
LIFE = bytes(range(16))
ANSWER = ItemAnswer(msgid="m-1", verdict=Verdict.FINAL, packet=b"\x80", decided_at=AT, digest=bytes(32))


def _item(number: str) -> Transaction:
    return msgspec.structs.replace(samples.transaction(), number=number)


def test_the_signed_text_is_these_bytes_written_by_hand() -> None:
    leaves = [bytes([n]) * 32 for n in (1, 2)]
    by_hand = (
        b"pishkhan receipt 3\x00"
        b"\x04H001"
        + LIFE
        + (1742452215250000).to_bytes(8, "big")
        + b"\x00\x00\x00\x02"
        + hashlib.sha256(b"\x01" + b"\x01" * 32 + b"\x02" * 32).digest()
    )
    assert receipts.signed_text("H001", LIFE, AT, leaves) == by_hand


def test_a_batch_without_a_life_is_signed_with_zeros() -> None:
    assert receipts.signed_text("H001", b"", AT, []) == receipts.signed_text("H001", bytes(16), AT, [])


def test_an_instant_is_the_same_in_every_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=3, minutes=30)))
    assert receipts.signed_text("H001", LIFE, elsewhere, []) == receipts.signed_text("H001", LIFE, AT, [])


def test_a_leaf_is_the_sum_of_the_answer_as_it_stands_on_the_line() -> None:
    assert receipts.leaf(ANSWER) == hashlib.sha256(b"\x00" + msgspec.msgpack.encode(ANSWER)).digest()
    travelled = msgspec.msgpack.decode(msgspec.msgpack.encode(ANSWER), type=ItemAnswer)
    assert receipts.leaf(travelled) == receipts.leaf(ANSWER)


@pytest.mark.parametrize(
    "changed",
    [
        {"msgid": "m-2"},
        {"verdict": Verdict.REFUSED},
        {"packet": b"\x81"},
        {"code": "x"},
        {"detail": "x"},
        {"confirmation": "awaited"},
        {"decided_at": AT + timedelta(microseconds=1)},
        {"repeated": True},
        {"digest": bytes(31) + b"\x01"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_whatever_is_changed_in_an_answer_changes_its_leaf(changed: dict[str, object]) -> None:
    assert receipts.leaf(msgspec.structs.replace(ANSWER, **changed)) != receipts.leaf(ANSWER)


def test_order_number_institution_life_and_time_are_signed() -> None:
    one, two = b"\x01" * 32, b"\x02" * 32
    texts = {
        receipts.signed_text("H001", LIFE, AT, [one, two]),
        receipts.signed_text("H001", LIFE, AT, [two, one]),
        receipts.signed_text("H001", LIFE, AT, [one]),
        receipts.signed_text("H002", LIFE, AT, [one, two]),
        receipts.signed_text("H001", bytes(16), AT, [one, two]),
        receipts.signed_text("H001", LIFE, AT + timedelta(microseconds=1), [one, two]),
    }
    assert len(texts) == 6


def test_a_receipt_covers_what_is_journaled_and_decided_and_nothing_else() -> None:
    ask = Ask(msgid="m-1", number="2207", lane="x", digest=bytes(32))
    items: list[Item] = [_item("2207"), _item("1101"), _item("2204"), _item("no such"), ask]
    answers = [msgspec.structs.replace(ANSWER, msgid=f"m-{n}") for n in range(5)]
    answers[2] = ItemAnswer(msgid="m-2", verdict=Verdict.AGAIN, code="hub_busy")
    assert [answer.msgid for answer in receipts.covered(items, answers)] == ["m-0", "m-3", "m-4"]


def test_answers_that_are_not_those_of_the_batch_are_not_taken_for_it() -> None:
    with pytest.raises(ValueError, match="zip"):
        receipts.covered([_item("2207")], [])


def test_a_signer_is_named_by_its_certificate() -> None:
    assert receipts.signer_name(b"der") == hashlib.sha256(b"der").hexdigest()[:16]
