"""Writing small files so that a power cut leaves the old one or the new one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import files


def test_a_replaced_file_has_the_new_content_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    files.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "inside").write_bytes(b"old")
    with pytest.raises(IsADirectoryError):
        files.replace(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_new_file_never_overwrites(tmp_path: Path) -> None:
    files.write_new(tmp_path / "a", b"1")
    with pytest.raises(FileExistsError):
        files.write_new(tmp_path / "a", b"2")
