"""``python -m benchmarks``: one object a line with --json, a table without, and a status that says whether all holds."""

from __future__ import annotations

import json

import pytest

from benchmarks import __main__ as command
from benchmarks.figure import Figure, absolute, over_rounds
from tests.tidy import tree

KEYS = {"name", "value", "unit", "reference", "ratio", "goal", "holds"}


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["wire-size", "--json", "--quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for figure in map(json.loads, lines):
        assert set(figure) >= KEYS
        assert figure["holds"] is True
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["reference"], abs=1e-4)


def test_without_json_it_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["wire-size", "--quick"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("figure")
    assert rows
    assert all(row.endswith("holds") for row in rows)


def test_an_unknown_figure_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["speed"])
    assert "speed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["journal", "reconcile"])
def test_a_quick_figure_takes_seconds(capsys: pytest.CaptureFixture[str], name: str) -> None:
    command.main([name, "--quick", "--json"])  # whether it holds is not asked on a small scale
    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert figures
    assert all(set(figure) >= KEYS and figure["reference"] > 0 for figure in figures)
    # an event may be in the desk's stream before the one who listens beside it has heard of it
    assert all(figure["value"] > 0 or figure["name"] == "card-event" for figure in figures)


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", sorted(set(command.FIGURES) - {"frozen", "journal", "reconcile", "wire-size"}))
def test_every_other_figure_can_be_measured(capsys: pytest.CaptureFixture[str], name: str) -> None:
    test_a_quick_figure_takes_seconds(capsys, name)


@pytest.mark.soak
def test_what_takes_a_build_can_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    test_a_quick_figure_takes_seconds(capsys, "frozen")


def test_of_several_rounds_the_median_ratio_counts() -> None:
    rounds = [(1.0, 2.0), (30.0, 10.0), (2.0, 2.0)]
    found = over_rounds("f", rounds, "s", 1, at_most=True, what="this", against="that")
    assert (found.value, found.reference, found.ratio, found.rounds) == (2.0, 2.0, 1.0, 3)


def test_a_bound_that_is_a_number_is_the_reference() -> None:
    found = absolute("f", 0.5, "ms", 0.4, "this")
    assert (found.ratio, found.holds) == (pytest.approx(1.25), False)


@pytest.mark.parametrize(("at_most", "goal", "holds"), [(True, 0.5, True), (True, 0.4, False), (False, 0.4, True)])
def test_a_goal_bounds_the_ratio_from_its_side(at_most: bool, goal: float, holds: bool) -> None:
    figure = Figure("f", 1.0, "s", 2.0, goal, at_most, "this", "that")
    assert figure.holds is holds


def test_every_figure_is_explained() -> None:
    page = (tree.ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert not [name for name in command.FIGURES if f"## {name}" not in page]
