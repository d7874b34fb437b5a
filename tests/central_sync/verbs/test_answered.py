"""An answer held against the version that it names, or against another one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from central_sync.__main__ import main
from central_sync.rulebook.load import PACKAGED
from tests.central_sync.rulebook.mistakes import STAY, change, copied

CASES = Path(__file__).parents[2] / "rulebook_cases" / "cn_employee.yaml"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A hub that has published the shipped rulebook, and then one in which the deductible of a stay is another."""
    folder = tmp_path_factory.mktemp("hub")
    book = folder / "book"
    shutil.copytree(PACKAGED / "rules", copied(book) / "rules")
    change(book, STAY, '{tier: tier_3, from: 2025-01-01, value: "900"', '{tier: tier_3, from: 2025-01-01, value: "950"')
    typed(folder / "data", "init")
    published = [typed(folder / "data", "rulebook", "publish", str(one)) for one in (PACKAGED, book)]
    return folder / "data", [done.output.split()[-1] for done in published]


def typed(folder, *words):
    return CliRunner().invoke(main, ["--data", str(folder), *words])


@pytest.fixture
def answer(tmp_path):
    """A stay that was answered under the shipped rulebook."""
    made = CliRunner().invoke(main, ["rulebook", "explain", str(CASES), "--json"])
    settled = next(
        one["settlement"] for one in json.loads(made.output) if "cn_employee.inpatient.deductible" in str(one)
    )
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(settled), encoding="utf-8")
    return file


def test_the_version_that_an_answer_names_is_taken_by_itself(hub, answer):
    folder, _ = hub
    told = typed(folder, "rulebook", "explain", str(answer))
    assert (told.exit_code, "version" in told.output) == (0, False)
    assert typed(folder, "rulebook", "audit-trace", str(answer)).output == "every step holds\n"


def test_with_another_version_it_is_said_what_that_one_says_otherwise(hub, answer):
    folder, (old, new) = hub
    named = json.loads(answer.read_text())["rulebook"][:12]
    for verb in ("explain", "audit-trace"):
        told = typed(folder, "rulebook", verb, str(answer), "--version", new)
        assert told.exit_code == 1
        assert f"The answer names version {named}; it is held here against version " in told.output
    assert "cn_employee.inpatient.deductible" in told.output
    assert "950.00 CNY in " in told.output
    assert typed(folder, "rulebook", "explain", str(answer), "--version", old).exit_code == 0


def test_without_the_hub_that_published_it_the_other_version_is_named_alone(answer):
    settled = json.loads(answer.read_text())
    answer.write_text(json.dumps({**settled, "rulebook": "ab" * 32}))
    told = CliRunner().invoke(main, ["rulebook", "explain", str(answer), "--json"])
    assert told.exit_code == 1
    [one] = json.loads(told.output)
    assert one["versions"][0].startswith("The answer names version abababababab; it is held here against version ")
    assert "is not at hand" in one["versions"][1]


def test_lines_of_a_worked_case_are_numbered_from_one():
    told = CliRunner().invoke(main, ["rulebook", "explain", str(CASES), "--language", "en", "--lines"])
    assert "Line 1: " in told.output
    assert "Line 0" not in told.output
