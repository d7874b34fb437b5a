"""A data folder is written by its own account alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import EdgeError
from edge.verbs.owner import owned


def test_another_account_is_told_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/pishkhan/bin/pishkhan-edge", "workstation", "add", "desk 1"])
    owned(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(
        EdgeError, match=f"runuser -u {tmp_path.owner()} -- pishkhan-edge workstation add 'desk 1'"
    ) as told:
        owned(tmp_path)
    assert str(tmp_path) in str(told.value)


def test_a_folder_that_is_not_there_yet_is_anybodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    owned(tmp_path / "edge")
