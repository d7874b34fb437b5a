"""Draws the documents that are tables in the code: ``python -m tests.tidy.generate_docs`` (or ``make docs``).

``docs/errors.md`` from the refusals, ``docs/transactions.md`` from the catalogue, ``docs/states.md`` from the tables of
outcomes and confirmations. A test fails when a document no longer says what the code does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from central_sync.desk import lifecycle
from central_sync.fleet import lifecycle as fleet
from central_sync.payers import lifecycle as shares
from central_sync.review import lifecycle as review
from central_sync.wire.catalogue import ROWS, Row
from central_sync.wire.refusals import REFUSALS, Fault
from edge import outcome

DOCS = Path(__file__).resolve().parents[2] / "docs"
MADE = "<!-- Made by `make docs` from {source}. Do not edit. -->\n"

REFUSALS_LEAD = """A refusal is definite: nothing happened and nothing will (return code -2). *Again* says whether the same business
may be sent again, under a new msgid, and may then pass.
"""
CATALOGUE_LEAD = """*Resolution* is what a broken line means: a **read** changes nothing and is refused `line_down`; a **replay** is
answered `provisional` and sent until receipted; a **fence** is withdrawn if it certainly never left, and otherwise
`in_doubt` until the hub has said what became of it.
"""
ACTS = {
    Fault.HIS: "the hospital's software",
    Fault.DESK: "the clerk",
    Fault.EDGE: "the hospital's IT desk, at the gateway",
    Fault.LINE: "nobody: the line",
    Fault.HUB: "central operations",
}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def errors() -> str:
    """docs/errors.md."""
    parts = [
        "# Refusals\n",
        MADE.format(source="`central_sync/wire/refusals.py`"),
        REFUSALS_LEAD,
    ]
    for fault in Fault:
        rows = [
            (f"`{code}`", "yes" if s.again else "no", s.desk, s.technician)
            for code, s in REFUSALS.items()
            if s.fault is fault
        ]
        parts += [f"## To act: {ACTS[fault]}\n", table(("code", "again", "for the desk", "for the technician"), rows)]
    return "\n".join(parts)


def _undoing(row: Row) -> str:
    ways = [f"by {row.undone_by}"] if row.undone_by else []
    return ", ".join([*ways, *(["by 2601"] if row.reversible else [])])


def transactions() -> str:
    """docs/transactions.md."""
    rows = [
        (
            ", ".join(row.numbers),
            row.name.replace("_", " "),
            row.resolution.value,
            row.care.value if row.care else "",
            f"`{row.request.__name__}`",
            f"`{row.answer.__name__}`",
            _undoing(row),
            "49" if row.confirmed else "",
        )
        for row in ROWS
    ]
    head = ("number", "name", "resolution", "care", "request", "answer", "undone", "confirmed by")
    return "\n".join(
        [
            "# The transaction catalogue\n",
            MADE.format(source="`central_sync/wire/catalogue.py`"),
            CATALOGUE_LEAD,
            table(head, rows),
        ]
    )


Steps = dict[tuple[str, str], str]
"""(state, event) → the next state, or ``refused: code``."""


def _edge(life: Mapping[tuple[StrEnum, StrEnum], StrEnum]) -> Steps:
    return {(str(state), str(event)): str(after) for (state, event), after in life.items()}


def _hub(life: Mapping[tuple[Any, Any], lifecycle.Step]) -> Steps:
    return {(str(s), str(e)): step.to or f"refused: {step.refusal}" for (s, e), step in life.items()}


def diagram(steps: Steps) -> str:
    """A Mermaid state diagram; refusals and steps that change nothing are left out."""
    changes = {pair: to for pair, to in steps.items() if pair[0] != to and not to.startswith("refused: ")}
    lines = [f"    {state} --> {to}: {event}" for (state, event), to in changes.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```", ""])


def section(title: str, source: str, steps: Steps) -> str:
    """One life cycle: where it stands in the code, its diagram, its whole table."""
    rows = [(f"`{state}`", f"`{event}`", f"`{to}`") for (state, event), to in steps.items()]
    return "\n".join([f"## {title}\n", f"{source}\n", diagram(steps), table(("in", "on", "becomes"), rows)])


def states() -> str:
    """docs/states.md."""
    return "\n".join(
        [
            "# States\n",
            MADE.format(source="the tables named in each section"),
            "What is not in a table is illegal: it is an error, and the state stays as it was.\n",
            section(
                "A transaction at the edge",
                "`edge/outcome.py`, `LIFE`. It is born open: a `replay` row provisional, a `fence` in doubt.",
                _edge(outcome.LIFE),
            ),
            section(
                "The confirmation of a settlement, at the edge",
                "`edge/outcome.py`, `CONFIRMATIONS`. When a cancel is itself reversed, `undone` goes back to what it was.",
                _edge(outcome.CONFIRMATIONS),
            ),
            section(
                "A case at the hub",
                "`central_sync/desk/lifecycle.py`, `CASE`. An inpatient case is settled only after its discharge; what takes a "
                "settlement back reopens its case: an outpatient one to `open`, an inpatient one to `discharged`.",
                _hub(lifecycle.CASE),
            ),
            section(
                "The confirmation of a settlement, at the hub",
                "`central_sync/desk/lifecycle.py`, `CONFIRMATION`.",
                _hub(lifecycle.CONFIRMATION),
            ),
            section(
                "An edge, as the hub sees it",
                "`central_sync/fleet/lifecycle.py`, `EDGE`: computed from its last report and the hub's clock, never kept. It is born `unheard`. "
                "What troubles it is told by `reasons` in the same file.",
                _edge(fleet.EDGE),
            ),
            section(
                "A deferred share, at the hub",
                "`central_sync/payers/lifecycle.py`, `SHARE`. A settlement that is put in force again asks anew: another share, in its next round.",
                _edge(shares.SHARE),
            ),
            section(
                "An entry of the review queue, at the hub",
                "`central_sync/review/lifecycle.py`, `ENTRY`. It is born `waiting`, or `needs_person` where nothing but a person can end it.",
                _edge(review.ENTRY),
            ),
        ]
    )


GENERATED: dict[str, Callable[[], str]] = {
    "errors.md": errors,
    "states.md": states,
    "transactions.md": transactions,
}
"""File under docs/ → what writes it."""


def main() -> int:
    """Write the documents; returns the exit status."""
    for name, made in GENERATED.items():
        (DOCS / name).write_text(made(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
