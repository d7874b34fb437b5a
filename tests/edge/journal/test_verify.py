"""The check of the whole journal: it finds whatever was altered, left out, put elsewhere or sealed anew, and says nothing of a sound one."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalError
from edge.journal import Journal, files, look, proof
from edge.journal import records as r
from edge.journal import verify as verify_module
from edge.journal.export import export
from edge.journal.sealing import Vault
from edge.journal.verify import Verified, verify
from tests.edge.journal.drafts import folded
from tests.edge.journal.kept import answer, fill, in_days, sign_days
from tests.edge.journal.papers import Papers, pem

PAPERS = Papers("H1")
Tamper = Callable[[Any, Vault], Any]


async def _journal(folder: Path, *, roots: bool = True) -> None:
    """Thirty transactions, the last ten unanswered and unsigned."""
    journal = Journal(folder / "journal.db")
    await journal.open()
    await answer(journal, PAPERS, await fill(journal, [f"m{i}" for i in range(20)]))
    if roots:
        await sign_days(journal, PAPERS, in_days(1))
    await fill(journal, [f"m{i}" for i in range(20, 30)])
    await folded(journal)
    await journal.close()


def _verified(folder: Path) -> Verified:
    with closing(files.open_reader(folder / "journal.db")) as c:
        signers = {PAPERS.signer_name: PAPERS.signer_key.public_key()}
        return verify(c, Vault.open(folder, create=False), "H1", signers, lambda *_: None)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    asyncio.run(_journal(folder))
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "copy")


def _tampered(folder: Path, tamper: Tamper) -> None:
    with closing(sqlite.connect(str(folder / "journal.db"))) as c:
        tamper(c, Vault.open(folder, create=False))
        c.commit()


def _resealed(c: Any, vault: Vault, first: int, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """As one would who has every key of the box: the body sealed anew, the link left as it was."""
    segment = look.segment_of(c, vault, first)
    assert segment is not None
    nonce, data = os.urandom(12), change(segment.records)
    body = vault.seal(segment.key, nonce, r.plain(segment.salts, data), segment.header)
    c.execute("update segment set nonce = ?, body = ? where first = ?", (nonce, body, segment.first))


def _relinked(c: Any, vault: Vault) -> None:
    """And the whole chain made anew over it."""
    link = r.FIRST_LINK
    for segment in list(look.segments_after(c, vault, 0)):
        link = r.link(link, segment.header, r.leaves(segment.salts, segment.records))
        c.execute("update segment set link = ? where first = ?", (link, segment.first))


def _other_packet(data: list[bytes]) -> list[bytes]:
    entry = r.decoded(data[0])
    return [r.encoded(msgspec.structs.replace(entry, operator="somebody else")), *data[1:]]


def test_of_a_sound_journal_it_says_nothing(sound: Path) -> None:
    report = _verified(sound)
    assert report.findings == []
    assert (report.transactions, report.days, report.cut) == (30, 1, 0)
    assert 0 < report.signed < report.head


def _swap(c: Any, vault: Vault) -> None:
    """Two commits of the same shape change places, under each other's number."""
    rows = {n: c.execute("select nonce, body, link from segment where first = ?", (n,)).fetchone() for n in (5, 6)}
    for n, other in ((5, 6), (6, 5)):
        c.execute("update segment set nonce = ?, body = ?, link = ? where first = ?", (*rows[other], n))


