"""The command line: what it prints, and that every failure is one sentence that says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.__main__ import main
from edge.workstations import FILE


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(folder), *arguments])


@pytest.mark.parametrize("verb", ["run", "journal stats", "journal show", "workstation remove x"])
def test_on_an_empty_folder_every_verb_says_what_is_missing(tmp_path: Path, verb: str) -> None:
    done = run(tmp_path, *verb.split())
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_run_without_an_identity_says_what_to_type(tmp_path: Path) -> None:
    assert f"pishkhan-edge --data {tmp_path} enrol HUB_URL CODE" in run(tmp_path, "run").stderr
    assert "does not exist" in run(tmp_path / "none", "run").stderr


def test_a_workstation_is_added_listed_and_removed(tmp_path: Path) -> None:
    added = run(tmp_path, "workstation", "add", "desk-1")
    assert (added.exit_code, len(added.stdout.split())) == (0, 1)
    assert run(tmp_path, "workstation", "list").stdout.startswith("desk-1\t")
    assert run(tmp_path, "workstation", "remove", "desk-1").exit_code == 0
    assert run(tmp_path, "workstation", "list").stdout == ""
    assert run(tmp_path, "workstation", "add", "desk 1").exit_code == 2


def test_a_damaged_list_and_a_damaged_settings_file_are_one_sentence_each(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    assert "damaged" in run(tmp_path, "workstation", "list").stderr
    (tmp_path / "edge.toml").write_text("listen = 1")
    assert "edge.toml" in run(tmp_path, "run").stderr


def test_enrolling_with_nonsense_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "enrol", "http://hub", "CODE")
    assert (done.exit_code, "https://HOST:PORT" in done.stderr) == (2, True)


def test_a_code_that_is_not_typed_as_an_argument_is_asked_for(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--data", str(tmp_path), "enrol", "https://127.0.0.1:1"], input="NOT-A-CODE\n")
    assert done.exit_code == 2
    assert "Enrolment code" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_and_doctor_tell_of_an_edge_that_does_not_run(tmp_path: Path) -> None:
    assert run(tmp_path, "status").exit_code == 1
    told = json.loads(run(tmp_path, "status", "--json").stdout)
    assert told["running"] is False
    done = run(tmp_path, "doctor", "--json")
    findings = {(row := json.loads(line))["part"]: row for line in done.stdout.splitlines()}
    assert done.exit_code == 1
    parts = [
        "folder",
        "settings",
        "identity",
        "authority",
        "journal",
        "workstations",
        "agents",
        "rulebook",
        "disk",
        "site",
        "tunnel",
        "payers",
        "running",
    ]
    assert list(findings) == parts
    assert findings["folder"]["well"]
    assert not findings["identity"]["well"]
    assert "NOT WELL" in run(tmp_path / "none", "doctor").stdout


def test_the_faces_certificate_is_made_once_and_printed(tmp_path: Path) -> None:
    first, second = (run(tmp_path, "face-certificate").stdout for _ in range(2))
    assert first == second
    assert first.startswith("-----BEGIN CERTIFICATE-----")
    assert (tmp_path / "face" / "key.pem").stat().st_mode & 0o777 == 0o600
