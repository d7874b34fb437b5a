"""The file of a backup: only the recovery key opens it, whatever is altered is noticed, and it is whole or not there."""

from __future__ import annotations

import os
import random
import stat
from pathlib import Path

import pytest

from edge.journal import envelope
from edge.journal.envelope import CHUNK_BYTES, BackupUnusable, Manifest
from tests.edge.journal.papers import NOW, Papers, pem

KEYS = {7: bytes(range(32)), 9: bytes(32)}
PAPERS = Papers()
SECRET, PUBLIC = envelope.new_recovery()


def _told(*_: object) -> None:
    return None


def _backup(folder: Path, content: bytes) -> tuple[Path, bytes]:
    source, target = folder / "journal.db", folder / "backup"
    source.write_bytes(content)
    manifest = Manifest(
        institution="H001", life=bytes(16), head=5, link=bytes(32), made_at=NOW, recorded_at=NOW, version="1",
        file_bytes=len(content),
    )  # fmt: skip
    key = envelope.write(target, source, manifest, KEYS, PUBLIC, pem(PAPERS.edge), PAPERS.edge_key, _told)
    return target, key


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 100, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_the_recovery_key_opens_what_was_backed_up(tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)
    backup, _ = _backup(tmp_path, content)
    header = envelope.verify(backup, _told)
    assert header.manifest.institution == "H001"
    key = envelope.file_key_of(header, envelope.recovery_of(SECRET))
    assert envelope.extract(backup, key, tmp_path / "restored", _told) == KEYS
    assert (tmp_path / "restored").read_bytes() == content
    assert size < 64 or content[:64] not in backup.read_bytes()
    for made in (backup, tmp_path / "restored"):
        assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_any_byte_that_was_altered_and_any_cut_is_noticed(tmp_path: Path) -> None:
    backup, key = _backup(tmp_path, os.urandom(3000))
    whole = backup.read_bytes()
    chosen = random.Random(1)
    for at in [0, 9, 11, 200, len(whole) - 1, len(whole) - 3, *chosen.choices(range(len(whole)), k=150)]:
        backup.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chosen.randrange(8))]) + whole[at + 1 :])
        with pytest.raises(BackupUnusable):
            envelope.verify(backup, _told)
    for size in [0, 5, 12, 100, len(whole) // 2, len(whole) - 1]:
        backup.write_bytes(whole[:size])
        with pytest.raises(BackupUnusable):
            envelope.verify(backup, _told)
        with pytest.raises(BackupUnusable):
            envelope.extract(backup, key, tmp_path / "restored", _told)
        assert not (tmp_path / "restored").exists()


def test_chunks_that_changed_places_are_noticed_even_without_the_signature(tmp_path: Path) -> None:
    backup, key = _backup(tmp_path, os.urandom(3 * CHUNK_BYTES))
    whole = backup.read_bytes()
    begin = 12 + int.from_bytes(whole[8:12], "big")
    one, two = begin + CHUNK_BYTES + 16, begin + 2 * (CHUNK_BYTES + 16)
    backup.write_bytes(whole[:begin] + whole[one:two] + whole[begin:one] + whole[two:])
    with pytest.raises(BackupUnusable):
        envelope.extract(backup, key, tmp_path / "restored", _told)
    assert not (tmp_path / "restored").exists()


def test_another_recovery_key_does_not_open_it(tmp_path: Path) -> None:
    backup, _ = _backup(tmp_path, b"content")
    other, _public = envelope.new_recovery()
    with pytest.raises(BackupUnusable, match="another recovery key"):
        envelope.file_key_of(envelope.read_header(backup), envelope.recovery_of(other))
    with pytest.raises(BackupUnusable, match="another key"):
        envelope.extract(backup, bytes(32), tmp_path / "restored", _told)


def test_a_recovery_key_may_be_typed_in_small_letters_and_a_slip_is_noticed() -> None:
    expected = envelope.recovery_of(SECRET).private_bytes_raw()
    assert envelope.recovery_of(f" {SECRET.lower()} ".replace("-", " ")).private_bytes_raw() == expected
    for at in (0, 20, len(SECRET) - 1):
        if SECRET[at] != "-":
            other = "A" if SECRET[at] != "A" else "C"
            with pytest.raises(BackupUnusable, match="mistyped"):
                envelope.recovery_of(SECRET[:at] + other + SECRET[at + 1 :])
    with pytest.raises(BackupUnusable, match="mistyped"):
        envelope.recovery_of("")


def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "journal.db"
    source.write_bytes(b"content")
    folder = tmp_path / "gone"
    with pytest.raises(OSError, match="gone"):
        envelope.write(
            folder / "backup", source,
            Manifest(institution="H001", life=b"", head=0, link=b"", made_at=NOW, recorded_at=None, version="1",
                     file_bytes=7),
            KEYS, PUBLIC, pem(PAPERS.edge), PAPERS.edge_key, _told,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == [source]


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    backup, key = _backup(tmp_path, b"content")
    with pytest.raises(FileExistsError):
        envelope.extract(backup, key, tmp_path / "journal.db", _told)
    assert (tmp_path / "journal.db").read_bytes() == b"content"
