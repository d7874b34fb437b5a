"""The slate as a part of the journal: a start takes what is on it into the tables, and what is not the one it should be is refused."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalDamaged, JournalError, JournalUnavailable
from edge.journal import Journal, files, look, room, schema, slate, writer
from edge.journal.backup import Owner, _copy
from edge.journal.frames import BLOCK_BYTES
from edge.journal.sealing import Vault
from edge.journal.slate import Content, Slate
from edge.journal.verify import verify
from edge.limits import SLATE_BYTES_LEAST, WAL_BYTES_MAX
from tests.edge.journal.drafts import NOW, applied, draft, folded
from tests.patience import HUNG_S

SLATE_BYTES = SLATE_BYTES_LEAST
SIDE_BYTES = SLATE_BYTES // 2


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with little room: a slate that is soon full."""
    monkeypatch.setattr(room, "SLATE_BYTES", SLATE_BYTES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def read(path: Path) -> Content:
    found = slate.content(path)
    assert found is not None
    return found


@pytest.fixture
async def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a journal as a power cut leaves them: three transactions folded, five on the slate, one of those answered."""
    monkeypatch.setattr(writer, "FOLD_IDLE_S", 60.0)  # nothing is folded but when it is told to be
    journal = Journal(tmp_path / "lived" / "journal.db")
    journal.path.parent.mkdir()
    await journal.open()
    for n in range(3):
        await journal.append(draft(f"m{n}"))
    await folded(journal)
    made = [await journal.append(draft(f"m{n}")) for n in range(3, 8)]
    await journal.receive(applied(made[0].standing.seq), None, NOW)
    place = tmp_path / "left"
    shutil.copytree(journal.path.parent, place)
    await journal.close()
    return place / "journal.db"


def no_room(*_: Any) -> Slate:
    raise OSError(errno.ENOSPC, "no room")


async def known(journal: Journal) -> list[str]:
    return [n for n in (f"m{n}" for n in range(8)) if await journal.find("H1", n) is not None]


async def test_a_start_takes_what_is_on_the_slate_into_the_tables(left: Path) -> None:
    assert len(read(left).rows) == 6
    journal = Journal(left)
    await journal.open()
    assert len(await known(journal)) == 8
    assert (await journal.stats()).entries == {"open": 7, "final": 1}
    assert await journal.check() == []
    assert not (await journal.append(draft("m5"))).fresh
    assert read(left).rows == [], "a new one"
    await journal.close()


async def test_an_older_edges_slate_counts_too(left: Path) -> None:
    place = slate.path_of(left)
    head = b"PSKS" + read(left).id.to_bytes(8, "big")
    head += zlib.crc32(head).to_bytes(4, "big")
    place.write_bytes(head.ljust(BLOCK_BYTES, b"\0") + place.read_bytes()[BLOCK_BYTES:])
    assert len(read(left).rows) == 6
    journal = Journal(left)
    await journal.open()
    assert len(await known(journal)) == 8
    await journal.close()


def version(path: Path) -> int:
    with files.reading(path) as c:
        (found,) = c.execute("pragma user_version").fetchone()
    return int(found)


async def test_a_journal_closed_in_good_order_is_whole_without_its_slate_and_an_older_ones_format(left: Path) -> None:
    assert version(left) == schema.FORMAT == 3
    journal = Journal(left)
    await journal.open()
    await journal.append(draft("m8"))
    assert version(left) == 3
    await journal.close()
    assert version(left) == schema.FORMAT_WHOLE == 2
    slate.path_of(left).unlink()
    await journal.open()
    assert len(await known(journal)) == 8
    assert await journal.find("H1", "m8") is not None
    await journal.close()


async def test_what_an_older_edge_left_when_it_was_killed_is_opened(left: Path) -> None:
    """It had no slate: its last commits stand in the log, beyond what was folded."""
    with closing(sqlite.connect(str(left))) as c:
        slate.carry_over(c, read(left).rows)
        c.execute("delete from state where name = 'slate'")
        c.commit()
    slate.path_of(left).unlink()
    assert version(left) == 2
    journal = Journal(left)
    await journal.open()
    assert len(await known(journal)) == 8
    assert (await journal.stats()).entries == {"open": 7, "final": 1}
    assert await journal.check() == []
    assert version(left) == 3
    await journal.close()


def gone(path: Path) -> None:
    slate.path_of(path).unlink()


def headless(path: Path) -> None:
    slate.path_of(path).write_bytes(bytes(SLATE_BYTES))


def another(path: Path) -> None:
    slate.path_of(path).unlink()
    slate.begun(path, 99).close()


def damaged(path: Path) -> None:
    data = bytearray(slate.path_of(path).read_bytes())
    data[2 * BLOCK_BYTES + 200] ^= 1
    slate.path_of(path).write_bytes(data)


def cut_short(path: Path) -> None:
    """As a copy is when the disk was full."""
    os.truncate(slate.path_of(path), SIDE_BYTES)


HARMS = [gone, headless, another, damaged, cut_short]


@pytest.mark.parametrize("harm", HARMS)
async def test_a_slate_that_is_not_the_one_it_should_be_is_refused_and_nothing_is_changed(
    left: Path, harm: Callable[[Path], None]
) -> None:
    whole = slate.path_of(left).read_bytes()
    harm(left)
    for _ in range(2):
        with pytest.raises(JournalDamaged, match="slate"):
            await Journal(left).open()
    slate.path_of(left).write_bytes(whole)
    journal = Journal(left)
    await journal.open()
    assert len(await known(journal)) == 8
    await journal.close()


@pytest.mark.parametrize("harm", HARMS)
async def test_who_only_looks_at_such_a_one_is_told_so(left: Path, harm: Callable[[Path], None]) -> None:
    harm(left)
    with pytest.raises(JournalError, match="slate"), files.reading(left) as c:
        slate.beside(c, left)
    beside = Journal(left)
    with pytest.raises(JournalError, match="slate"):
        await beside.open(read_only=True)


async def test_a_journal_set_back_under_its_slate_is_refused(tmp_path: Path, left: Path) -> None:
    """An older copy of the file: the slate goes on from records that it does not have."""
    found = read(left)
    ahead = slate.begun(left, found.id)
    for row in found.rows[2:]:
        ahead.write(row)
    ahead.close()
    with pytest.raises(JournalDamaged, match="misses records"):
        await Journal(left).open()


async def test_a_slate_without_its_journal_is_not_begun_anew(left: Path) -> None:
    for name in ("journal.db", "journal.db-wal"):
        left.with_name(name).unlink(missing_ok=True)
    with pytest.raises(JournalDamaged, match="restore"):
        await Journal(left).open()


async def test_who_reads_beside_it_sees_what_is_on_the_slate(left: Path) -> None:
    beside = Journal(left)
    await beside.open(read_only=True)
    assert len(await known(beside)) == 8
    assert (await beside.stats()).entries == {"open": 7, "final": 1}
    await beside.close()
    vault = Vault.open(left.parent, create=False)
    with files.reading(left) as c:
        report = verify(c, vault, "H1", {}, lambda *_: None, slate.beside(c, left))
        assert (report.wrong, report.transactions, report.head) == (0, 8, 10)
        assert look.state(c)["folded"] < report.head
    with closing(sqlite.connect(str(left))) as c:
        c.execute("update state set value = 6 where name = 'folded'")
        assert [row.first for row in slate.beside(c, left)] == [7, 8, 9, 10], "folded: it may be pruned by now"


async def test_a_backup_holds_what_is_on_the_slate(tmp_path: Path, left: Path) -> None:
    vault = Vault.open(left.parent, create=False)
    owner = Owner(institution="H1", certificate="", key=b"", version="1", signers={})
    manifest = _copy(left, vault, tmp_path / "copy.db", owner, NOW, lambda *_: None)
    with files.reading(tmp_path / "copy.db") as c:
        report = verify(c, vault, "H1", {}, lambda *_: None)
        assert slate.name(c) == 0
    assert (report.wrong, report.transactions) == (0, 8)
    assert (report.head, report.link) == (manifest.head, manifest.link)


async def test_a_commit_larger_than_the_slate_goes_into_the_tables_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FOLD_IDLE_S", 60.0)
    journal = Journal(path)
    await journal.open()
    await journal.append(draft("m0"))
    await journal.append(draft("m1", packet=bytes(SIDE_BYTES)))
    await journal.append(draft("m2"))
    assert [row.first for row in read(path).rows][-1:] == [4], "on one side; what was folded stands on the other"
    shutil.copytree(path.parent, path.parent / "left")
    await journal.close()
    again = Journal(path.parent / "left" / "journal.db")
    await again.open()
    assert await known(again) == ["m0", "m1", "m2"]
    assert await again.check() == []
    await again.close()


async def test_what_is_acknowledged_behind_what_was_folded_long_ago_is_found_again(
    left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start has no room to begin another slate; what was committed last went past this one, so that nothing can follow on it."""
    journal = Journal(left)
    await journal.open()
    await journal.append(draft("m8"))
    await journal.append(draft("m9", packet=bytes(SIDE_BYTES)))
    await folded(journal)
    shutil.copytree(left.parent, left.parent.with_name("full"))
    await journal.close()
    journal = Journal(left.parent.with_name("full") / "journal.db")
    with monkeypatch.context() as patch:
        patch.setattr(slate, "give_name", no_room)
        await journal.open()
        for n in range(3):
            assert (await journal.append(draft(f"n{n}"))).fresh
        shutil.copytree(journal.path.parent, left.parent.with_name("again"))
    assert [row.first for row in read(journal.path).rows][-2:] == [14, 15], "it folded, and began from the beginning"
    await journal.close()
    journal = Journal(left.parent.with_name("again") / "journal.db")
    await journal.open()
    assert [n for n in range(3) if await journal.find("H1", f"n{n}")] == [0, 1, 2]
    assert await journal.check() == []
    await journal.close()


async def test_a_slate_that_is_full_is_folded_first(path: Path) -> None:
    journal = Journal(path)
    await journal.open()
    names = [f"m{n}" for n in range(8)]
    for name in names:
        await journal.append(draft(name, packet=bytes(SIDE_BYTES // 3)))
    assert await known(journal) == names
    assert await journal.check() == []
    await journal.close()


async def test_the_log_stays_short_while_the_slate_fills_again_and_again(path: Path) -> None:
    journal = Journal(path)
    await journal.open()
    for n in range(40):
        await journal.append(draft(f"m{n}", packet=bytes(SIDE_BYTES // 3)))
        assert (await journal.stats()).wal_bytes < WAL_BYTES_MAX + 4 * SLATE_BYTES
    await journal.close()


async def test_a_slate_that_was_replaced_takes_nothing(path: Path) -> None:
    journal = Journal(path)
    await journal.open()
    place = slate.path_of(path)
    place.rename(place.with_suffix(".away"))
    with pytest.raises(JournalUnavailable):
        await journal.append(draft("m0"))
    place.with_suffix(".away").rename(place)
    assert (await journal.append(draft("m0"))).fresh
    await journal.close()


async def test_without_room_for_a_slate_commits_go_into_the_tables(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = slate.begun
    monkeypatch.setattr(slate, "begun", no_room)
    journal = Journal(path)
    await journal.open()
    assert (journal.writable, (await journal.append(draft("m0"))).fresh) == (True, True)
    assert slate.content(path) is None
    assert version(path) == 2
    monkeypatch.setattr(slate, "begun", begun)
    await journal.append(draft("m1"))
    async with asyncio.timeout(HUNG_S):
        while slate.content(path) is None:  # noqa: ASYNC110 -- the fold has no bell
            await asyncio.sleep(0.01)
    await journal.append(draft("m2"))
    await journal.close()
    await journal.open()
    assert await known(journal) == ["m0", "m1", "m2"]
    await journal.close()
