"""The list of computers that may sign in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.workstations import FILE, WorkstationError, Workstations

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_a_key_is_told_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    listed = Workstations(tmp_path / FILE)
    key = listed.add("desk-1", NOW)
    assert listed.admits("desk-1", key)
    assert key not in (tmp_path / FILE).read_text()
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", ["", "x", "\ud800", "پ" * 100])
def test_another_key_and_another_name_are_not_admitted(tmp_path: Path, key: str) -> None:
    listed = Workstations(tmp_path / FILE)
    right = listed.add("desk-1", NOW)
    assert not listed.admits("desk-1", key)
    assert not listed.admits("desk-2", right)
    assert not listed.admits("", "")


def test_a_running_edge_sees_what_the_command_line_changed(tmp_path: Path) -> None:
    running, command = Workstations(tmp_path / FILE), Workstations(tmp_path / FILE)
    assert running.all() == []
    key = command.add("desk-1", NOW)
    assert running.admits("desk-1", key)
    proof = running.key_sha256("desk-1")
    command.add("desk-1", NOW)
    assert not running.admits("desk-1", key)
    assert not running.still("desk-1", proof)
    assert command.remove("desk-1")
    assert not command.remove("desk-1")
    assert running.all() == []


@pytest.mark.parametrize("name", ["", "a b", "x" * 41, "ب", "a/b"])
def test_a_name_that_could_mislead_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkstationError):
        Workstations(tmp_path / FILE).add(name, NOW)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"workstations": [{"name": 1}]}'])
def test_a_damaged_list_admits_nobody_and_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    listed = Workstations(tmp_path / FILE)
    for act in (lambda: listed.admits("a", "b"), lambda: listed.add("a", NOW), listed.all):
        with pytest.raises(WorkstationError):
            act()
    assert (tmp_path / FILE).read_bytes() == content


def test_a_folder_that_is_missing_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkstationError, match="cannot be written"):
        Workstations(tmp_path / "none" / FILE).add("a", NOW)
