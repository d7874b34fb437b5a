"""A rulebook as one signed file, as an officer types it."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from central_sync.__main__ import main
from central_sync.rulebook.load import PACKAGED
from central_sync.store.records import Publication
from central_sync.verbs import publishing
from tests.central_sync.rulebook.mistakes import STAY, change, copied
from tests.central_sync.test_main import hub_command

CASES = Path(__file__).parents[2] / "rulebook_cases"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub") / "data"
    hub_command(folder, "init", "--name", "hub.example")
    return folder


def test_a_built_file_is_verified_by_its_own_hub(hub, tmp_path):
    file = tmp_path / "shipped.bundle"
    said = hub_command(hub, "rulebook", "build", "--out", str(file)).stdout
    assert re.search(r"\b\d+ schemes, 2 regions, \d+ items, \d+ rules\b", said)
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
    assert f"{STAY}:" in done.stderr
    assert not file.exists()


def test_a_file_that_cannot_be_written_is_told(hub, tmp_path):
    done = hub_command(hub, "rulebook", "build", "--out", str(tmp_path / "none" / "x"), check=False)
    assert (done.returncode, "cannot be written" in done.stderr) == (1, True)


@pytest.fixture
def book(tmp_path):
    """A whole rulebook folder in which one value is another."""
    folder = tmp_path / "book"
    shutil.copytree(PACKAGED / "rules", copied(folder) / "rules")
    change(folder, STAY, 'value: "300"', 'value: "350"')
    return folder


@pytest.fixture
def fresh(tmp_path):
    hub_command(tmp_path / "data", "init")
    return tmp_path / "data"


def lines(hub) -> list[list[str]]:
    return [line.split() for line in hub_command(hub, "rulebook", "list").stdout.splitlines()[1:]]


def test_a_folder_is_published_listed_taken_back_and_all_of_it_audited(fresh, book):
    said = hub_command(fresh, "rulebook", "publish", str(book), "--from", "now").stdout
    assert "in force now" in said
    version = said.split()[-1]
    later = hub_command(fresh, "rulebook", "publish", str(PACKAGED), "--from", "2100-01-01T00:00+08:00").stdout
    assert "in force from 2099-12-31T16:00:00+00:00" in later
    waits, current = lines(fresh)
    assert (waits[1], waits[-1]) == (later.split()[-1], "waits")
    assert (current[1], current[-2:]) == (version, ["in", "force"])
    told = hub_command(fresh, "rulebook", "use", version).stderr
    assert "the same version is in force already as number" in told
    assert f"version {later.split()[-1]}, waits: it takes the place of this one at 2099-12-31T16:00:00" in told
    assert [row[1] for row in lines(fresh)] == [version, later.split()[-1], version]
    assert hub_command(fresh, "audit").stdout.count("rulebook_published") == 3


def test_an_officer_is_told_what_waits_what_is_the_same_and_whose_place_is_taken():
    now = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    later, last = now + timedelta(days=1), now + timedelta(days=2)
    old, waits = (
        Publication(n, v, at, now, "cli", shipped=False) for n, v, at in ((1, "a" * 64, now), (2, "b" * 64, later))
    )
    at_once, instead = replace(waits, number=3, from_at=now), replace(old, number=4, from_at=later)

    def told(row: Publication, *others: Publication) -> list[str]:
        return list(publishing._beside(row, [row, *others], now))

    assert told(old) == []
    assert told(waits, old) == []
    (same,) = told(replace(old, number=5), old)
    assert "is in force already as number 1" in same
    (follows,) = told(at_once, old, waits)
    assert "number 2, version bbbbbbbbbbbb, waits: it takes the place of this one at 2026-03-02T08:00" in follows
    (place,) = told(instead, old, waits)
    assert ("number 2" in place, "takes its place" in place) == (True, True)
    assert told(at_once, old, waits, instead) == [
        follows.replace("number 2, version bbbbbbbbbbbb", "number 4, version aaaaaaaaaaaa")
    ]
    assert "would be in force already as number 2" in told(replace(waits, number=6, from_at=last), waits)[0]
    assert told(replace(old, number=7, from_at=later, version="c" * 64), old) == []


def test_a_file_is_published_under_the_number_that_it_was_signed_with_and_no_older_one_after_it(fresh, book, tmp_path):
    old, new = tmp_path / "old.bundle", tmp_path / "new.bundle"
    hub_command(fresh, "rulebook", "build", "--out", str(old))
    time.sleep(1.1)
    hub_command(fresh, "rulebook", "build", str(book), "--out", str(new))
    hub_command(fresh, "rulebook", "publish", str(new))
    before = lines(fresh)
    for file in (old, new):
        done = hub_command(fresh, "rulebook", "publish", str(file), check=False)
        assert (done.returncode, "bundle_older" in done.stderr) == (2, True)
    assert lines(fresh) == before
    assert before[0][0] in hub_command(fresh, "rulebook", "verify", str(new)).stdout


def test_a_strangers_file_is_not_published(hub, fresh, tmp_path):
    file = tmp_path / "theirs.bundle"
    hub_command(hub, "rulebook", "build", "--out", str(file))
    done = hub_command(fresh, "rulebook", "publish", str(file), check=False)
    assert (done.returncode, "bundle_stranger" in done.stderr) == (2, True)
    assert lines(fresh) == []


def test_a_bill_is_explained_with_the_version_that_its_answer_named(fresh, book):
    cases = CASES / "cn_employee.yaml"
    old = hub_command(fresh, "rulebook", "publish", str(PACKAGED)).stdout.split()[-1]
    new = hub_command(fresh, "rulebook", "publish", str(book)).stdout.split()[-1]
    shipped = CliRunner().invoke(main, ["rulebook", "explain", str(cases)])
    again = hub_command(fresh, "rulebook", "explain", str(cases), "--version", old, check=False)
    other = hub_command(fresh, "rulebook", "explain", str(cases), "--version", new, check=False)
    assert again.stdout == shipped.stdout != other.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["use", "nothex"],
        ["use", "00000000"],
        ["publish", ".", "--from", "soon"],
        ["publish", ".", "--from", "2030-01-01"],
    ],
)
def test_what_is_typed_wrong_is_refused(fresh, words):
    assert hub_command(fresh, "rulebook", *words, check=False).returncode == 2
