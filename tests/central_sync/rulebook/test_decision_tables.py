"""The JDM document: one call judges the case and all lines."""

from __future__ import annotations

import zen

from central_sync.rulebook.decision_tables import Row, model

TABLES = {
    "case": [Row("C-1", {"lines": "> 1"})],
    "line": [Row("L-1", {"quantity": "> 5"}), Row("L-2", {"quantity": "> 1", "kind": '"drug"'})],
}


def _judged(facts):
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"m": model(TABLES)}}})
    return engine.evaluate("m", facts)["result"]


def test_one_call_gives_the_hits_of_the_case_and_of_each_line_in_order():
    lines = [{"quantity": 9, "kind": "drug"}, {"quantity": 1}, {"quantity": 6, "kind": "bed"}]

    result = _judged({"case": {"lines": 3}, "lines": lines})

    assert result["case_rules"] == [{"rule": "C-1"}]
    assert result["line_rules"] == [[{"rule": "L-1"}, {"rule": "L-2"}], [], [{"rule": "L-1"}]]


def test_nothing_of_the_facts_is_passed_on():
    assert set(_judged({"case": {"lines": 0, "sex": "male"}, "lines": []})) == {"case_rules", "line_rules"}


def test_the_same_rows_make_the_same_document():
    assert model(TABLES) == model(TABLES)
    assert model({"case": [], "line": []})["nodes"][2]["content"]["rules"] == []
