"""Updates as a technician types them; with programs that run, see tests/e2e/test_updates.py."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from edge.__main__ import main
from edge.update.trial import Times
from tests.releases import Centre, installed


@pytest.fixture
def typed(tmp_path):
    base = installed(tmp_path / "opt", "1.0")

    def type_(*arguments: str, status: int = 0):
        options = [
            "--base",
            str(base),
            "--state",
            str(tmp_path / "state"),
            "--restart",
            "true",
            "--alive",
            "true",
            "--trial-s",
            "1",
        ]
        done = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), "update", *options, *arguments])
        assert done.exit_code == status, done.output
        return done

    return type_


@pytest.fixture
def centre(tmp_path):
    return Centre(tmp_path / "centre").opened()


def test_the_root_is_given_once_and_its_keys_are_told(typed, centre, tmp_path):
    (tmp_path / "root.json").write_bytes(centre.root)
    said = typed("trust", str(tmp_path / "root.json")).output
    assert centre.public("root-1")[0].keyid in said
    assert "believed already" in typed("trust", str(tmp_path / "root.json"), status=2).output


def test_without_a_root_a_stick_is_not_believed(typed, centre):
    centre.release("1.1")
    assert "update trust FILE" in typed("import", str(centre.folder), status=2).output


def test_a_stick_is_put_beside_what_runs_and_told(typed, centre, tmp_path):
    (tmp_path / "root.json").write_bytes(centre.root)
    typed("trust", str(tmp_path / "root.json"))
    centre.release("1.1")
    assert "1.1 lies ready beside 1.0" in typed("import", str(centre.folder), "--stage").output
    told = json.loads(typed("status", "--json").output)
    assert (told["current"], told["last"]["code"]) == ("1.0", "ready")
    assert "1.0 runs" in typed("status").output


def test_an_edge_that_does_not_answer_after_the_switch_is_taken_back(typed, centre, tmp_path, monkeypatch):
    monkeypatch.setattr("edge.verbs.update.Times", lambda trial_s, answer_s: Times(trial_s, answer_s, 0.3, 0.05))
    (tmp_path / "root.json").write_bytes(centre.root)
    typed("trust", str(tmp_path / "root.json"))
    centre.release("1.1")
    assert (
        "1.1 was taken back: it does not answer"
        in typed("--answer-s", "0.2", "import", str(centre.folder), status=1).output
    )
    assert "1.1 was taken back" in typed("status").output
    assert typed("settle").output == ""


def test_a_machine_without_a_release_is_told_what_to_do(tmp_path):
    done = CliRunner().invoke(main, ["update", "--base", str(tmp_path), "--state", str(tmp_path), "status"])
    assert (done.exit_code, "Install the package again" in done.output) == (2, True)


def test_an_edge_of_no_ring_asks_nobody(typed, tmp_path, monkeypatch):
    monkeypatch.setattr("edge.identity.load", lambda _: None)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "edge.toml").write_text('update_ring = "none"\n')
    assert "nothing is asked" in typed("run").output
