"""Who alters what the tables say of a transaction, without a key, is found out; and of what the journal itself did nothing is told."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalDamaged
from edge.journal import Journal, files
from edge.journal.sealing import Vault
from edge.journal.verify import Verified, verify
from tests.edge.journal.drafts import NOW, applied, declined, draft, folded, settled, together
from tests.edge.journal.test_consequences import annulled, cancelled, confirmed


async def _lived(path: Path) -> None:
    """A dozen transactions, each with another fate."""
    journal = Journal(path)
    await journal.open()

    async def one(msgid: str, number: str) -> int:
        kept = await journal.append(draft(msgid, number=number, digest=msgid.encode().ljust(32)))
        return kept.standing.seq

    awaited, booked, undone = [await one(name, "2207") for name in ("awaited", "booked", "undone")]
    await journal.receive(together([settled(awaited, "S0"), settled(booked, "S1")]), None, NOW)
    await journal.receive(confirmed(await one("confirm", "49")), None, NOW)
    await journal.receive(settled(undone, "S1"), None, NOW)
    await folded(journal)
    await journal.receive(cancelled(await one("cancel", "2208")), None, NOW)
    await journal.receive(annulled(await one("too late", "49")), None, NOW)
    await journal.withdraw(await one("withdrawn", "2207"), "line_down", NOW)
    await journal.receive(declined(await one("declined", "2204"), "hid_unknown"), None, NOW)
    await folded(journal)
    parked, let_go = await one("parked", "2204"), await one("let go", "2204")
    for seq in (parked, let_go):
        await journal.park(seq, "hub_fault", NOW)
    await folded(journal)
    await journal.release(let_go, NOW)
    await one("open", "2204")
    await journal.receive(applied(await one("done", "2204")), None, NOW)
    await folded(journal)
    await journal.close()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived")
    asyncio.run(_lived(folder / "journal.db"))
    return folder


def _verified(folder: Path) -> Verified:
    with files.reading(folder / "journal.db") as c:
        return verify(c, Vault.open(folder, create=False), "H1", {}, lambda *_: None)


def test_of_what_the_journal_did_nothing_is_told(lived: Path) -> None:
    report = _verified(lived)
    assert (report.findings, report.transactions) == ([], 12)


ALTERED = {
    "an open one is called done": "update entry set outcome = 1 where outcome = 0 and parked = 0",
    "an open one is called done by another's answer": (
        "update entry set (outcome, place, ix) = (select 1, place, ix from entry where outcome = 1 limit 1) where outcome = 0"
    ),
    "a done one is called open": "update entry set outcome = 0 where outcome = 1 and confirmation = 0",
    "a done one is called refused": "update entry set outcome = 2 where outcome = 1",
    "a refused one is called done": "update entry set outcome = 1 where outcome = 2",
    "the answer of another": "update entry set ix = ix + 1 where outcome = 1",
    "an awaited one is called confirmed": "update entry set confirmation = 2 where confirmation = 1",
    "a confirmed one is called awaited": "update entry set confirmation = 1 where confirmation in (2, 4)",
    "a parked one is let go": "update entry set parked = 0 where parked = 1",
    "an open one is parked": "update entry set parked = 1 where parked = 0 and outcome = 0",
    "another case": "update entry set lane = lane + 1 where outcome = 0",
    "another transaction": "update entry set number = '2207' where outcome = 0",
    "one that does not exist": "update entry set number = '0000' where outcome = 1",
    "another time": "update entry set at = at + 1",
}


@pytest.mark.parametrize("altered", ALTERED)
def test_who_alters_the_tables_is_found_out(lived: Path, tmp_path: Path, altered: str) -> None:
    folder = shutil.copytree(lived, tmp_path / "copy")
    with closing(sqlite.connect(str(folder / "journal.db"))) as c:
        assert c.execute(ALTERED[altered]).rowcount > 0
        c.commit()
    assert any("the tables" in sentence for sentence in _verified(folder).findings)


def test_a_number_that_the_tables_have_lost_is_told_in_words(lived: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(lived, tmp_path / "copy")
    with closing(sqlite.connect(str(folder / "journal.db"))) as c:
        c.execute("delete from state where name = 'cut'")
        c.commit()
    with pytest.raises(JournalDamaged, match="lost a number"):
        _verified(folder)


def test_a_file_that_sqlite_finds_damaged_is_not_called_sound(lived: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(lived, tmp_path / "copy")
    with files.reading(folder / "journal.db") as c:
        (root,) = c.execute("select rootpage from sqlite_master where name = 'recorded'").fetchone()
        (size,) = c.execute("pragma page_size").fetchone()
    data = bytearray((folder / "journal.db").read_bytes())
    data[(root - 1) * size + 3] ^= 1  # how many rows the page has
    (folder / "journal.db").write_bytes(data)
    report = _verified(folder)
    assert report.wrong == 1
    assert "the file itself is damaged" in report.findings[0]
