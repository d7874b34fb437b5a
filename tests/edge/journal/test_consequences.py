"""What answers do to a settlement's confirmation is the same whether they come in one batch or one by one, folded or not, and after a start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from central_sync.wire import packets as p
from edge.journal import Journal, Received
from tests.edge.journal.drafts import NOW, applied, draft, folded, settled, together

CANCELLED = p.SettleCancelled(hid="h", settlement_id="S1", total=0, patient=0, funds=0)


def confirmed(seq: int) -> Received:
    packet = p.Confirmed(settlement_id="S1", confirmation="confirmed")
    return applied(seq, "49", msgspec.msgpack.encode(packet))


def annulled(seq: int) -> Received:
    packet = p.Confirmed(settlement_id="S1", confirmation="annulled")
    return applied(seq, "49", msgspec.msgpack.encode(packet))


def cancelled(seq: int) -> Received:
    return applied(seq, "2208", msgspec.msgpack.encode(CANCELLED))


def reversed_(of: str) -> Callable[[int], Received]:
    packet = msgspec.msgpack.encode(p.Reversed(original_msgid=of, effect="reversed"))
    return lambda seq: applied(seq, "2601", packet)


ROWS: dict[str, tuple[list[tuple[str, Callable[[int], Received]]], str]] = {
    "settled": ([("2207", settled)], "awaited"),
    "settled and confirmed": ([("2207", settled), ("49", confirmed)], "confirmed"),
    "settled and annulled": ([("2207", settled), ("49", annulled)], "annulled"),
    "settled and cancelled": ([("2207", settled), ("2208", cancelled)], "undone"),
    "settled and reversed": ([("2207", settled), ("2601", reversed_("m0"))], "undone"),
    "confirmed and cancelled": ([("2207", settled), ("49", confirmed), ("2208", cancelled)], "undone"),
    "a cancel that is reversed": (
        [("2207", settled), ("49", confirmed), ("2208", cancelled), ("2601", reversed_("m2"))],
        "confirmed",
    ),
}
"""What happens to a settlement (number, answer), in order, and how its confirmation stands then."""


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    assert await journal.check() == []
    await journal.close()


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("batches", ["one by one", "all together", "the settlement first", "the last one alone"])
@pytest.mark.parametrize("fold", [True, False], ids=["folded", "in the tail"])
async def test_a_settlement_ends_alike_in_whatever_batches_the_answers_come(
    journal: Journal, row: str, batches: str, fold: bool
) -> None:
    steps, expected = ROWS[row]
    received = []
    for count, (number, answer) in enumerate(steps):
        kept = await journal.append(draft(f"m{count}", number=number, digest=bytes([count]) * 32))
        received.append(answer(kept.standing.seq))
    parts = {
        "one by one": [[one] for one in received],
        "all together": [received],
        "the settlement first": [received[:1], received[1:]],
        "the last one alone": [received[:-1], received[-1:]],
    }[batches]
    for part in parts:
        if part:
            await journal.receive(together(part), None, NOW)
        if fold:
            await folded(journal)
    for _ in range(2):
        standing = await journal.standing(received[0].seqs[0])
        assert standing is not None
        assert standing.confirmation == expected
        await folded(journal)