TAMPERINGS: dict[str, tuple[Tamper, str]] = {
    "a flipped bit": (
        lambda c, v: c.execute(
            "update segment set body = cast(iif(substr(body, 1, 1) = x'00', x'01', x'00') || substr(body, 2) as blob) where first = 5"
        ),
        "the commit at 5",
    ),
    "a commit left out": (lambda c, v: c.execute("delete from segment where first = 7"), "records 7 to 7 are missing"),
    "two that changed places": (_swap, "the commit at 5"),
    "another time": (lambda c, v: c.execute("update segment set at = at + 1 where first = 9"), "the commit at 9"),
    "another nonce": (
        lambda c, v: c.execute("update segment set nonce = zeroblob(12) where first = 9"),
        "the commit at 9",
    ),
    "a commit sealed anew": (lambda c, v: _resealed(c, v, 5, _other_packet), "the chain is broken at 5"),
    "a link alone": (lambda c, v: c.execute("update segment set link = zeroblob(32) where first = 5"), "broken at 5"),
    "a whole chain made anew": (
        lambda c, v: (_resealed(c, v, 5, _other_packet), _relinked(c, v)),
        "is not what was signed of it",
    ),
    "the signed end cut off": (lambda c, v: c.execute("delete from segment where first > 10"), "the end is missing"),
    "the beginning cut off": (lambda c, v: c.execute("delete from segment where first <= 3"), "records 1 to 3"),
    "a row of the tables": (
        lambda c, v: c.execute("update entry set key = 1 where seq = 8"),
        "disagree with the log on 8",
    ),
    "a row taken out of the tables": (lambda c, v: c.execute("delete from entry where seq = 8"), "the log on 8"),
    "a row too many": (lambda c, v: c.execute("update state set value = 3 where name = 'final'"), "and count"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_it_finds(folder: Path, name: str) -> None:
    tamper, told = TAMPERINGS[name]
    _tampered(folder, tamper)
    report = _verified(folder)
    assert any(told in sentence for sentence in report.findings), report.findings
    assert report.wrong >= len(report.findings) > 0


def test_after_a_fault_it_goes_on_and_tells_each_once(folder: Path) -> None:
    _tampered(folder, lambda c, v: c.execute("update segment set body = zeroblob(9) where first in (5, 9)"))
    report = _verified(folder)
    assert [sentence.split(" (")[0] for sentence in report.findings] == ["the commit at 5", "the commit at 9"]


def test_a_signed_day_that_was_exchanged_is_found(folder: Path) -> None:
    def forge(c: Any, vault: Vault) -> None:
        [(kind, name)] = c.execute("select kind, key from fact where kind = 'root'").fetchall()
        root = r.decoded(look.facts(c, vault)[kind, name])
        assert isinstance(root, r.Root)
        forged = r.encoded(msgspec.structs.replace(root, root=bytes(32)))
        sealed = look.seal_fact(vault, os.urandom(12), kind, name, forged)
        c.execute("update fact set value = ? where kind = ? and key = ?", (sealed, kind, name))

    _tampered(folder, forge)
    found = " ".join(_verified(folder).findings)
    assert "is not what was signed of it" in found
    assert "our signature does not hold" in found


async def test_it_looks_beside_an_edge_that_works_and_prunes(tmp_path: Path) -> None:
    await _journal(tmp_path)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    try:
        await fill(journal, ["late"])
        assert _verified(tmp_path).findings == []
        await journal.keeping.prune(in_days(40), 30, lambda *_: None)
        await fill(journal, ["later"])
        report = _verified(tmp_path)
        assert report.findings == []
        assert report.cut > 0
        assert report.days == 0
    finally:
        await journal.close()


@pytest.mark.parametrize("name", ["m0", "m19", "m25"])
def test_the_proof_of_one_transaction_holds_without_the_journal(sound: Path, name: str) -> None:
    with closing(files.open_reader(sound / "journal.db")) as c:
        made = export(
            c, Vault.open(sound, create=False), "H1", name, {PAPERS.signer_name: pem(PAPERS.signer), "x": "-"},
            pem(PAPERS.authority.certificate),
        )  # fmt: skip
    text = msgspec.json.encode(made)
    found = {finding.part: finding.well for finding in proof.check(proof.read(text))}
    done = True if name != "m25" else None
    assert found == {"authority": None, "transaction": True, "place": True, "day root": done, "answer": done}
    assert b'"m1"' not in text


def test_what_the_journal_does_not_hold_has_no_proof(sound: Path) -> None:
    with closing(files.open_reader(sound / "journal.db")) as c, pytest.raises(JournalError, match="does not hold"):
        export(c, Vault.open(sound, create=False), "H1", "nobody", {}, "")


@pytest.mark.parametrize("older", [False, True], ids=["as now", "as older releases kept it"])
async def test_the_proof_of_the_first_transaction_after_a_cut_holds(tmp_path: Path, older: bool) -> None:
    await _journal(tmp_path)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.keeping.prune(in_days(40), 30, lambda *_: None)
    await answer(journal, PAPERS, [pending.seq for pending in await journal.waiting(0, 100)], older=older)
    await journal.close()
    with closing(files.open_reader(tmp_path / "journal.db")) as c:
        signers = {PAPERS.signer_name: pem(PAPERS.signer)}
        made = export(c, Vault.open(tmp_path, create=False), "H1", "m20", signers, pem(PAPERS.authority.certificate))
    assert proof.holds(proof.check(made))


def test_a_lost_key_is_no_damage(folder: Path) -> None:
    (folder / "journal.keys").unlink()
    with pytest.raises(JournalError, match="is gone"):
        _verified(folder)


def test_whatever_bytes_of_the_file_are_flipped_it_is_told_and_never_a_fault_of_ours(sound: Path, folder: Path) -> None:
    path, chosen = folder / "journal.db", random.Random(7)
    whole = (sound / "journal.db").read_bytes()
    told = 0
    for _ in range(60):
        at = chosen.randrange(100, len(whole))
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chosen.randrange(8))]) + whole[at + 1 :])
        try:
            with files.reading(path) as c:
                signers = {PAPERS.signer_name: PAPERS.signer_key.public_key()}
                told += verify(c, Vault.open(folder, create=False), "H1", signers, lambda *_: None).wrong > 0
        except JournalError:
            told += 1
    assert told > 0, "most of a page is empty, but not all of it"


async def test_a_fold_between_its_last_looks_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await _journal(tmp_path)
    real = verify_module._count

    def folds(c: Any, folded: int) -> int:
        counted = real(c, folded)
        with closing(sqlite.connect(tmp_path / "journal.db", isolation_level=None)) as writer:
            writer.execute("update entry set outcome = 1 where seq = (select max(seq) from entry)")
            writer.execute("update state set value = value + 1 where name in ('folded', 'final')")
        return counted

    monkeypatch.setattr(verify_module, "_count", folds)
    assert _verified(tmp_path).findings == []
