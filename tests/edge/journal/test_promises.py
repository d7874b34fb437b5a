"""What the journal promises: one commit for many, one HID for one case, one answer for one msgid, and its tables agree."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_sync.wire.messages import ConfirmationChange, HidBlock, Notice
from central_sync.wire.refusals import Refused
from edge.journal import Block, Journal, Marking, Record
from edge.outcome import Confirmation, Event, Mark, Outcome
from tests.edge.journal.drafts import NOW, draft


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
    [final] = await journal.record([Record(seq=seq, event=Event.APPLIED, answer=b"a")], NOW)
    assert final is not None
    assert final.outcome is Outcome.FINAL
    assert await journal.record([Record(seq=seq, event=Event.DECLINED, code="no")], NOW) == [None]
    [same] = await journal.record([Record(seq=seq, event=Event.APPLIED, answer=b"other")], NOW)
    assert same is not None
    assert same.answer == b"a", "the first answer stays"
    assert await journal.pending() == []
    [late] = await journal.record([Record(seq=seq, event=Event.DELAYED, only_if_open=True)], NOW)
    assert late is not None
    assert late.outcome is Outcome.FINAL, "who decides too late is told how it stands"
    assert await journal.record([Record(seq=999, event=Event.APPLIED)], NOW) == [None]


async def test_a_start_settles_what_had_a_caller(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.append(draft("replay"))
    await journal.append(draft("fence", number="2207"))
    await journal.close()
    await journal.open()
    changed = await journal.recover(NOW)
    assert [(s.msgid, s.outcome) for s in changed] == [("replay", "provisional"), ("fence", "in_doubt")]
    assert await journal.recover(NOW) == []
    assert [p.outcome for p in await journal.pending()] == ["provisional", "in_doubt"]
    await journal.close()


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
    await journal.record([Record(seq=reversal.standing.seq, event=Event.APPLIED, lifts="m2")], NOW)
    assert (await journal.append(draft("m2"))).standing.outcome is Outcome.ACCEPTED


async def test_a_reversal_that_is_refused_stops_nothing(journal: Journal) -> None:
    reversal = await journal.append(draft("r1", number="2601", follows="m1", reverses=True))
    await journal.record([Record(seq=reversal.standing.seq, event=Event.DECLINED, code="original_not_reversible")], NOW)
    assert (await journal.append(draft("m1", number="2204"))).standing.outcome is Outcome.ACCEPTED


async def test_the_feed_and_its_cursor_are_one(journal: Journal) -> None:
    seq = (await journal.append(draft("m1", number="2207"))).standing.seq
    record = Record(seq=seq, event=Event.APPLIED, confirmation=Confirmation.AWAITED, reference="S1")
    await journal.record([record], NOW)
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
    await journal.record([Record(seq=seq, event=Event.APPLIED, confirmation=Confirmation.AWAITED)], NOW)
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
    blocking = journal._writer.submit(lambda _: held.wait(5))
    await asyncio.sleep(0.05)
    appending = journal.appending(draft("m1"))
    assert appending.cancel()
    held.set()
    await asyncio.wrap_future(blocking)
    assert await journal.find("H1", "m1") is None
