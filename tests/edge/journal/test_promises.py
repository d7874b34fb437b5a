"""What the journal promises: one commit for many, one HID for one case, one answer for one msgid, and its tables agree."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from central_sync.wire import packets as p
from central_sync.wire.messages import ConfirmationChange, HidBlock, Notice
from central_sync.wire.refusals import Refused
from edge.errors import JournalUnavailable
from edge.journal import Appended, Block, Journal, Marking, lane_key
from edge.journal.operation import Operation, Upkeep
from edge.outcome import Mark, Outcome
from tests.edge.journal.drafts import NOW, applied, by_thread, declined, draft, folded, settled, together


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    assert await journal.check() == []
    await journal.close()


async def test_sixty_four_at_once_share_commits(journal: Journal) -> None:
    before = (await journal.stats()).commits
    await asyncio.gather(*[journal.append(draft(f"m{i}")) for i in range(64)])
    stats = await journal.stats()
    assert stats.pending == 64
    assert stats.commits - before <= 8


async def test_one_that_fails_leaves_its_neighbours_alone(journal: Journal) -> None:
    await journal.append(draft("m0"))
    asked = [journal.append(draft(f"m{i}", digest=b"x" * 32)) for i in range(10)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(results[0], Refused)
    assert results[0].code == "msgid_reused"
    assert (await journal.stats()).pending == 10


async def test_no_two_cases_ever_share_a_hid(journal: Journal) -> None:
    await journal.add_block(Block(1, 5))
    await journal.add_block(Block(100, 104))
    asked = [journal.append(draft(f"m{i}", number="2201", opens_case=True)) for i in range(12)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    hids = [r.standing.hid for r in results if not isinstance(r, BaseException)]
    refused = [r for r in results if isinstance(r, Refused)]
    assert len(hids) == len(set(hids)) == 10
    assert [r.code for r in refused] == ["hids_exhausted"] * 2
    assert await journal.find("H1", "m11") is None, "what got no HID was not kept"
    await journal.add_block(Block(1, 5))
    assert await journal.hids_left() == 0, "a lease that comes twice gives nothing twice"


async def test_a_lease_that_is_none_is_left_out(journal: Journal) -> None:
    for first, last in ((0, 5), (5, 1), (1, 10**14)):
        await journal.add_block(Block(first, last))
    assert await journal.hids_left() == 0


async def test_a_verdict_changes_by_the_table_and_by_nothing_else(journal: Journal) -> None:
    seq = (await journal.append(draft("m1"))).standing.seq
    [standing] = await journal.receive(applied(seq), None, NOW)
    assert standing is not None
    assert (standing.outcome, standing.answer) == (Outcome.FINAL, b"\x80")
    await journal.receive(declined(seq, "hid_unknown"), None, NOW)
    await journal.receive(applied(seq, packet=b"\x81\xa1a\x01"), None, NOW)
    for _ in range(2):
        kept = await journal.find("H1", "m1")
        assert kept is not None
        assert (kept.outcome, kept.answer) == (Outcome.FINAL, b"\x80"), "the first answer stays"
        await folded(journal)
    assert await journal.waiting(0, 10) == []
    late = await journal.withdraw(seq, "line_down", NOW)
    assert late is not None
    assert late.outcome is Outcome.FINAL, "who decides too late is told how it stands"
    assert await journal.withdraw(999, "line_down", NOW) is None


async def test_what_is_open_after_a_start_is_what_was_open_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.append(draft("replay"))
    await journal.append(draft("fence", number="2207"))
    gone = (await journal.append(draft("gone", number="2207"))).standing.seq
    await journal.withdraw(gone, "line_down", NOW)
    for _ in range(2):
        assert [(one.number, journal.open_count) for one in await journal.waiting(0, 9)] == [("2204", 2), ("2207", 2)]
        assert [(s.msgid, s.outcome) for s in await journal.open_list("H1")] == [
            ("replay", "provisional"), ("fence", "in_doubt"),
        ]  # fmt: skip
        withdrawn = await journal.find("H1", "gone")
        assert withdrawn is not None
        assert (withdrawn.outcome, withdrawn.code) == (Outcome.REFUSED, "line_down")
        await journal.close()
        await journal.open()
    await journal.close()


async def test_a_parked_entry_stays_open_and_is_marked_until_it_is_released(journal: Journal) -> None:
    seq = (await journal.append(draft("m1"))).standing.seq
    await journal.park(seq, "hub_fault", NOW)
    for _ in range(2):
        assert [one.parked for one in await journal.waiting(0, 9)] == [True]
        assert (await journal.stats()).parked == 1
        await folded(journal)
    await journal.release(seq, NOW)
    assert [one.parked for one in await journal.waiting(0, 9)] == [False]
    await folded(journal)
    assert [one.parked for one in await journal.waiting_in_lane(lane_key("l1"), seq + 1)] == [False]
    assert await journal.waiting_in_lane(lane_key("l1"), seq) == []


async def test_what_was_answered_just_now_does_not_make_a_reading_look_like_the_last(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads in pages takes a short one for the end."""
    monkeypatch.setattr("edge.journal.LANE_ENTRIES_MAX", 4)
    seqs = [(await journal.append(draft(f"m{i}", lane="l1"))).standing.seq for i in range(12)]
    await folded(journal)
    seqs.append((await journal.append(draft("late", lane="l1"))).standing.seq)
    await journal.receive(together([applied(seq) for seq in seqs[1:6]]), None, NOW)
    left = [seqs[0], *seqs[6:]]
    assert [one.seq for one in await journal.waiting(0, 4)] == left[:4]
    assert [one.seq for one in await journal.waiting(left[3], 4)] == left[4:]
    assert [one.seq for one in await journal.waiting(0, 8)] == left
    assert [one.seq for one in await journal.waiting_in_lane(lane_key("l1"), seqs[-1])] == left[:4]
    assert [one.seq for one in await journal.waiting_in_lane(lane_key("l1"), left[3])] == left[:3]


