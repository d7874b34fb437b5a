"""Makes one JDM document of all audit tables: what any editor of decision tables opens, and what zen-engine evaluates in one call.

There is no formal schema of JDM; this is the subset that we use: one input node, one decision table over the case and one over the lines
(``executionMode: loop``), hit policy ``collect``, one output. What a rule says besides its conditions stays out: it would be copied for each hit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from central_sync.benefits.audit.auditor import OUTPUT, TABLES

_LOOPS = {"case": None, "line": "lines"}
_INPUT_FIELDS = {"case": "case", "line": None}


class Row(NamedTuple):
    """One row of a table: the key of its rule, and cell by fact."""

    key: str
    cells: Mapping[str, str]


def model(tables: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """The document. ``tables``: by what they are about (``case``, ``line``)."""
    nodes = [_node("in", "inputNode", 0, {"schema": ""}), _node("out", "outputNode", 600, {"schema": ""})]
    edges: list[dict[str, str]] = []
    for over, rows in tables.items():
        nodes.append(_node(over, "decisionTableNode", 300, _table(over, rows)))
        edges.append({"id": f"in-{over}", "type": "edge", "sourceId": "in", "targetId": over})
        edges.append({"id": f"{over}-out", "type": "edge", "sourceId": over, "targetId": "out"})
    return {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}


def _node(name: str, kind: str, x: int, content: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "type": kind, "name": name, "position": {"x": x, "y": 0}, "content": content}


def _table(over: str, rows: Sequence[Row]) -> dict[str, Any]:
    # the most used facts stand first: most rules then fail at their first cell
    facts = sorted({fact for row in rows for fact in row.cells})
    field = _INPUT_FIELDS[over]
    return {
        "hitPolicy": "collect",
        "inputs": [{"id": f"in-{fact}", "name": fact, "field": f"{field}.{fact}" if field else fact} for fact in facts],
        "outputs": [{"id": "out", "name": OUTPUT, "field": OUTPUT}],
        "rules": [
            {
                "_id": row.key,
                **{f"in-{fact}": test for fact, test in row.cells.items()},
                "out": f'"{row.key}"',
            }
            for row in rows
        ],
        "inputField": _LOOPS[over],
        "outputPath": TABLES[over],
        "executionMode": "loop" if _LOOPS[over] else "single",
        "passThrough": False,
        "passThorough": False,
    }
