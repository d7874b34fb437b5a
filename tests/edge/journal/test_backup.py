"""Backups and restores: only a tried backup counts, only its own hospital's edge restores it, and nothing that it holds is lost or doubled."""

from __future__ import annotations

import asyncio
import stat
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from pysqlite3 import dbapi2 as sqlite

from central_sync.wire.refusals import Refused
from edge.errors import JournalError
from edge.journal import Block, Journal, backup, envelope, files, fold
from edge.journal.backup import Made, Owner
from edge.journal.envelope import BackupUnusable
from edge.journal.restore import SCRATCH, Restored, restore
from edge.journal.sealing import DEVICE_FILE, Vault
from edge.journal.verify import verify
from edge.outcome import Outcome
from tests.edge.journal.drafts import draft, folded
from tests.edge.journal.kept import answer, fill, in_days, sign_days
from tests.edge.journal.papers import Authority, Papers, pem

PAPERS = Papers("H1")
NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)


def _told(*_: object) -> None:
    return None


def _owner(papers: Papers) -> Owner:
    key = papers.edge_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signers = {papers.signer_name: papers.signer_key.public_key()}
    return Owner(institution=papers.institution, certificate=pem(papers.edge), key=key, version="1", signers=signers)


@dataclass
class Box:
    """An edge's data folder, with a running journal."""

    folder: Path
    secret: str
    journal: Journal

    async def back_up(self, now: datetime = NOW, papers: Papers = PAPERS) -> Made:
        to = self.folder / "backups"
        return await asyncio.to_thread(backup.make, self.journal.path, to, _owner(papers), now, _told)


@pytest.fixture
async def box(tmp_path: Path) -> Box:
    folder = tmp_path / "old"
    folder.mkdir()
    secret = backup.make_recovery_key(folder)
    journal = Journal(folder / "journal.db")
    await journal.open()
    await journal.add_block(Block(1, 100))
    await answer(journal, PAPERS, await fill(journal, [f"m{i}" for i in range(10)]))
    await sign_days(journal, PAPERS, in_days(1))
    await fill(journal, ["open"])
    await journal.append(draft("fence", number="2207"))
    await journal.append(draft("case", number="2401", opens_case=True))
    yield Box(folder, secret, journal)
    await journal.close()


async def _restored(
    made: Made, folder: Path, secret: str, papers: Papers = PAPERS, institution: str = "H1"
) -> Restored:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 -- a test may wait for its own disk
    authority = pem(papers.authority.certificate)
    return await restore(Path(made.path), folder, secret, institution, authority, {}, NOW, _told)