async def test_a_new_life_voids_the_leases_and_keeps_everything_else(journal: Journal) -> None:
    await journal.add_block(Block(1, 5))
    first = journal.life
    await journal.append(draft("m1"))
    await journal.begin_life("restored", NOW)
    assert journal.life != first
    assert await journal.hids_left() == 0
    await journal.add_block(Block(1, 5))
    assert await journal.hids_left() == 0, "a lease of the old life gives nothing in the new one"
    assert journal.open_count == 1


async def test_a_followers_lane_is_that_of_its_original(journal: Journal) -> None:
    await journal.append(draft("m1", hid="1234", lane="1234"))
    confirm = await journal.append(draft("c1", number="49", lane="cycle", follows="m1"))
    assert (confirm.standing.lane, confirm.standing.hid) == ("1234", "1234")
    alone = await journal.append(draft("c2", number="49", lane="cycle", follows="unknown"))
    assert alone.standing.lane == "cycle"


async def test_a_tombstone_stops_its_original_until_the_hub_lifts_it(journal: Journal) -> None:
    await journal.add_block(Block(1, 5))
    reversal = await journal.append(draft("r1", number="2601", follows="m1", reverses=True))
    stopped = await journal.append(draft("m1", number="2201", opens_case=True))
    assert (stopped.standing.outcome, stopped.standing.code) == (Outcome.REFUSED, "reversed_before_arrival")
    assert await journal.hids_left() == 5
    await journal.append(draft("r2", number="2601", follows="m2", reverses=True))
    reversed_ = p.Reversed(original_msgid="m2", effect="reversed")
    await journal.receive(applied(reversal.standing.seq, "2601", msgspec.msgpack.encode(reversed_)), None, NOW)
    assert (await journal.append(draft("m2"))).standing.outcome is Outcome.PROVISIONAL


async def test_a_reversal_that_is_refused_stops_nothing(journal: Journal) -> None:
    reversal = await journal.append(draft("r1", number="2601", follows="m1", reverses=True))
    await journal.receive(declined(reversal.standing.seq, "original_not_reversible", "2601"), None, NOW)
    assert (await journal.append(draft("m1", number="2204"))).standing.outcome is Outcome.PROVISIONAL


async def test_the_feed_and_its_cursor_are_one(journal: Journal) -> None:
    seq = (await journal.append(draft("m1", number="2207"))).standing.seq
    await journal.receive(settled(seq), None, NOW)
    bodies = [
        (1, HidBlock(first=10, last=19)),
        (2, Notice(text="hello")),
        (3, ConfirmationChange(msgid="m1", confirmation="annulled")),
    ]
    changed = await journal.take_feed(3, bodies, NOW)
    assert [(s.msgid, s.confirmation) for s in changed] == [("m1", "annulled")]
    assert await journal.take_feed(3, bodies, NOW) == [], "what comes twice is taken once"
    assert await journal.feed_cursor() == 3
    assert await journal.hids_left() == 10
    assert list((await journal.recall("notice")).values()) == [b"hello"]
    assert await journal.open_list("H1") == []


