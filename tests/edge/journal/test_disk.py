"""What the journal does when the disk does not do its part: real files, real limits, real damage."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalDamaged, JournalError, JournalUnavailable
from edge.journal import Block, Journal, commits, files, writer
from edge.journal.files import refuse_old_sqlite
from edge.journal.operation import Upkeep
from edge.journal.scribe import Scribe
from edge.journal.sealing import Vault
from edge.journal.state import State
from tests.edge.journal.drafts import draft, folded


async def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.append(draft("m1"))
    assert _modes(tmp_path) == {0o600}
    await journal.close()
    await journal.close()


def _modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_sqlite_that_may_lose_pages_is_refused() -> None:
    with pytest.raises(JournalError, match=r"3\.51\.3"):
        refuse_old_sqlite((3, 40, 1))
    refuse_old_sqlite((3, 51, 3))


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="folder"):
        await Journal(tmp_path / "gone" / "journal.db").open()


async def test_two_edges_cannot_share_a_journal(tmp_path: Path) -> None:
    first, second = Journal(tmp_path / "journal.db"), Journal(tmp_path / "journal.db")
    await first.open()
    with pytest.raises(JournalError, match="another edge"):
        await second.open()
    await second.open(read_only=True)
    with pytest.raises(JournalUnavailable):
        await second.append(draft("m1"))
    await first.append(draft("m1"))
    assert await second.find("H1", "m1") is not None
    await second.close()
    await first.close()
    await second.open()
    await second.close()


async def test_what_is_no_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database at all" * 1000)
    before = path.read_bytes()
    with pytest.raises(JournalDamaged):
        await Journal(path).open()
    assert path.read_bytes() == before
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("create table t (x)")
    connection.close()
    with pytest.raises(JournalDamaged, match="no journal"):
        await Journal(other).open()


async def test_a_damaged_page_is_found_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path)
    await journal.open()
    await asyncio.gather(*[journal.append(draft(f"m{i}")) for i in range(500)])
    await journal.close()
    body = bytearray(path.read_bytes())
    body[16384 * 3 : 16384 * 9] = os.urandom(16384 * 6)
    path.write_bytes(body)
    with pytest.raises(JournalDamaged):
        await journal.open()


async def test_a_file_that_was_replaced_takes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path)
    await journal.open()
    await journal.append(draft("m1"))
    path.rename(tmp_path / "away.db")
    for _ in range(3):
        with pytest.raises(JournalUnavailable):
            await journal.append(draft("m2"))
        assert not path.exists(), "an empty journal in its place would forget every msgid and give HIDs twice"
    (tmp_path / "away.db").rename(path)
    assert (await journal.append(draft("m2"))).fresh, "nothing of the failed append was kept"
    assert await journal.find("H1", "m1") is not None
    await journal.close()


async def test_the_log_of_the_file_that_replaced_ours_is_left_alone(tmp_path: Path) -> None:
    path, log = tmp_path / "journal.db", tmp_path / "journal.db-wal"
    journal = Journal(path)
    await journal.open()
    await journal.append(draft("m1"))
    ours = [file.rename(tmp_path / f"ours{file.suffix}") for file in (path, log)]
    for file, content in ((path, b"another journal"), (log, b"what it committed last" * 10_000)):
        file.write_bytes(content)
    with pytest.raises(JournalUnavailable):
        await journal.append(draft("m2"))
    assert log.read_bytes() == b"what it committed last" * 10_000
    for file, old in zip(ours, (path, log), strict=True):
        file.rename(old)
    assert (await journal.append(draft("m2"))).fresh
    await journal.close()


async def test_opening_the_file_again_undoes_nobodys_locks(tmp_path: Path) -> None:
    """The locks of a process on a file are gone when it closes that file anywhere; another program could then take the log away."""
    path = tmp_path / "journal.db"
    journal = Journal(path)
    await journal.open()
    await journal.append(draft("m1"))

    def reopen(_: object) -> None:
        journal._writer._commits._connection.close()
        journal._writer._commits._connection = None

    await journal._writer.submit(Upkeep(reopen)).future
    before = _locks(path)
    assert before
    assert (await journal.append(draft("m2"))).fresh
    assert _locks(path) >= before
    await journal.close()


def _locks(path: Path) -> set[str]:
    """The kernel's list of locks that this process has on the file: kind and range of each."""
    inode = str(path.stat().st_ino)
    rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return {" ".join(row[1:4] + row[6:]) for row in rows if row[4] == str(os.getpid()) and row[5].endswith(f":{inode}")}