async def test_a_new_box_goes_on_with_everything_the_backup_held(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    found = await _restored(made, tmp_path / "new", box.secret)
    assert (found.asked, found.sent) == (["fence"], 2)
    assert found.transactions == 13
    journal = Journal(tmp_path / "new" / "journal.db")
    await journal.open()
    try:
        assert journal.head >= box.journal.head
        assert journal.life != box.journal.life
        for name, outcome in (("m3", Outcome.FINAL), ("open", Outcome.PROVISIONAL), ("fence", Outcome.IN_DOUBT)):
            standing = await journal.find("H1", name)
            assert standing is not None
            assert standing.outcome is outcome
        assert await journal.check() == []
        assert journal.keeping.signed() == box.journal.keeping.signed()
    finally:
        await journal.close()


async def test_a_restored_journal_gives_no_hid_again(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    await _restored(made, tmp_path / "new", box.secret)
    journal = Journal(tmp_path / "new" / "journal.db")
    await journal.open()
    try:
        assert await journal.hids_left() == 0
        with pytest.raises(Refused, match="hids_exhausted"):
            await journal.append(draft("another", number="2401", opens_case=True))
        await journal.add_block(Block(1, 100))
        assert await journal.hids_left() == 0, "the old lease, come again"
    finally:
        await journal.close()


async def test_a_restore_whose_end_is_not_in_the_file_yet_is_none(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is full, say: what is in the log alone would stay behind, and HIDs be given twice."""
    made = await box.back_up()
    close = Journal.close

    async def leaves_a_log(journal: Journal) -> None:
        await close(journal)
        journal.path.with_name("journal.db-wal").write_bytes(b"the new life")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "close", leaves_a_log)
        with pytest.raises(JournalError, match="as a whole"):
            await _restored(made, tmp_path / "new", box.secret)
    assert list((tmp_path / "new").iterdir()) == []
    await _restored(made, tmp_path / "new", box.secret)


async def test_a_restore_whose_end_is_on_the_slate_is_none(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slate is there when the disk is full; the fold, which would bring the new life from it into the file, finds no room."""
    await folded(box.journal)
    made = await box.back_up()

    def no_room(*_: object) -> None:
        raise sqlite.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(fold, "fold", no_room)
        with pytest.raises(JournalError, match="as a whole"):
            await _restored(made, tmp_path / "new", box.secret)
    assert list((tmp_path / "new").iterdir()) == []
    await _restored(made, tmp_path / "new", box.secret)


async def test_a_restored_journal_is_sealed_with_keys_of_its_own(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    await _restored(made, tmp_path / "new", box.secret)
    old, new = (Vault.open(folder, create=False) for folder in (box.folder, tmp_path / "new"))
    assert new.current not in old.keys
    assert (box.folder / DEVICE_FILE).read_bytes() != (tmp_path / "new" / DEVICE_FILE).read_bytes()
    with closing(files.open_reader(tmp_path / "new" / "journal.db")) as c:
        assert verify(c, new, "H1", {}, _told).findings == []


async def test_the_writer_goes_on_while_a_backup_is_made(box: Box, tmp_path: Path) -> None:
    await asyncio.gather(*[box.journal.append(draft(f"bulk-{i}", packet=b"p" * 9000)) for i in range(300)])
    making = asyncio.create_task(box.back_up())
    count = 0
    while not making.done():
        await box.journal.append(draft(f"beside-{count}"))
        count += 1
    made = await making
    assert count > 3
    found = await _restored(made, tmp_path / "new", box.secret)
    assert 313 <= found.transactions <= 313 + count


async def test_of_a_pruned_journal_the_backup_is_sound_too(box: Box, tmp_path: Path) -> None:
    await folded(box.journal)
    await box.journal.keeping.prune(in_days(40), 30, _told)
    await box.journal.keeping.rotate(NOW)
    await fill(box.journal, ["after"])
    found = await _restored(await box.back_up(), tmp_path / "new", box.secret)
    assert found.transactions == 4


async def test_a_backup_holds_no_word_of_a_patient_and_is_for_the_owner_alone(box: Box) -> None:
    await box.journal.append(draft("secret", packet=b"0499370899" * 50))
    _look(Path((await box.back_up()).path))


def _look(made: Path) -> None:
    assert b"0499370899" not in made.read_bytes()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [path.name for path in made.parent.iterdir()] == [made.name], "nothing of the trial is left"


async def test_another_hospitals_backup_is_refused(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    with pytest.raises(BackupUnusable, match="a backup of H1"):
        await _restored(made, tmp_path / "new", box.secret, institution="H2")
    other = Papers("H2", PAPERS.authority)
    forged = await box.back_up(NOW + timedelta(hours=1), Papers("H1", Authority()))
    with pytest.raises(BackupUnusable, match="no edge of this hub"):
        await _restored(forged, tmp_path / "new", box.secret)
    other.institution = "H1"  # another hospital's edge says that it is this one
    forged = await box.back_up(NOW + timedelta(hours=2), other)
    with pytest.raises(BackupUnusable, match="another hospital's edge"):
        await _restored(forged, tmp_path / "new", box.secret)
    assert list((tmp_path / "new").iterdir()) == []


async def test_nothing_is_restored_over_a_journal(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    with pytest.raises(BackupUnusable, match="has a journal already"):
        await _restored(made, box.folder, box.secret)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "journal.db-wal").write_bytes(b"what was committed last")
    with pytest.raises(BackupUnusable, match="has a journal already"):
        await _restored(made, tmp_path / "new", box.secret)


async def test_a_restore_that_was_cut_off_can_be_begun_again(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    new = tmp_path / "new"
    (new / SCRATCH).mkdir(parents=True)
    (new / SCRATCH / "journal.db").write_bytes(b"half")
    Vault.open(new, create=True)  # the keys had been moved already
    found = await _restored(made, new, box.secret)
    assert found.transactions == 13
    assert not (new / SCRATCH).exists()
    journal = Journal(new / "journal.db")
    await journal.open()
    await journal.close()


async def test_a_wrong_recovery_key_opens_nothing(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    secret, _ = envelope.new_recovery()
    with pytest.raises(BackupUnusable, match="another recovery key"):
        await _restored(made, tmp_path / "new", secret)
    assert list((tmp_path / "new").iterdir()) == []


async def test_without_a_recovery_key_no_backup_is_made_that_nobody_could_open(box: Box) -> None:
    (box.folder / envelope.RECOVERY_FILE).unlink()
    with pytest.raises(BackupUnusable, match="recovery-key"):
        await box.back_up()


async def test_a_journal_that_is_not_sound_makes_no_backup(box: Box) -> None:
    await folded(box.journal)
    await box.journal.close()
    with closing(files.open_writer(box.journal.path)) as c:
        c.execute("update segment set link = zeroblob(32) where first = 4")
    with pytest.raises(BackupUnusable, match="not sound"):
        await box.back_up()
    assert list((box.folder / "backups").iterdir()) == []


async def test_old_backups_go_and_the_newest_stays(box: Box) -> None:
    to = box.folder / "backups"
    for days in (0, 1, 2):
        await box.back_up(NOW + timedelta(days=days))
    (to / "H1-notes.pskb").write_text("somebody's own")
    assert backup.drop_old(to, "H1", NOW + timedelta(days=2, hours=23), 2) == 1
    assert [at for at, _ in backup.kept(to, "H1")] == [NOW + timedelta(days=1), NOW + timedelta(days=2)]
    assert backup.drop_old(to, "H1", NOW + timedelta(days=300), 2) == 1
    assert len(backup.kept(to, "H1")) == 1
    assert (to / "H1-notes.pskb").exists()


async def test_the_manifest_tells_from_when_on_the_hub_is_to_be_compared(box: Box, tmp_path: Path) -> None:
    made = await box.back_up()
    manifest = envelope.read_header(Path(made.path)).manifest
    found = await _restored(made, tmp_path / "new", box.secret)
    last = await box.journal.find("H1", "case")
    assert last is not None
    assert found.compare_from == manifest.recorded_at == last.recorded_at
    assert msgspec.json.encode(found)
