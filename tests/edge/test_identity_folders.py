"""What is left of an identity that was not finished: nothing, or nothing that is ever used."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from edge import files, identity_folders
from edge.identity_folders import CURRENT, LAST, UNFINISHED_S_MIN

WHOLE = {LAST: b"{}", "key.pem": b"k", "certificate.pem": b"c"}


def aged(path: Path) -> None:
    then = time.time() - UNFINISHED_S_MIN - 1
    os.utime(path, (then, then), follow_symlinks=False)


@pytest.mark.parametrize("name", list(WHOLE))
def test_a_disk_that_gets_full_in_the_middle_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    identity_folders.store(tmp_path, WHOLE)
    before, written = sorted(tmp_path.iterdir()), files.write_new

    def full(path: Path, content: bytes) -> None:
        written(path, content)
        if path.name == name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "write_new", full)
    with pytest.raises(OSError, match="No space"):
        identity_folders.store(tmp_path, {**WHOLE, "key.pem": b"another"})
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / CURRENT / "key.pem").read_bytes() == b"k"


def test_what_a_power_cut_left_goes_and_what_is_whole_stays(tmp_path: Path) -> None:
    for key in (b"first", b"second"):
        identity_folders.store(tmp_path, {**WHOLE, "key.pem": key})
    whole = sorted(tmp_path.iterdir())
    for name, last in (("20990101T000000Z-aaaaaa", None), ("20990101T000000Z-bbbbbb", b"")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key.pem").write_bytes(b"k")
        if last is not None:
            (tmp_path / name / LAST).write_bytes(last)
    (tmp_path / f".{CURRENT}.cccccc").symlink_to("20990101T000000Z-aaaaaa")
    assert identity_folders.clear(tmp_path) == 0, "somebody may be writing it now"
    for found in tmp_path.iterdir():
        aged(found)
    assert identity_folders.clear(tmp_path) == 3
    assert sorted(tmp_path.iterdir()) == whole
    assert (tmp_path / CURRENT / "key.pem").read_bytes() == b"second"


def test_the_identity_in_use_is_not_touched_though_a_file_of_it_is_gone(tmp_path: Path) -> None:
    identity_folders.store(tmp_path, WHOLE)
    (tmp_path / CURRENT / LAST).unlink()
    for found in tmp_path.iterdir():
        aged(found)
    assert identity_folders.clear(tmp_path) == 0
    assert (tmp_path / CURRENT / "key.pem").read_bytes() == b"k"


def test_a_box_that_was_never_enrolled_has_nothing_to_clear(tmp_path: Path) -> None:
    assert identity_folders.clear(tmp_path / "identity") == 0