def _in_a_process_of_its_own(what: str, path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.edge.journal.test_disk", what, str(path)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_full_disk_accepts_nothing_and_recovers_when_space_returns(tmp_path: Path) -> None:
    _in_a_process_of_its_own("full", tmp_path)


def test_a_read_only_file_is_named(tmp_path: Path) -> None:
    _in_a_process_of_its_own("read-only", tmp_path)


async def _full(folder: Path) -> None:
    """The kernel refuses to let any file grow: a write fails half way, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal(folder / "journal.db")
    await journal.open()
    await journal.add_block(Block(1, 100))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512 * 1024, limits[1]))
    accepted, refused = [], 0
    for i in range(60):
        try:
            accepted.append(await journal.append(draft(f"m{i}", packet=b"p" * 30_000, number="2201", opens_case=True)))
        except JournalUnavailable:
            refused += 1
    assert accepted, "some fitted"
    assert refused, "some did not"
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    again = await journal.append(draft("after", number="2201", opens_case=True))
    assert await journal.check() == []
    stats = await journal.stats()
    assert stats.entries == {"open": len(accepted) + 1}
    hids = {a.standing.hid for a in [*accepted, again]}
    assert len(hids) == len(accepted) + 1
    await journal.close()
    await journal.open()
    for one in accepted:
        assert await journal.find("H1", one.standing.msgid) is not None
    await journal.close()


async def _read_only(folder: Path) -> None:
    """As somebody who is not root: root may write everything."""
    path = folder / "journal.db"
    journal = Journal(path)
    await journal.open()
    await journal.append(draft("m1"))
    await journal.close()
    _become_nobody(folder)
    _writable(folder, path, yes=False)
    with pytest.raises(JournalError, match="cannot be"):
        await journal.open()
    beside = Journal(path)
    with pytest.raises(JournalError, match="copy all of it elsewhere"):
        await beside.open(read_only=True)
    await beside.close()
    _writable(folder, path, yes=True)
    await journal.open()
    await journal.append(draft("m2"))
    await journal.close()


def _writable(folder: Path, path: Path, *, yes: bool) -> None:
    folder.chmod(0o700 if yes else 0o500)
    path.chmod(0o600 if yes else 0o400)


def _become_nobody(folder: Path) -> None:
    if os.getuid() != 0:
        return
    for one in [folder, *folder.iterdir()]:
        os.chown(one, 65534, 65534)
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    os.setgid(65534)
    os.setuid(65534)


if __name__ == "__main__":
    asyncio.run({"full": _full, "read-only": _read_only}[sys.argv[1]](Path(sys.argv[2])))


async def test_a_journal_lost_beside_its_write_ahead_file_is_not_made_anew(tmp_path: Path) -> None:
    (tmp_path / "journal.db-wal").write_bytes(b"committed last")
    with pytest.raises(JournalDamaged, match="restore"):
        await Journal(tmp_path / "journal.db").open()
    assert (tmp_path / "journal.db-wal").read_bytes() == b"committed last"
    assert not (tmp_path / "journal.db").exists()


async def test_a_refused_commit_that_stays_in_the_log_never_takes_the_place_of_an_acknowledged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sync failed, and so did cutting it off. The next commit has its number, and stands on the slate, where SQLite does not look."""
    monkeypatch.setattr(writer, "FOLD_IDLE_S", 60.0)
    journal = Journal(tmp_path / "lived" / "journal.db")
    journal.path.parent.mkdir()
    await journal.open()
    await journal.append(draft("m0"))
    await folded(journal)
    shutil.copytree(journal.path.parent, tmp_path / "other")
    log = journal.path.with_name("journal.db-wal")
    before, after = log.read_bytes(), _log_after(tmp_path / "other" / "journal.db", "refused")
    assert after.startswith(before)
    assert len(after) > len(before)

    def refused(_: object) -> None:
        log.write_bytes(after)
        raise sqlite.OperationalError("disk I/O error")

    def not_cut(*_: object) -> None:
        raise OSError(errno.EIO, "no")

    with monkeypatch.context() as patch:
        patch.setattr(files, "cut_log", not_cut)
        with pytest.raises(JournalUnavailable):
            await journal._writer.submit(Upkeep(refused)).future
    await journal.append(draft("m1"))
    shutil.copytree(journal.path.parent, tmp_path / "left")
    await journal.close()
    journal = Journal(tmp_path / "left" / "journal.db")
    await journal.open()
    assert [n for n in ("m0", "refused", "m1") if await journal.find("H1", n)] == ["m0", "m1"]
    assert await journal.check() == []
    await journal.close()


def _log_after(path: Path, msgid: str) -> bytes:
    """The log of the journal at ``path`` once it holds that transaction as a commit of its own."""
    with closing(sqlite.connect(str(path), isolation_level=None)) as c:
        vault, state = Vault.open(path.parent, create=False), State()
        state.load(c, vault, lambda: ())
        scribe = Scribe(c, vault, state, {}, lambda: "")
        scribe.append(draft(msgid))
        c.execute(commits._INSERT, scribe.sealed())
        return path.with_name("journal.db-wal").read_bytes()
