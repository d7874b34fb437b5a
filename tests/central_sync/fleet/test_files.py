"""A file of the hub's folder is the old one or the new one, and its owner's alone from the first moment."""

import os
import stat

import pytest

from central_sync.fleet.files import replace


def test_a_file_is_replaced_whole_with_its_own_rights(tmp_path):
    path = tmp_path / "key"
    replace(path, b"one", 0o600)
    replace(path, b"two", 0o600)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"two", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_what_breaks_off_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "key"
    replace(path, b"one", 0o600)

    def full(_handle):
        raise OSError(28, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        replace(path, b"two", 0o600)
    assert path.read_bytes() == b"one"
