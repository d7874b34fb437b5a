"""``pishkhan-edge maintenance`` as a technician types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.__main__ import main
from tests.edge.journal.papers import Papers, enrolled

PAPERS = Papers("H1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return enrolled(tmp_path / "edge", PAPERS)


def typed(folder: Path, *words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["--data", str(folder), "maintenance", *words])
    return done.exit_code, done.stdout, done.stderr


def test_it_is_announced_shown_and_ended(folder: Path) -> None:
    assert typed(folder, "show")[1] == "no maintenance is announced\n"
    status, out, _ = typed(folder, "announce", "--minutes", "30", "--reason", "a new disk")
    assert (status, out.endswith(": a new disk\n")) == (0, True)
    assert "maintenance lasts from" in typed(folder, "show")[1]
    told = json.loads(typed(folder, "show", "--json")[1])
    assert (told["lasts"], told["maintenance"]["reason"]) == (True, "a new disk")
    assert typed(folder, "end")[0] == 0
    assert typed(folder, "end")[0] == 2
    acts = [json.loads(line)["act"] for line in (folder / "audit.jsonl").read_text().splitlines()]
    assert acts == ["maintenance announced", "maintenance ended"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--reason", "x"), "say when it ends"),
        (("--reason", "x", "--minutes", "5", "--until", "2030-01-01"), "say when it ends"),
        (("--reason", "x", "--until", "tomorrow"), "is no time"),
        (("--reason", "x", "--until", "2020-01-01T10:00"), "ends after it begins"),
        (("--reason", " ", "--minutes", "5"), "say why"),
        (("--reason", "x", "--until", "0001-01-01"), "is no time"),
        (("--reason", "x", "--from", "9999-12-31T23:00Z", "--minutes", "90"), "is too late"),
    ],
)
def test_what_makes_no_sense_is_said_in_words(folder: Path, words: tuple[str, ...], said: str) -> None:
    status, _, err = typed(folder, "announce", *words)
    assert status == 2
    assert said in err
    assert typed(folder, "show")[1] == "no maintenance is announced\n"
