"""How verbs tell."""

from __future__ import annotations

import json

import pytest

from central_sync.verbs import printing

ROWS = [{"name_of": "[bold]x[/bold]", "count": 3}, {"name_of": "زهرا", "count": 12}]


def test_a_program_gets_an_object_a_line_and_a_person_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    printing.rows(ROWS, as_json=True)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS
    printing.rows(ROWS, as_json=False)
    told = capsys.readouterr().out
    assert "name of" in told
    assert "[bold]x[/bold]" in told, "brackets are no markup"
    printing.rows([], as_json=False)
    assert capsys.readouterr().out == ""


def test_numbers_stand_at_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    made = printing.table(["name", "amount"], right=["amount"])
    printing.row(made, "a", "1")
    printing.row(made, "b", "1,000")
    printing.show(made)
    assert [line.rstrip()[-5:].strip() for line in capsys.readouterr().out.splitlines()[1:]] == ["1", "1,000"]


def test_what_is_wrong_ends_with_2() -> None:
    assert printing.Wrong("x").exit_code == 2
