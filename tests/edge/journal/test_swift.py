"""The loop's own commits: they promise what the thread's do, and what they cannot do goes to the thread unchanged."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from central_sync.wire.refusals import Refused
from edge import log, platform
from edge.errors import JournalUnavailable
from edge.journal import Block, Journal, commits, press, slate, swift, writer
from edge.journal.folding import Folding
from edge.journal.swift import Swift
from tests.edge.journal.disks import on_a_quick_disk
from tests.edge.journal.drafts import NOW, applied, by_scribe, draft, folded, learned, own
from tests.patience import HUNG_S

PERSONS = 8


@pytest.fixture(params=["press", "scribe"])
async def journal(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Journal]:
    """Whatever makes its commits, it promises the same."""
    monkeypatch.setattr(writer, "FOLD_IDLE_S", 60.0)
    monkeypatch.setattr(swift, "SWIFT_S_MAX", HUNG_S)
    monkeypatch.setattr(commits, "SWIFT_S_MAX", HUNG_S)  # whatever else this machine does, its disk is quick
    journal = Journal(tmp_path / "lived" / "journal.db")
    journal.path.parent.mkdir()
    await journal.open()
    await learned(journal)
    assert own(journal).able, (
        "this file system takes no direct writes, or linux_aio.c was not built: these tests need both"
    )
    assert own(journal)._press.native is not None, "press.c was not built: installers/set_up.sh test"
    if request.param == "scribe":
        by_scribe(journal)
    yield journal
    await journal.close()


@pytest.fixture
def full_log() -> Iterator[None]:
    """What is logged meets a full disk."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with Path("/dev/full").open("w") as full:
        log.configure("info", full)
        yield
        with contextlib.suppress(OSError):  # what could not be written is tried once more when it is closed
            full.close()
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


