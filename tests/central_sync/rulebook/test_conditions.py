"""Conditions as an officer writes them, held against the engine that evaluates them."""

from __future__ import annotations

import pytest
import zen

from central_sync.benefits.audit.vocabulary import Kind
from central_sync.rulebook.conditions import cell
from central_sync.rulebook.decision_tables import Row, model

ABSENT = object()
MEETS = [
    (Kind.FLAG, "yes", [True], [False, ABSENT]),
    (Kind.NUMBER, "5", [5, 5.0], [4, 6, ABSENT]),
    (Kind.NUMBER, "0", [0], [1, -1, ABSENT]),
    (Kind.NUMBER, "not 0", [1, -1, 0.5], [0, ABSENT]),
    (Kind.NUMBER, "above 0", [1, 0.0001], [0, -1, ABSENT]),
    (Kind.NUMBER, "below 0", [-1], [0, 1, ABSENT]),
    (Kind.NUMBER, "at least 3", [3, 4], [2, ABSENT]),
    (Kind.NUMBER, "at most 3", [3, -9], [4, ABSENT]),
    (Kind.NUMBER, "31 to 90", [31, 90], [30, 91, ABSENT]),
    (Kind.NUMBER, "above 2.5", [2.6], [2.5, ABSENT]),
    (Kind.WORD, "drug", ["drug"], ["bed", ABSENT]),
    (Kind.WORD, "drug, bed", ["drug", "bed"], ["visit", ABSENT]),
    (Kind.WORD, "not drug", ["bed"], ["drug", ABSENT]),
    (Kind.WORD, "not drug, bed", ["visit"], ["drug", "bed", ABSENT]),
]


@pytest.mark.parametrize(("kind", "condition", "met", "unmet"), MEETS, ids=[f"{row[0]}: {row[1]}" for row in MEETS])
def test_the_engine_understands_a_condition_as_the_officer_does(kind, condition, met, unmet):
    tables = {"case": [], "line": [Row("hit", {"fact": cell(kind, condition)})]}
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"m": model(tables)}}})
    lines = [{} if value is ABSENT else {"fact": value} for value in (*met, *unmet)]

    hits = engine.evaluate("m", {"case": {}, "lines": lines})["result"]["line_rules"]

    assert [bool(hit) for hit in hits] == [True] * len(met) + [False] * len(unmet)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        (Kind.FLAG, "no"),
        (Kind.FLAG, "true"),
        (Kind.NUMBER, "> 5"),
        (Kind.NUMBER, "above"),
        (Kind.NUMBER, "5 to"),
        (Kind.NUMBER, "five"),
        (Kind.NUMBER, "0 or true"),
        (Kind.WORD, ""),
        (Kind.WORD, "drug,bed"),
        (Kind.WORD, 'drug" or true or "'),
        (Kind.WORD, "drug\n"),
    ],
)
def test_what_is_no_condition_is_told_what_is_one(kind, condition):
    with pytest.raises(ValueError, match="is asked with"):
        cell(kind, condition)
