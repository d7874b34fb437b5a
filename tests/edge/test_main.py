"""The list of verbs: every one can be typed, and only what was typed is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from edge.__main__ import VERBS, WRITERS, main
from tests.tidy import tree


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_of_the_list_is_a_command_of_that_name_with_help(verb: str) -> None:
    command = main.get_command(click.Context(main), verb)
    assert command is not None
    assert command.name == verb
    done = CliRunner().invoke(main, [verb, "--help"])
    assert (done.exit_code, "Usage: " in done.stdout) == (0, True)


def test_an_unknown_verb_is_refused_in_a_sentence() -> None:
    done = CliRunner().invoke(main, ["destroy"])
    assert (done.exit_code, "No such command" in done.stderr) == (2, True)


def test_the_list_itself_loads_no_journal() -> None:
    code = "import sys, edge.__main__; print([n for n in sys.modules if n.startswith(('edge.journal', 'edge.app', 'edge.verbs.whole'))])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree.ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", sorted(WRITERS))
def test_what_root_would_write_for_another_account_is_refused_with_what_to_type(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    done = CliRunner().invoke(main, ["--data", str(tmp_path), verb])
    assert (done.exit_code, "belongs to account" in done.stderr) == (2, True)
    assert f"runuser -u {tmp_path.owner()} -- " in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(main, ["--data", str(tmp_path), verb, "--help"]).exit_code == 0


def test_help_is_there_for_whoever_may_not_look_into_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    done = CliRunner().invoke(main, ["--data", str(tmp_path), "status"])
    assert (done.exit_code, "is not readable" in done.stderr) == (2, True)
    assert CliRunner().invoke(main, ["--data", str(tmp_path), "status", "--help"]).exit_code == 0


def test_who_reads_no_further_is_no_fault_and_a_full_disk_is_not_called_the_data_folders(tmp_path: Path) -> None:
    typed = [sys.executable, "-m", "edge", "--data", str(tmp_path), "maintenance", "show"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        typed, cwd=tree.ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    assert done.stderr == ""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            typed, cwd=tree.ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stderr) == (
        2,
        "Error: the data folder, or where the output goes: No space left on device\n",
    )
