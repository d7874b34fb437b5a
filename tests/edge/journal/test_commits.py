"""Commits in turns: by whomever they are made, the slate goes round and the tables get all of it."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.errors import JournalUnavailable
from edge.journal import Journal, commits, fold, slate, writer
from tests.edge.journal.drafts import draft, folded
from tests.patience import HUNG_S


@pytest.fixture
async def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Journal]:
    monkeypatch.setattr(writer, "FOLD_IDLE_S", 60.0)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    await journal.close()


@pytest.mark.parametrize("limit_s", [0.0, HUNG_S])
async def test_by_loop_or_by_thread_the_tables_get_all_of_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, limit_s: float
) -> None:
    """With no time at all for a write every disk is slow, and after each write of its own the loop leaves the next to the thread."""
    monkeypatch.setattr(commits, "SWIFT_S_MAX", limit_s)
    monkeypatch.setattr(commits, "FOLD_RECORDS_MAX", 16)
    for number in range(100):
        await journal.append(draft(f"m{number}"))
    assert journal._writer.commits > 100, "folds among them"
    await folded(journal)
    assert await journal.check() == []
    assert (await journal.stats()).entries == {"open": 100}


async def test_nothing_is_sound_while_something_has_to_be_brought_into_order(journal: Journal) -> None:
    made = journal._writer._commits
    assert made.sound
    made.stale = True
    assert not made.sound
    made.stale = False
    assert made.slate is not None
    made.slate.soiled = True
    assert not made.sound
    made.slate.soiled = False
    journal.path.rename(journal.path.with_name("elsewhere"))
    assert not made.ours()
    journal.path.with_name("elsewhere").rename(journal.path)
    assert made.ours()
    assert made.sound


@pytest.mark.parametrize("limit_s", [0.0, HUNG_S])
async def test_what_is_written_but_cannot_be_taken_into_memory_never_comes_back(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, limit_s: float
) -> None:
    """By the loop or by the thread: the caller is told that nothing was kept, so nothing is."""
    monkeypatch.setattr(commits, "SWIFT_S_MAX", limit_s)
    for number in range(3):
        await journal.append(draft(f"m{number}"))

    def wrong(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(journal._state, "take", wrong)
        with pytest.raises(JournalUnavailable):
            await journal.append(draft("m3"))
    left = slate.content(journal.path)
    assert left is not None
    assert [row.first for row in left.rows][-1] == journal.head
    assert (await journal.append(draft("m4"))).fresh
    assert (await journal.append(draft("m3"))).fresh, "nobody knows of the first try"
    await journal.close()
    await journal.open()
    assert (await journal.stats()).entries == {"open": 5}
    assert await journal.check() == []


async def test_neither_does_it_where_there_is_no_slate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(slate, "begun", full)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    assert (await journal.append(draft("m1"))).fresh
    with monkeypatch.context() as patch:
        patch.setattr(journal._state, "take", lambda *_: 1 // 0)
        with pytest.raises(JournalUnavailable):
            await journal.append(draft("m2"))
    assert (await journal.append(draft("m3"))).fresh
    assert (await journal.append(draft("m2"))).fresh, "nobody knows of the first try"
    assert (await journal.stats()).entries == {"open": 3}
    assert await journal.check() == []
    await journal.close()


async def test_a_fault_of_ours_in_the_last_fold_keeps_nobody_from_closing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journal.append(draft("m1"))
    with monkeypatch.context() as patch:
        patch.setattr(fold, "fold", lambda *_: 1 // 0)
        await journal.close()
    await journal.open()
    assert (await journal.stats()).entries == {"open": 1}
    assert await journal.check() == []