async def test_a_marking_that_the_table_forbids_changes_nothing(journal: Journal) -> None:
    seq = (await journal.append(draft("m1", number="2207"))).standing.seq
    assert await journal.mark(Marking(mark=Mark.CONFIRM, msgid="m1"), NOW) is None, "it is not settled"
    await journal.receive(settled(seq), None, NOW)
    assert await journal.mark(Marking(mark=Mark.CONFIRM, msgid="m1"), NOW) is not None
    assert await journal.mark(Marking(mark=Mark.ANNUL, msgid="m1"), NOW) is None


async def test_facts_survive(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.remember("token", "a", b"1")
    await journal.remember("token", "a", b"2")
    await journal.remember("token", "b", b"3")
    await journal.forget("token", "b")
    await journal.close()
    await journal.open()
    assert await journal.recall("token") == {"a": b"2"}
    await journal.close()


async def test_an_append_that_has_not_begun_can_be_stopped_for_good(journal: Journal) -> None:
    held = threading.Event()
    by_thread(journal)
    blocking = journal._writer.submit(Operation(lambda _: held.wait(5)))
    await asyncio.sleep(0.05)
    appending = journal.appending(draft("m1"))
    assert appending.cancel()
    held.set()
    await blocking.future
    assert await journal.find("H1", "m1") is None


async def test_one_that_fails_to_be_told_keeps_nobody_else_from_being_told(journal: Journal) -> None:
    told: list[str] = []

    def tell(appended: Appended) -> None:
        told.append(appended.standing.msgid)
        if appended.standing.msgid == "m1":
            raise RuntimeError("a fault of ours")

    journal.on_fresh = tell
    kept = await asyncio.wait_for(asyncio.gather(*[journal.append(draft(f"m{i}")) for i in range(4)]), 30)
    assert [one.fresh for one in kept] == [True] * 4
    assert told == ["m0", "m1", "m2", "m3"]


async def test_a_transaction_that_was_left_open_takes_no_commit_with_it(journal: Journal) -> None:
    """Else the next commit would be told as safe, and be undone with it."""

    def leaves_it_open(c: Any) -> None:
        c.execute("begin immediate")
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError):
        await journal._writer.submit(Upkeep(leaves_it_open)).future
    with pytest.raises(JournalUnavailable):
        await journal.append(draft("m1"))
    assert (await journal.append(draft("m1"))).fresh
    reader = Journal(journal.path)
    await reader.open(read_only=True)
    assert await reader.find("H1", "m1") is not None
    await reader.close()


async def test_a_fold_that_fails_inside_ends_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr("edge.journal.fold._facts", fails)
        for count in range(3):
            assert (await journal.append(draft(f"m{count}"))).fresh
            await asyncio.sleep(0.2)
    assert (await journal.append(draft("m9"))).fresh
    await folded(journal)
    assert (await journal.stats()).pending == 4


async def test_an_answer_that_comes_twice_closes_one_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    seq = (await journal.append(draft("m1"))).standing.seq
    await journal.append(draft("m2"))
    await journal.receive(applied(seq), None, NOW)
    await folded(journal)
    await journal.receive(applied(seq), None, NOW)
    beside = Journal(journal.path)
    await beside.open(read_only=True)
    await beside.waiting(0, 1)
    assert beside.open_count == 1, "who begins with what is open must not take it for nothing"
    await beside.close()
    await journal.close()


async def test_the_oldest_that_waits_and_the_oldest_doubt_are_known_whatever_is_folded(journal: Journal) -> None:
    later = [NOW + timedelta(minutes=minutes) for minutes in range(4)]
    first = (await journal.append(draft("m0", recorded_at=later[0]))).standing.seq
    await journal.append(draft("m1", recorded_at=later[1]))
    await journal.append(draft("m2", number="2207", recorded_at=later[2], lane="l2"))
    for fold in (False, True):
        if fold:
            await folded(journal)
        stats = await journal.stats()
        assert (stats.oldest_at, stats.in_doubt, stats.in_doubt_since) == (later[0], 1, later[2])
    await journal.receive(applied(first), None, NOW)
    assert (await journal.stats()).oldest_at == later[1]
    await folded(journal)
    assert (await journal.stats()).oldest_at == later[1]


async def test_where_nothing_waits_nothing_is_the_oldest(journal: Journal) -> None:
    seq = (await journal.append(draft("m0"))).standing.seq
    await journal.receive(applied(seq), None, NOW)
    stats = await journal.stats()
    assert (stats.oldest_at, stats.in_doubt, stats.in_doubt_since) == (None, 0, None)
