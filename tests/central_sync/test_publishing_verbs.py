"""A rulebook as one signed file, as an officer types it."""

from __future__ import annotations

import pytest

from tests.central_sync.rulebook.mistakes import STAY, change, copied
from tests.central_sync.test_main import hub_command


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub") / "data"
    hub_command(folder, "init", "--name", "hub.example")
    return folder


def test_a_built_file_is_verified_by_its_own_hub(hub, tmp_path):
    file = tmp_path / "shipped.bundle"
    said = hub_command(hub, "rulebook", "build", "--out", str(file)).stdout
    assert "4 schemes, 2 regions" in said
    said = hub_command(hub, "rulebook", "verify", str(file)).stdout
    assert "signed by this hub" in said
    for name in ("version", "law", "audit rules", "number", "issued"):
        assert name in said


def test_another_hub_takes_it_for_a_strangers(hub, tmp_path):
    other, file = tmp_path / "other", tmp_path / "shipped.bundle"
    hub_command(other, "init")
    hub_command(other, "rulebook", "build", "--out", str(file))
    done = hub_command(hub, "rulebook", "verify", str(file), check=False)
    assert done.returncode == 2
    assert "bundle_stranger" in done.stderr


@pytest.mark.parametrize(("keep", "code"), [(0.5, "bundle_cut_off"), (2, "bundle_damaged")])
def test_a_file_that_is_not_whole_is_refused_by_name(hub, tmp_path, keep, code):
    file = tmp_path / "shipped.bundle"
    hub_command(hub, "rulebook", "build", "--out", str(file))
    content = file.read_bytes()
    file.write_bytes((content * 2)[: int(len(content) * keep)])
    done = hub_command(hub, "rulebook", "verify", str(file), check=False)
    assert (done.returncode, code in done.stderr) == (2, True)


def test_a_folder_with_a_mistake_makes_no_file(hub, tmp_path):
    change(copied(tmp_path / "book"), STAY, "from: 2025-01-01", "from: 2025-13-01")
    file = tmp_path / "wrong.bundle"
    done = hub_command(hub, "rulebook", "build", str(tmp_path / "book"), "--out", str(file), check=False)
    assert done.returncode == 2
    assert f"{STAY}:11" in done.stderr
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_told(hub, tmp_path):
    done = hub_command(hub, "rulebook", "build", "--out", str(tmp_path / "none" / "x"), check=False)
    assert (done.returncode, "cannot be written" in done.stderr) == (1, True)
