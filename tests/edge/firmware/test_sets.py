"""Putting sets in place and taking them back, in a folder that plays the root."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from edge.firmware.deadline import Moment
from edge.firmware.render import Target
from edge.firmware.sets import SetError, Sets

AT = Moment("boot", 1.0)
FIRST = {"etc/a": Target("one\n"), "etc/deep/b": Target("b\n", 0o600)}
SECOND = {"etc/a": Target("two\n"), "etc/c": Target("c\n")}


def put(sets: Sets, targets: dict[str, Target], site: str) -> None:
    todo = sets.changes(targets)
    with sets.held():
        sets.keep(targets, todo, site, AT, 120)
        sets.put(todo)


def tree(root: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(root)): (path.read_text(), stat.S_IMODE(path.stat().st_mode))
        for path in (root / "etc").rglob("*")
        if path.is_file()
    }


@pytest.fixture
def sets(tmp_path: Path) -> Sets:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a").write_text("stranger\n")
    (tmp_path / "etc/a").chmod(0o640)
    return Sets(tmp_path)


def test_a_set_is_put_in_place_with_its_modes(sets: Sets) -> None:
    put(sets, FIRST, "s1")
    assert tree(sets.root) == {"etc/a": ("one\n", 0o644), "etc/deep/b": ("b\n", 0o600)}
    assert sets.changes(FIRST) == []
    assert (sets.record().site, sets.record().confirmed) == ("s1", False)


def test_going_back_puts_everything_as_it_was_also_what_was_not_there(sets: Sets) -> None:
    before = tree(sets.root)
    put(sets, FIRST, "s1")
    assert sets.back() == ["etc/a", "etc/deep/b"]
    assert tree(sets.root) == before
    assert (sets.record().files, sets.record().confirmed) == ({}, True)
    with pytest.raises(SetError, match="no set before"):
        sets.back()


def test_the_last_set_is_kept_after_it_was_confirmed(sets: Sets) -> None:
    put(sets, FIRST, "s1")
    sets.confirm()
    first = tree(sets.root)
    put(sets, SECOND, "s2")
    assert tree(sets.root) == {"etc/a": ("two\n", 0o644), "etc/c": ("c\n", 0o644)}
    sets.confirm()
    sets.back()
    assert tree(sets.root) == first
    assert sets.record().site == "s1"


def test_nothing_is_put_in_place_while_a_set_waits_for_its_confirmation(sets: Sets) -> None:
    put(sets, FIRST, "s1")
    with pytest.raises(SetError, match="not confirmed"):
        put(sets, SECOND, "s2")
    assert sets.changes(FIRST) == []
    sets.confirm()
    with pytest.raises(SetError, match="nothing waits"):
        sets.confirm()


def test_the_mark_of_an_unconfirmed_set_is_there_exactly_while_it_is(sets: Sets) -> None:
    mark = sets.folder / "unconfirmed"
    assert not mark.exists()
    put(sets, FIRST, "s1")
    assert mark.exists()
    sets.confirm()
    assert not mark.exists()
    put(sets, SECOND, "s2")
    sets.back()
    assert not mark.exists()


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_set_that_was_cut_off_in_the_middle_goes_back(sets: Sets, cut: int) -> None:
    """Power fails after so many files: the record said beforehand what there was."""
    before = tree(sets.root)
    todo = sets.changes(FIRST)
    with sets.held():
        sets.keep(FIRST, todo, "s1", AT, 120)
        sets.put(todo[:cut])
    again = Sets(sets.root)
    assert not again.record().confirmed
    again.back()
    assert tree(sets.root) == before


def test_what_was_kept_and_is_damaged_is_not_put_back(sets: Sets) -> None:
    put(sets, FIRST, "s1")
    placed = tree(sets.root)
    (sets.folder / "before/etc/a").write_text("something else")
    with pytest.raises(SetError, match="not what was kept"):
        sets.back()
    assert tree(sets.root) == placed


def test_a_record_that_cannot_be_read_is_told(sets: Sets) -> None:
    sets.folder.mkdir(parents=True)
    (sets.folder / "record.json").write_text("{")
    with pytest.raises(SetError, match=r"record\.json cannot be read"):
        sets.changes(FIRST)


def test_a_site_that_renders_to_the_same_files_is_noted(sets: Sets) -> None:
    put(sets, FIRST, "s1")
    sets.confirm()
    sets.note("s2")
    assert (sets.record().site, sets.record().confirmed) == ("s2", True)


def test_only_root_reads_what_was_kept_and_everybody_the_record(sets: Sets) -> None:
    put(sets, FIRST, "s1")
    assert stat.S_IMODE((sets.folder / "before").stat().st_mode) == 0o700
    assert stat.S_IMODE((sets.folder / "record.json").stat().st_mode) == 0o644
