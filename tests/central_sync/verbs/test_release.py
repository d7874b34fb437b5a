"""The repository of releases as those who make them type it."""

from __future__ import annotations

import json

import pytest

from edge.update.work import system
from tests.central_sync.test_main import hub_command
from tests.releases import WELL, archived


@pytest.fixture
def safe(tmp_path):
    folder = tmp_path / "safe"
    folder.mkdir()
    (folder / "words").write_text("a long passphrase\n")
    return folder


@pytest.fixture
def hub(tmp_path, safe):
    folder = tmp_path / "hub"
    hub_command(folder, "init")
    for name in ("root-1", "root-2", "release"):
        hub_command(folder, "release", "keygen", str(safe / name), "--passphrase-file", str(safe / "words"))
    return folder


def sealed(safe, name) -> list[str]:
    return [str(safe / name), "--passphrase-file", str(safe / "words")]


def opened(hub, safe) -> None:
    roots = [part for name in ("root-1", "root-2") for part in ("--root-key", str(safe / f"{name}.pub"))]
    said = hub_command(hub, "release", "init", *roots, "--release-key", str(safe / "release.pub")).stdout
    assert "root 1 is pending: 2 signatures" in said
    assert "1 signatures" in hub_command(hub, "release", "sign-root", *sealed(safe, "root-1")).stdout
    assert "counts from now on" in hub_command(hub, "release", "sign-root", *sealed(safe, "root-2")).stdout


def test_from_keys_to_an_offer_and_back(hub, safe, tmp_path):
    opened(hub, safe)
    archive = archived(safe / "1.1.tar.zst", {"pishkhan-edge": WELL})
    key = ["--release-key", *sealed(safe, "release")]
    arguments = ["1.1", str(archive), "--system", system(), "--journal-format", "2"]
    assert "1.1.tar.zst" in hub_command(hub, "release", "add", *arguments, *key).stdout
    assert hub_command(hub, "release", "offer", "1.1", "--ring", "canary").stdout == f"canary: 1.1 for {system()}\n"
    [row] = [json.loads(line) for line in hub_command(hub, "release", "list", "--json").stdout.splitlines()]
    assert (row["version"], row["rings"]) == ("1.1", "canary")
    hub_command(hub, "release", "export", str(tmp_path / "stick"))
    assert (tmp_path / "stick" / "metadata" / "timestamp.json").exists()
    hub_command(hub, "release", "withdraw", "--ring", "canary")
    [row] = [json.loads(line) for line in hub_command(hub, "release", "list", "--json").stdout.splitlines()]
    assert row["rings"] == ""
    assert hub_command(hub, "release", "resign", *key).stdout == "signed anew\n"


def test_what_is_not_possible_is_one_sentence(hub, safe):
    archive = archived(safe / "a", {"pishkhan-edge": WELL})
    key = ["--release-key", *sealed(safe, "release")]
    done = hub_command(hub, "release", "add", "1.1", str(archive), "--journal-format", "2", *key, check=False)
    assert (done.returncode, "no root yet" in done.stderr) == (2, True)
    done = hub_command(hub, "release", "offer", "1.1", "--ring", "all", check=False)
    assert (done.returncode, "no release 1.1" in done.stderr) == (2, True)
    (safe / "words").write_text("another passphrase")
    opened_with = hub_command(hub, "release", "sign-root", *sealed(safe, "root-1"), check=False)
    assert (opened_with.returncode, "passphrase is another" in opened_with.stderr) == (2, True)


def test_another_root_is_pending_until_old_and_new_keys_have_signed(hub, safe):
    opened(hub, safe)
    said = hub_command(hub, "release", "change-root").stdout
    assert "root 2 is pending: 2 signatures of its own keys and 2 of the old root's keys" in said
