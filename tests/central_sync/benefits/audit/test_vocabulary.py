"""The officer's dictionary: every fact is explained, used, and made by somebody."""

from __future__ import annotations

import ast
import inspect

import pytest

from central_sync.benefits.audit import case_facts, line_facts
from central_sync.benefits.audit.vocabulary import OVERS, Kind, Needs, facts_of
from tests.central_sync.benefits.audit.cases import shipped

MADE = {"case": case_facts, "line": line_facts}


@pytest.mark.parametrize("over", sorted(OVERS))
def test_every_fact_says_what_it_means_and_is_made_somewhere(over):
    tree = ast.parse(inspect.getsource(MADE[over]))
    made = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    made |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    made |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}

    facts = facts_of(OVERS[over])

    assert all(fact.text for fact in facts.values())
    assert not set(facts) - made


def test_kinds_and_needs_are_read_from_the_declaration():
    line = facts_of(OVERS["line"])

    assert line["item_unknown"].kind is Kind.FLAG
    assert line["dose_over"].kind is Kind.NUMBER
    assert line["kind"].kind is Kind.WORD
    assert line["too_soon"].needs is Needs.EARLIER
    assert line["waiting_days"].needs is Needs.MEMBER
    assert line["over_tariff"].needs is None


def test_every_table_asks_only_for_facts_that_there_are():
    for node in shipped().model["nodes"]:
        for column in node["content"].get("inputs", []):
            assert column["name"] in facts_of(OVERS[node["id"]])
