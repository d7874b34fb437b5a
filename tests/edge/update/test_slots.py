"""Releases side by side: whole or not there, and the link to the one that runs."""

from __future__ import annotations

import io
import tarfile

import pytest
import zstandard

from edge.update import slots as slots_module
from edge.update.slots import Slots
from edge.update.state import UpdateFailed
from tests.releases import WELL, archived, installed


@pytest.fixture
def base(tmp_path):
    return installed(tmp_path / "opt", "1.0")


def code(caught) -> str:
    return caught.value.code


def test_a_release_lies_beside_the_one_that_runs_until_the_link_moves(base, tmp_path):
    slots = Slots(base)
    slots.unpack(archived(tmp_path / "a", {"pishkhan-edge": WELL, "lib/part": "x"}), "1.1")
    assert (slots.current, slots.has("1.1")) == ("1.0", True)
    slots.switch("1.1")
    assert slots.current == "1.1"
    assert (base / "current" / "lib" / "part").read_text() == "x"
    assert sorted(path.name for path in base.iterdir()) == ["current", "releases"]


@pytest.mark.parametrize("name", ["../outside", "lib/../../../outside"])
def test_an_archive_that_would_write_elsewhere_is_refused(base, tmp_path, name):
    with pytest.raises(UpdateFailed) as caught:
        Slots(base).unpack(archived(tmp_path / "a", {"pishkhan-edge": WELL, name: "x"}), "1.1")
    assert code(caught) == "unsuitable"
    assert [path.name for path in (base / "releases").iterdir()] == ["1.0"]


def test_an_absolute_name_stays_inside(base, tmp_path):
    Slots(base).unpack(archived(tmp_path / "a", {"pishkhan-edge": WELL, "/etc/outside": "x"}), "1.1")
    assert (base / "releases" / "1.1" / "etc" / "outside").read_text() == "x"


def test_a_link_out_of_the_archive_is_refused(base, tmp_path):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        member = tarfile.TarInfo("pishkhan-edge")
        member.type, member.linkname = tarfile.SYMTYPE, "/bin/sh"
        tar.addfile(member)
    (tmp_path / "a").write_bytes(zstandard.compress(plain.getvalue()))
    with pytest.raises(UpdateFailed) as caught:
        Slots(base).unpack(tmp_path / "a", "1.1")
    assert code(caught) == "unsuitable"
    assert not Slots(base).has("1.1")


@pytest.mark.parametrize("content", [b"", b"no archive", zstandard.compress(b"no tar" * 100)])
def test_what_is_no_archive_is_refused(base, tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UpdateFailed) as caught:
        Slots(base).unpack(tmp_path / "a", "1.1")
    assert code(caught) == "unsuitable"
    assert [path.name for path in (base / "releases").iterdir()] == ["1.0"]


def test_an_archive_without_the_program_is_refused(base, tmp_path):
    with pytest.raises(UpdateFailed, match="no program"):
        Slots(base).unpack(archived(tmp_path / "a", {"readme": "x"}), "1.1")


def test_what_does_not_fit_beside_the_journal_is_refused(base, tmp_path, monkeypatch):
    monkeypatch.setattr(slots_module, "DISK_BYTES_LEFT_MIN", 10**18)
    with pytest.raises(UpdateFailed) as caught:
        Slots(base).unpack(archived(tmp_path / "a", {"pishkhan-edge": WELL}), "1.1")
    assert code(caught) == "disk_full"
    assert [path.name for path in (base / "releases").iterdir()] == ["1.0"]


def test_an_archive_that_grows_without_end_is_refused(base, tmp_path, monkeypatch):
    monkeypatch.setattr(slots_module, "UNPACKED_BYTES_MAX", 1000)
    with pytest.raises(UpdateFailed) as caught:
        Slots(base).unpack(archived(tmp_path / "a", {"pishkhan-edge": WELL, "big": "0" * 5000}), "1.1")
    assert code(caught) == "unsuitable"


def test_the_link_never_names_what_is_not_there(base):
    with pytest.raises(UpdateFailed, match="not there"):
        Slots(base).switch("7.7")
    assert Slots(base).current == "1.0"


def test_without_a_link_the_package_is_to_be_installed_again(tmp_path):
    with pytest.raises(UpdateFailed, match="Install the package again"):
        _ = Slots(tmp_path).current


def test_old_releases_go_but_for_the_one_that_runs_and_the_one_before(base, tmp_path):
    slots = Slots(base)
    for version in ("1.1", "1.2", "1.10"):
        slots.unpack(archived(tmp_path / version, {"pishkhan-edge": WELL}), version)
    (base / "releases" / ".1.3.half").mkdir()
    slots.switch("1.10")
    assert sorted(slots.prune("1.2")) == [".1.3.half", "1.0", "1.1"]
    assert sorted(path.name for path in (base / "releases").iterdir()) == ["1.10", "1.2"]