class Counted:
    """How many commits the loop and the thread made."""

    def __init__(self, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = self.thread = 0
        commits = journal._writer._commits
        wrote, written = commits.wrote, commits.written

        def by_loop(*given: Any) -> None:
            self.loop += 1
            wrote(*given)

        def by_thread(*given: Any) -> Any:
            self.thread += 1
            return written(*given)

        monkeypatch.setattr(commits, "wrote", by_loop)
        monkeypatch.setattr(commits, "written", by_thread)


@pytest.fixture
def counted(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(journal, monkeypatch)


async def reopened(journal: Journal) -> Journal:
    again = Journal(journal.path)
    await journal.close()
    await again.open()
    assert await again.check() == []
    return again


async def test_what_needs_only_memory_is_committed_in_the_loop(journal: Journal, counted: Counted) -> None:
    await journal.add_block(Block(1, 100))
    made = await asyncio.gather(*[journal.append(draft(f"m{n}", opens_case=n == 0)) for n in range(PERSONS)])
    assert await journal.receive(applied(made[0].standing.seq), None, NOW) != []
    assert (await journal.append(draft("m1"))).fresh is False, "a repetition is seen in memory"
    with pytest.raises(Refused, match="msgid_reused"):
        await journal.append(draft("m1", digest=bytes(32)))
    assert counted.thread == 0
    assert counted.loop == 3, "the block, all eight, the answer; a repetition writes nothing"
    again = await reopened(journal)
    assert (await again.stats()).entries == {"open": PERSONS - 1, "final": 1}
    assert [(await again.find("H1", f"m{n}")) is not None for n in range(PERSONS)] == [True] * PERSONS
    await again.close()


async def test_what_the_tables_have_to_be_asked_for_goes_to_the_thread(journal: Journal, counted: Counted) -> None:
    first = await journal.append(draft("m0"))
    await folded(journal)
    again = await journal.append(draft("m0"))
    assert (again.fresh, again.standing.seq) == (False, first.standing.seq)
    with pytest.raises(Refused, match="msgid_reused"):
        await journal.append(draft("m0", digest=bytes(32)))
    assert (counted.loop, counted.thread) == (1, 2)


async def test_what_came_before_that_is_not_kept_waiting_for_it(journal: Journal, counted: Counted) -> None:
    await journal.append(draft("m0"))
    await folded(journal)
    made = await asyncio.gather(*[journal.append(draft(msgid)) for msgid in ("m1", "m1", "m2", "m0", "m3")])
    assert [one.fresh for one in made] == [True, False, True, False, True]
    assert (counted.loop, counted.thread) == (2, 1)
    confirmed = await journal.append(draft("m4", follows="m2"))
    assert confirmed.fresh
    assert counted.thread == 1, "what it follows is in memory"


async def test_before_all_msgids_are_learned_the_thread_looks_them_up(journal: Journal, counted: Counted) -> None:
    await journal.append(draft("m0"))
    await folded(journal)
    journal._writer._known.whole = False
    assert (await journal.append(draft("m0"))).fresh is False
    assert (await journal.append(draft("m1"))).fresh
    assert counted.thread == 2


async def test_a_later_start_knows_what_the_tables_had(journal: Journal) -> None:
    await journal.append(draft("m0"))
    again = await reopened(journal)
    await learned(again)
    assert (await again.append(draft("m0"))).fresh is False
    await again.close()


async def test_a_write_that_fails_is_refused_and_the_next_one_is_taken(
    journal: Journal, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journal.append(draft("m0"))
    with monkeypatch.context() as patch:
        patch.setattr(own(journal)._aio, "write", _failing(own(journal), errno.EIO))
        lost = await asyncio.gather(*[journal.append(draft(f"lost{n}")) for n in range(3)], return_exceptions=True)
    assert [type(one) for one in lost] == [JournalUnavailable] * 3
    assert (await journal.append(draft("lost0"))).fresh
    await journal.append(draft("m1"))
    again = await reopened(journal)
    assert [await again.find("H1", name) is not None for name in ("m0", "m1", "lost0", "lost1", "lost2")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    await again.close()


def _failing(swift_: Swift, number: int) -> Any:
    loop = asyncio.get_running_loop()

    def write(*_: object) -> None:
        loop.call_soon(swift_._written, OSError(number, "the disk fails"))

    return write


async def test_where_such_a_write_is_told_to_be_none_after_all_the_thread_makes_the_rest(
    journal: Journal, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(own(journal)._aio, "write", _failing(own(journal), errno.EINVAL))
        with pytest.raises(JournalUnavailable):
            await journal.append(draft("m0"))
        for n in range(1, 4):
            assert (await journal.append(draft(f"m{n}"))).fresh
    assert (counted.loop, counted.thread) == (0, 3)


async def test_what_was_refused_and_could_not_be_wiped_off_is_wiped_when_it_is_closed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = journal._writer._commits
    assert made.slate is not None
    descriptor, loop = made.slate._descriptor, asyncio.get_running_loop()

    def write(_: int, data: bytes, at: int) -> None:
        os.pwrite(descriptor, data, at)
        loop.call_soon(own(journal)._written, OSError(errno.EIO, "the disk fails"))

    def fails(*_: object) -> int:
        raise OSError(errno.EIO, "the disk fails")

    with monkeypatch.context() as patch:
        patch.setattr(own(journal)._aio, "write", write)
        patch.setattr(platform, "write_synced", fails)
        with pytest.raises(JournalUnavailable):
            await journal.append(draft("m0"))
        assert made.slate.soiled
    again = await reopened(journal)
    assert await again.find("H1", "m0") is None
    await again.close()


async def test_a_folder_that_cannot_be_looked_at_keeps_nobody_waiting_for_ever(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unseen(*_: object) -> bool:
        raise OSError(errno.EIO, "the disk fails")

    with monkeypatch.context() as patch:
        patch.setattr(slate, "is_still", unseen)
        with pytest.raises(JournalUnavailable):
            async with asyncio.timeout(HUNG_S):
                await journal.append(draft("m0"))
    assert (await journal.append(draft("m0"))).fresh


async def test_a_fold_that_cannot_be_begun_keeps_nobody_waiting_for_ever(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(commits, "FOLD_RECORDS_MAX", 1)
    with monkeypatch.context() as patch:
        patch.setattr(Folding, "begin", none_left)
        first = [journal.appending(draft(f"m{n}")) for n in range(3)]
        await asyncio.sleep(0)
        more = [journal.appending(draft(f"n{n}")) for n in range(3)]
        async with asyncio.timeout(HUNG_S):
            assert [(await one.future).fresh for one in (*first, *more)] == [True] * 6
    again = await reopened(journal)
    assert (await again.stats()).entries == {"open": 6}
    await again.close()


async def test_a_journal_that_is_opened_again_forgets_nothing_that_its_tables_know(journal: Journal) -> None:
    first = await journal.append(draft("m0"))
    await journal.close()
    await journal.open()
    again = await journal.append(draft("m0"))
    assert (again.fresh, again.standing.seq) == (False, first.standing.seq)


async def test_a_write_that_cannot_be_begun_is_made_by_the_thread(
    journal: Journal, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EAGAIN, "not now")

    monkeypatch.setattr(own(journal)._aio, "write", refused)
    assert (await journal.append(draft("m0"))).fresh
    assert (counted.loop, counted.thread) == (0, 1)


async def test_a_fault_of_ours_in_the_loop_leaves_nobody_waiting(
    journal: Journal, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> bytes:
        raise ZeroDivisionError

    by_scribe(journal)
    with monkeypatch.context() as patch:
        patch.setattr(press.frames, "frame", wrong)
        with pytest.raises(JournalUnavailable):
            await journal.append(draft("m0"))
    assert (await journal.append(draft("m1"))).fresh
    assert await journal.find("H1", "m0") is None


async def test_a_log_that_cannot_be_written_keeps_nobody_waiting_and_ends_no_thread(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, full_log: None
) -> None:
    """Loop and thread fail inside, and tell it where nothing can be told."""

    def wrong(*_: object) -> bytes:
        raise ZeroDivisionError

    by_scribe(journal)
    with monkeypatch.context() as patch:
        patch.setattr(press.frames, "frame", wrong)
        async with asyncio.timeout(HUNG_S):
            with pytest.raises(JournalUnavailable):
                await journal.append(draft("m0"))
    async with asyncio.timeout(HUNG_S):
        assert (await journal.append(draft("m1"))).fresh


async def test_a_slow_disk_is_waited_for_by_the_thread_until_it_is_quick_again(
    journal: Journal, counted: Counted
) -> None:
    journal._writer._commits.quick = False
    await journal.append(draft("m0"))
    assert (counted.loop, counted.thread) == (0, 1)
    await journal.append(draft("m1"))
    assert counted.loop == 1, "that one was quick"


async def test_a_write_that_goes_on_for_long_makes_the_disk_a_slow_one_and_a_loop_that_is_busy_does_not(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swift, "SWIFT_S_MAX", 0.002)
    on_a_quick_disk(journal, monkeypatch)
    made = journal._writer._commits
    appending = journal.appending(draft("m0"))
    await asyncio.sleep(0)
    time.sleep(0.05)  # noqa: ASYNC251 -- the loop has other work; the disk has long been ready
    await appending.future
    assert made.quick
    writes: Any = own(journal)._aio
    with monkeypatch.context() as patch:
        patch.setattr(writes, "write", lambda *_: None)
        patch.setattr(writes, "stand_still", lambda _, *, lend: None)
        hanging = journal.appending(draft("m1"))
        async with asyncio.timeout(HUNG_S):
            while made.quick:  # noqa: ASYNC110 -- nobody tells of it
                await asyncio.sleep(0.001)
    own(journal)._written(OSError(errno.EIO, "at last"))
    with pytest.raises(JournalUnavailable):
        await hanging.future


async def test_what_is_too_long_for_it_is_made_by_the_thread(journal: Journal, counted: Counted) -> None:
    await journal.append(draft("m0", packet=bytes(swift.SWIFT_BYTES_MAX)))
    await journal.append(draft("m1"))
    assert (counted.loop, counted.thread) == (1, 1)


async def test_many_at_once_and_several_turns_of_the_slate_lose_nothing(journal: Journal, counted: Counted) -> None:
    async def person(who: int) -> None:
        for count in range(60):
            made = await journal.append(draft(f"{who}-{count}", packet=bytes(3_000)))
            assert made.fresh
            if count % 7 == 0:
                await journal.receive(applied(made.standing.seq), None, NOW)

    await asyncio.gather(*[person(who) for who in range(PERSONS)])
    assert counted.loop > counted.thread
    again = await reopened(journal)
    assert (await again.stats()).entries == {"open": PERSONS * 51, "final": PERSONS * 9}
    await again.close()


async def test_closing_waits_for_the_write_under_way(journal: Journal) -> None:
    appending = journal.appending(draft("m0"))
    more = [journal.appending(draft(f"n{n}")) for n in range(3)]
    await asyncio.sleep(0)
    again = await reopened(journal)
    assert [(await one.future).fresh for one in (appending, *more)] == [True] * 4
    assert await again.find("H1", "m0") is not None
    await again.close()


async def test_a_disk_that_hangs_keeps_nobody_but_those_who_wait_for_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: Any = own(journal)._aio
    held: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(writes, "write", lambda *given: held.append(given))
        patch.setattr(writes, "stand_still", lambda _, *, lend: None)
        first = journal.appending(draft("m0"))
        await asyncio.sleep(0)
        second, third = journal.appending(draft("m1")), journal.appending(draft("m2"))
        assert await journal.find("H1", "m9") is None, "reads go on"
        assert not first.cancel(), "it is in the disk's hands"
        assert second.cancel(), "that one is not"
        assert not any(one.future.done() for one in (first, third))
    writes.write(*held[0])
    assert (await first.future).fresh
    assert (await third.future).fresh
    assert await journal.find("H1", "m1") is None
    second.future.cancel()


async def test_where_there_is_no_such_write_the_thread_makes_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "aio", lambda *_: None)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    assert not own(journal).able
    made = await asyncio.gather(*[journal.append(draft(f"m{n}")) for n in range(PERSONS)])
    assert all(one.fresh for one in made)
    await journal.close()
