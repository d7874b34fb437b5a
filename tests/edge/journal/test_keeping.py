"""Signed days and pruning: what the hub has not signed for stays, what goes leaves a chain that still holds, and nothing open is touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.journal import Journal, Marking, Receipt, retention
from edge.outcome import Mark
from tests.edge.journal.drafts import NOW, draft, folded, settled
from tests.edge.journal.kept import answer, fill, in_days, sign_days, visit
from tests.edge.journal.papers import Papers

PAPERS = Papers("H1")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    await folded(journal)
    assert await journal.check() == []
    await journal.close()


async def _prune(journal: Journal, today: int = 40, keep_days: int = 30) -> tuple[int, str]:
    found = await journal.keeping.prune(in_days(today), keep_days, lambda *_: None)
    return found.transactions, found.held


async def test_a_day_is_offered_until_it_is_signed_and_then_never_again(journal: Journal) -> None:
    await fill(journal, ["m1", "m2"])
    assert await journal.keeping.day_roots(in_days(0)) == [], "today has not ended"
    [day] = await journal.keeping.day_roots(in_days(1))
    assert (day.day, day.first, day.last) == (in_days(0), 1, 3)
    assert await journal.keeping.day_roots(in_days(1)) == [day]
    await sign_days(journal, PAPERS, in_days(1))
    assert await journal.keeping.day_roots(in_days(1)) == []
    await fill(journal, ["m3"])
    [later] = await journal.keeping.day_roots(in_days(2))
    assert (later.day, later.first) == (in_days(1), 4), "the record of the first day's root is of the next"
    assert [root.day for root in journal.keeping.signed()] == [str(in_days(0))]


async def test_what_is_old_answered_and_signed_for_goes_and_the_rest_stays(journal: Journal) -> None:
    old = await fill(journal, [f"m{i}" for i in range(40)])
    await answer(journal, PAPERS, old)
    await sign_days(journal, PAPERS, in_days(1))
    young = await fill(journal, ["young"])
    await answer(journal, PAPERS, young)
    assert await _prune(journal) == (40, "")
    assert await journal.find("H1", "m7") is None
    kept = await journal.find("H1", "young")
    assert kept is not None
    assert kept.outcome == "final"
    assert (await journal.stats()).entries == {"final": 1}
    assert await journal.check() == []


async def test_a_journal_goes_on_from_its_cut_after_a_restart(journal: Journal, tmp_path: Path) -> None:
    await answer(journal, PAPERS, await fill(journal, ["m1", "m2"]))
    await sign_days(journal, PAPERS, in_days(1))
    await _prune(journal)
    await journal.close()
    again = Journal(tmp_path / "journal.db")
    await again.open()
    try:
        assert again.life == journal.life
        assert again.head == journal.head
        [seq] = await fill(again, ["m3"])
        assert seq == journal.head + 1
        await folded(again)
        assert await again.check() == []
    finally:
        await again.close()
    await journal.open()


async def test_what_is_open_is_never_pruned_nor_what_comes_after_it(journal: Journal) -> None:
    first, second, third = await fill(journal, ["m1", "m2", "m3"])
    await answer(journal, PAPERS, [first, third])
    await sign_days(journal, PAPERS, in_days(1))
    assert await _prune(journal) == (1, f"the transaction {second} has no last word yet")
    assert [pending.seq for pending in await journal.waiting(0, 10)] == [second]
    await answer(journal, PAPERS, [second])
    assert await _prune(journal) == (2, "")


async def test_what_the_hub_has_not_signed_for_is_never_pruned(journal: Journal) -> None:
    await answer(journal, PAPERS, await fill(journal, ["m1", "m2"]))
    assert await _prune(journal) == (0, ""), "its day is not signed"
    [third] = await fill(journal, ["m3"])
    await answer(journal, PAPERS, [third], signed=False)
    await sign_days(journal, PAPERS, in_days(1))
    assert await _prune(journal) == (2, f"the transaction {third} has an answer without the hub's receipt")
    assert await journal.find("H1", "m3") is not None


async def test_what_is_young_is_never_pruned(journal: Journal) -> None:
    await answer(journal, PAPERS, await fill(journal, ["m1"]))
    await sign_days(journal, PAPERS, in_days(1))
    assert await _prune(journal, today=30, keep_days=30) == (0, "")
    assert await _prune(journal, today=31, keep_days=30) == (1, "")


async def test_what_was_pruned_and_comes_again_is_carried_again(journal: Journal) -> None:
    await answer(journal, PAPERS, await fill(journal, ["m1"]))
    await sign_days(journal, PAPERS, in_days(1))
    await _prune(journal)
    again = await journal.append(visit("m1"))
    assert again.fresh
    assert [pending.seq for pending in await journal.waiting(0, 10)] == [again.standing.seq]


async def test_signed_days_go_with_what_they_held(journal: Journal) -> None:
    for day in range(1, 4):
        await answer(journal, PAPERS, await fill(journal, [f"m{day}"]))
        await sign_days(journal, PAPERS, in_days(day))
    await _prune(journal, today=31, keep_days=30)
    assert [root.day for root in journal.keeping.signed()] == [str(in_days(1)), str(in_days(2))]
    await _prune(journal)
    assert [root.day for root in journal.keeping.signed()] == [str(in_days(2))], "the last one tells where to go on"
    assert await journal.keeping.day_roots(in_days(3)) == []


async def test_another_data_key_seals_from_now_on(journal: Journal) -> None:
    await fill(journal, ["m1"])
    before = journal.keeping.key_since
    await journal.keeping.rotate(datetime.now(UTC) + timedelta(days=1))
    assert journal.keeping.key_since > before
    await fill(journal, ["m2"])
    await folded(journal)
    for name in ("m1", "m2"):
        assert await journal.find("H1", name) is not None


async def test_it_tells_how_much_it_holds(journal: Journal) -> None:
    used, free = await journal.keeping.held_bytes()
    await asyncio.gather(*[journal.append(draft(f"m{i}", packet=b"p" * 9000)) for i in range(50)])
    await folded(journal)
    assert (await journal.keeping.held_bytes())[0] > used
    assert free >= 0
    assert await journal.keeping.written_since(NOW - timedelta(days=1)) > 50 * 9000
    assert await journal.keeping.written_since(datetime.now(UTC) + timedelta(days=1)) == 0


async def test_a_settlement_that_awaits_its_confirmation_stays_and_leaves_no_trace_when_it_goes(
    journal: Journal,
) -> None:
    seq = (await journal.append(draft("m1", number="2207"))).standing.seq
    receipt = Receipt(signer="s", signature=b"", hub_time=NOW, life=journal.life, leaves=bytes(32), places=[0])
    await journal.receive(settled(seq), receipt, NOW)
    await folded(journal)
    await sign_days(journal, PAPERS, in_days(1))
    assert await _prune(journal) == (0, f"the transaction {seq} awaits its confirmation")
    await journal.mark(Marking(mark=Mark.CONFIRM, reference="S1"), NOW)
    await folded(journal)
    assert await _prune(journal) == (1, "")
    left = await journal._read(lambda c, _: c.execute("select count(*) from reference").fetchone())
    assert left == (0,)
    assert await journal.mark(Marking(mark=Mark.ANNUL, reference="S1"), NOW) is None


async def test_a_settlement_that_is_reinstated_while_it_is_planned_to_go_stays(journal: Journal) -> None:
    seq = (await journal.append(draft("m1", number="2207"))).standing.seq
    receipt = Receipt(signer="s", signature=b"", hub_time=NOW, life=journal.life, leaves=bytes(32), places=[0])
    await journal.receive(settled(seq), receipt, NOW)
    await journal.mark(Marking(mark=Mark.UNDO, reference="S1"), NOW)
    await folded(journal)
    [root] = await sign_days(journal, PAPERS, in_days(1))
    planned = await journal._read(lambda c, vault: retention.plan(c, vault, root.last))
    assert planned.segments
    await journal.mark(Marking(mark=Mark.REINSTATE, reference="S1"), NOW)  # in memory yet, and it counts
    assert not await journal.keeping._upkeep(journal.keeping._pruning(planned))
    assert await journal.find("H1", "m1") is not None
