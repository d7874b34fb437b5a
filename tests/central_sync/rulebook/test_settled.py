"""Settled cases are read in the order of their settlement, and what is wrong with one is told with its line and case."""

from __future__ import annotations

import json

import pytest

from central_sync.rulebook.settled import settled_cases
from central_sync.rulebook.strict import RulebookError
from tests.central_sync.rulebook.month import BOOK, COUNTRIES, month

WORKED = COUNTRIES.parent / "cases" / "au.yaml"


def test_cases_come_in_the_order_of_their_settlement(tmp_path):
    file = month(tmp_path / "month.jsonl", 4)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for line, hour in zip(lines, (4, 1, 3, 2), strict=True):
        line["settled"] = f"2025-06-30T0{hour}:00:00Z"
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n", "utf-8")
    assert [one.case for one in settled_cases(file, [BOOK])] == ["S1", "S3", "S2", "S0"]
    assert [one.line for one in settled_cases(file, [BOOK])] == [2, 4, 3, 1]


def test_worked_cases_are_read_too_each_of_a_member_of_its_own():
    cases = settled_cases(WORKED, [BOOK])
    assert len({one.facts.member for one in cases}) == len(cases) > 2
    assert cases[1].used == {"au_safety_net.gap": 498_00}
    assert cases[1].line == 17
    assert cases[1].bill[0].amount == 75_00


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"case": "S1"',
            '"case": 7',
            "month.jsonl:2: case 7: case: a word or number is expected here, not a whole number",
        ),
        ('"day": ', '"dya": ', "month.jsonl:2: case S1: unknown key `dya`"),
        (
            '"quantity": "20"',
            '"quantity": 20',
            "month.jsonl:2: case S1: bill[0].quantity: a word or number is expected here",
        ),
        (
            '"amount": ',
            '"amount": -',
            "month.jsonl:2: case S1: bill[0].amount: a whole number is expected here, 0 at least",
        ),
        ('"region": "au"', '"region": "xx"', "month.jsonl:2: case S1: region: there is no such region"),
        ('"born"', "born", "month.jsonl:2: no JSON object"),
        ('"born"', '"x":' + "[" * 100_000 + '"born"', "month.jsonl:2: unknown key `x`"),
    ],
)
def test_a_wrong_case_is_told_with_its_line(tmp_path, old, new, said):
    file = month(tmp_path / "month.jsonl", 3)
    lines = file.read_text("utf-8").splitlines()
    assert old in lines[1]
    lines[1] = lines[1].replace(old, new, 1)
    file.write_text("\n".join(lines), "utf-8")
    with pytest.raises(RulebookError) as error:
        settled_cases(file, [BOOK])
    assert str(error.value).startswith(said)


def test_a_worked_case_of_a_scheme_that_nobody_knows_is_told_with_its_line(tmp_path):
    file = tmp_path / "au.yaml"
    file.write_text(WORKED.read_text("utf-8").replace("au_safety_net, group", "au_nothing, group", 1), "utf-8")
    with pytest.raises(RulebookError, match=r"au.yaml:17: case .*: covers: there is no scheme au_nothing"):
        settled_cases(file, [BOOK])
