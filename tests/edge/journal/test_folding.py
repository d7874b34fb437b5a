"""A fold beside the commits: nothing is lost or told twice while it goes on, and what it fails at is tried again."""

from __future__ import annotations

import asyncio
import errno
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from edge.journal import Journal, bulk, commits, files, fold, slate, writer
from edge.journal import records as r
from edge.journal.folding import Folded, Folding
from edge.journal.frames import Sealed
from edge.journal.scribe import Scribe
from edge.journal.sealing import Vault
from edge.journal.verify import verify
from edge.limits import FOLD_PORTION_BYTES, WAL_BYTES_MAX, WAL_BYTES_TOLD
from tests.edge.journal.drafts import NOW, applied, draft, settled
from tests.patience import HUNG_S

PACKET_BYTES = 1_000_000
TOLD_AFTER = -(-WAL_BYTES_TOLD // PACKET_BYTES)


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, fails: bool = False) -> Iterator[threading.Event]:
    """Folds stand still in their thread until this is left, or fail then. What is given is set once one has begun."""
    begun, let_go, real = threading.Event(), threading.Event(), fold.fold

    def stands(*given: Any, portions: bool) -> None:
        if threading.current_thread().name.startswith("journal-fold"):
            begun.set()
            let_go.wait(HUNG_S)
            if fails:
                raise OSError(errno.EIO, "no")
        real(*given, portions=portions)

    with monkeypatch.context() as patch:
        patch.setattr(fold, "fold", stands)
        try:
            yield begun
        finally:
            let_go.set()


@pytest.fixture
async def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    monkeypatch.setattr(writer, "FOLD_IDLE_S", 0.001)
    journal = Journal(tmp_path / "lived" / "journal.db")
    journal.path.parent.mkdir()
    await journal.open()
    return journal


async def is_set(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, HUNG_S)


async def in_tables(journal: Journal) -> dict[str, int]:
    """The counts, once the tables have all of it."""
    await journal.keeping.fold()
    assert await journal.check() == []
    return (await journal.stats()).entries


async def holds_all(journal: Journal, count: int) -> None:
    """So many open ones are in the tables, now and after a restart; it is closed then."""
    assert await in_tables(journal) == {"open": count}
    await journal.close()
    await journal.open()
    assert (await journal.stats()).entries == {"open": count}
    await journal.close()


