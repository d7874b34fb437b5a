"""Whose a folder is."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from central_sync.programs.accounts import stranger_to


def test_our_own_folder_is_no_strangers(tmp_path: Path) -> None:
    assert stranger_to(tmp_path) is None


def test_anothers_is_told_by_name_and_by_number_where_that_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert stranger_to(tmp_path) == tmp_path.owner()

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert stranger_to(tmp_path) == f"#{owner}"


def test_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        stranger_to(tmp_path / "none")
