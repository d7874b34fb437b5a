"""The bytes of answers: written from what their receipt was checked by, and read again, also as older releases kept them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from central_sync.wire import receipts
from central_sync.wire.messages import ItemAnswer, Verdict
from edge.journal import records as r

AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def answers(count: int, receipt: r.Receipt | None = None) -> r.Answers:
    said = [
        ItemAnswer(msgid=f"m{place}", verdict=Verdict.FINAL, packet=b"p" * (place + 1), decided_at=AT)
        for place in range(count)
    ]
    return r.Answers(
        seqs=[*range(1, count + 1)], numbers=["2204"] * count, answers=said, moves=[(7, "undo")], drops=["m"], receipt=receipt, at=5,
    )  # fmt: skip


def receipt(count: int, places: list[int], leaves: bytes) -> r.Receipt:
    return r.Receipt(signer="s", signature=b"", hub_time=AT, life=b"", leaves=leaves, places=places, count=count)


@pytest.mark.parametrize("count", [1, 15, 16, 512])
def test_answers_that_are_there_in_messagepack_are_written_as_they_are_and_read_as_any_others(count: int) -> None:
    record = answers(count)
    written = r.encoded(r.packed(record, [receipts.text(one) for one in record.answers]))
    assert written == r.encoded(record)
    assert r.decoded(written) == record


def test_the_leaves_of_recorded_answers_are_made_from_them_and_those_of_others_are_kept() -> None:
    others = [ItemAnswer(msgid=f"other{place}", verdict=Verdict.FINAL) for place in range(2)]
    own = answers(3).answers
    leaves = [receipts.leaf(one) for one in (others[0], own[0], own[2], others[1])]
    record = answers(3, receipt(4, [1, -1, 2], leaves[0] + leaves[3]))  # the second of ours is none that it covers
    assert r.covered(r.decoded(r.encoded(record))) == b"".join(leaves)


def test_a_receipt_of_an_older_release_has_all_leaves_itself() -> None:
    record = answers(2, receipt(0, [1, 2], bytes(96)))
    older = r.encoded(record).replace(b"\x92\x01\x02\x00\x05", b"\x92\x01\x02\x05").replace(b"\x97\xa1s", b"\x96\xa1s")
    assert len(older) == len(r.encoded(record)) - 1
    assert r.covered(r.decoded(older)) == bytes(96)