def test_one_fold_at_a_time_and_its_end_brings_what_came_of_it() -> None:
    one, let_go = Folding(), threading.Event()

    def work() -> Folded:
        let_go.wait(HUNG_S)
        return Folded(7, {})

    one.begin(work)
    assert (one.under_way, one.done) == (True, False)
    let_go.set()
    assert one.end().last == 7
    assert not one.under_way
    one.begin(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    with pytest.raises(ZeroDivisionError):
        one.end()
    assert not one.under_way
    one.close()


async def test_commits_go_on_while_a_fold_does(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await journal.append(draft("m0", number="2207"))
    with held(monkeypatch) as begun:
        await is_set(begun)
        async with asyncio.timeout(HUNG_S):
            again = await journal.append(draft("m0", number="2207"))
            assert (again.fresh, again.standing.seq) == (False, first.standing.seq), "known, though in no table yet"
            await journal.receive(settled(first.standing.seq), None, NOW)
            second = await journal.append(draft("m1"))
            assert await journal.find("H1", "m1") is not None
            assert journal.open_count == 1
            shutil.copytree(journal.path.parent, journal.path.parent.with_name("killed"))
    found = slate.content(journal.path.parent.with_name("killed") / "journal.db")
    assert found is not None
    assert [len(side.rows) for side in found.sides] == [1, 2], "the second side takes what comes meanwhile"
    assert await in_tables(journal) == {"open": 1, "final": 1}
    assert journal.open_count == 1
    await journal.receive(applied(second.standing.seq), None, NOW)
    assert journal.open_count == 0
    await journal.close()


async def test_who_is_killed_while_a_fold_goes_on_has_all_of_it_at_the_next_start(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = journal.path.parent.with_name("killed")
    await journal.append(draft("m0"))
    with held(monkeypatch) as begun:
        await is_set(begun)
        for n in range(1, 4):
            await journal.append(draft(f"m{n}"))
        shutil.copytree(journal.path.parent, place)
    await journal.close()
    again = Journal(place / "journal.db")
    await again.open()
    assert [n for n in range(4) if await again.find("H1", f"m{n}")] == [0, 1, 2, 3]
    assert await in_tables(again) == {"open": 4}
    await again.close()


async def test_a_fold_that_fails_costs_nothing_and_is_tried_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "FOLD_RETRY_S", 0.01)
    await journal.append(draft("m0"))
    with held(monkeypatch, fails=True) as begun:
        await is_set(begun)
        await journal.append(draft("m1"))
    assert (await journal.append(draft("m2"))).fresh
    assert not (await journal.append(draft("m1"))).fresh
    await holds_all(journal, 3)


async def test_upkeep_that_meets_a_failing_fold_folds_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    await journal.append(draft("m0"))
    with held(monkeypatch, fails=True) as begun:
        await is_set(begun)
        folds = asyncio.create_task(in_tables(journal))
        await asyncio.sleep(0)
    assert await folds == {"open": 1}
    await journal.close()


async def in_tables_unasked(journal: Journal) -> None:
    """Nobody comes, and the tables have all of it some time."""
    async with asyncio.timeout(HUNG_S):
        while len(journal._writer.state.tail):  # noqa: ASYNC110 -- the fold has no bell
            await asyncio.sleep(0.001)


async def test_a_fold_that_failed_is_tried_again_though_nobody_comes(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "FOLD_RETRY_S", 0.01)
    await journal.append(draft("m0"))
    with held(monkeypatch, fails=True) as begun:
        await is_set(begun)
    await in_tables_unasked(journal)
    assert journal.writable
    await journal.close()


async def test_a_journal_that_is_opened_again_folds_when_nobody_comes(journal: Journal) -> None:
    await journal.append(draft("m0"))
    await journal.close()
    await journal.open()
    await journal.append(draft("m1"))
    await in_tables_unasked(journal)
    await journal.close()


async def test_a_fold_that_fails_while_it_is_closed_keeps_the_next_start_from_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []

    def fails(c: Any, *_: object, **__: object) -> None:
        begun.append(c)
        c.execute("begin immediate")
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(writer, "FOLD_IDLE_S", HUNG_S)
    with monkeypatch.context() as patch:
        patch.setattr(fold, "fold", fails)
        await journal.append(draft("m0"))
        await journal.close()
    assert begun
    await journal.open()
    assert await in_tables(journal) == {"open": 1}
    await journal.close()


@pytest.fixture
async def six(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Of six commits, none folded; each is a portion of its own."""
    monkeypatch.setattr(writer, "FOLD_IDLE_S", HUNG_S)
    monkeypatch.setattr(fold, "FOLD_PORTION_BYTES", 1)
    for n in range(6):
        await journal.append(draft(f"m{n}"))
    return journal


def fold_begins(journal: Journal) -> None:
    journal._writer._tend(idle=True)
    assert journal._writer._commits.folding


async def test_who_is_killed_between_two_portions_has_each_commit_once(
    six: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, killed = bulk.execute, []

    def kills(c: Any, *given: Any) -> None:
        killed.append(six.path.parent.with_name(f"killed-{len(killed)}"))
        shutil.copytree(six.path.parent, killed[-1])
        real(c, *given)

    with monkeypatch.context() as patch:
        patch.setattr(bulk, "execute", kills)
        fold_begins(six)
        await six.keeping.fold()
    await six.close()
    assert len(killed) > 6, "before each portion, and before what follows the last"
    for portions, place in enumerate(killed):
        path = place / "journal.db"
        with files.reading(path) as c:
            beyond = slate.beside(c, path)
            assert len(beyond) == max(6 - portions, 0), "what the log has is not on the slate besides"
            done = verify(c, Vault.open(place, create=False), "H1", {}, lambda *_: None, beyond)
        assert (done.findings, done.transactions) == ([], 6)
        again = Journal(path)
        await again.open()
        assert not (await again.append(draft("m0"))).fresh
        assert not (await again.append(draft("m5"))).fresh
        assert await in_tables(again) == {"open": 6}
        await again.close()


async def test_a_fold_that_fails_between_two_portions_is_tried_again(
    six: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "FOLD_RETRY_S", 0.01)
    real, called = bulk.execute, []

    def fails(*given: Any) -> None:
        called.append(1)
        if len(called) == 3:
            raise OSError(errno.EIO, "no")
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(bulk, "execute", fails)
        fold_begins(six)
        async with asyncio.timeout(HUNG_S):
            while not six._writer._commits.stale and six._writer._commits.folding:  # noqa: ASYNC110 -- the fold has no bell
                await asyncio.sleep(0.001)
    assert len(called) == 3
    assert (await six.append(draft("m6"))).fresh
    assert not (await six.append(draft("m1"))).fresh
    await holds_all(six, 7)


async def test_a_slow_disk_is_asked_once_for_all_portions(six: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    real, committed = bulk.execute, []

    def counted(c: Any, *given: Any) -> None:
        committed.append(not c.in_transaction)
        real(c, *given)

    monkeypatch.setattr(bulk, "execute", counted)
    six._writer._commits.quick = False
    fold_begins(six)
    assert await in_tables(six) == {"open": 6}
    assert committed
    assert not any(committed)
    await six.close()


async def test_a_log_that_cannot_be_copied_is_told(journal: Journal) -> None:
    with files.reading(journal.path) as stands:
        stands.execute("begin")
        stands.execute("select * from state").fetchone()
        told: list[list[str]] = []
        for n in range(TOLD_AFTER):
            await journal.append(draft(f"m{n}", packet=bytes(PACKET_BYTES)))
            with capture_logs() as events:
                await journal.keeping.fold()
            told.append([one["event"] for one in events])
    assert told[0] == [], "somebody who reads for a moment is no trouble"
    assert "the log could not be copied into the file" in told[-1]
    await holds_all(journal, TOLD_AFTER)


@pytest.mark.parametrize("seed", range(20))
def test_a_portion_is_one_statement_and_never_much_too_large(seed: int) -> None:
    chance = random.Random(seed)
    most = 10 ** chance.randint(1, 6)
    made = [
        Sealed(n, 1, 0, 1, b"", b"", bytes(chance.randint(0, most))) for n in range(chance.choice((0, 1, 2, 7, 90)))
    ]
    whole, rest = fold.portioned(made)
    assert [one for portion in (*whole, rest) for one in portion] == made
    for portion in whole:
        size = sum(len(one.body) for one in portion)
        assert len(portion) == 1 << (len(portion).bit_length() - 1) <= bulk.AT_ONCE
        assert len(portion) == 1 or size <= FOLD_PORTION_BYTES * 3 // 2
    assert sum(len(one.body) for one in rest) <= FOLD_PORTION_BYTES


def test_of_commits_that_are_alike_portions_are_as_large_as_they_may_be() -> None:
    of_64_calls = Sealed(1, 64, 0, 1, b"", b"", bytes(139_000))
    whole, rest = fold.portioned([of_64_calls] * 64)
    assert {len(portion) for portion in whole} == {4}
    assert len(rest) <= 4
    assert fold.portioned([of_64_calls] * 3) == ([], [of_64_calls] * 3)


async def test_without_a_slate_the_log_stays_short_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(slate, "begun", no_room)
    monkeypatch.setattr(commits, "FOLD_RETRY_S", 0.0)
    monkeypatch.setattr(commits, "FOLD_RECORDS_MAX", 4)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    for n in range(20):
        await journal.append(draft(f"m{n}", packet=bytes(PACKET_BYTES)))
        assert (await journal.stats()).wal_bytes < WAL_BYTES_MAX + 8 * PACKET_BYTES
    await journal.close()


async def test_a_settlement_named_while_it_is_folded_is_one(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tail and the tables both have it for a moment: two of one name would be none."""
    made = await journal.append(draft("m0", number="2207"))
    await journal.receive(settled(made.standing.seq), None, NOW)
    await journal.keeping.fold()
    state = journal._writer.state
    kept = await journal.sendables([made.standing.seq])
    assert kept
    state.tail.msgids[r.msgid_key("m0")] = [made.standing.seq]
    looking, vault = journal._writer._commits._looking.connection(), journal._writer.vault
    assert vault is not None
    scribe = Scribe(looking, vault, state, {}, lambda: "")
    assert [one.seq for one in scribe._with_msgid("m0")] == [made.standing.seq]
    state.tail.msgids.clear()
    await journal.close()
