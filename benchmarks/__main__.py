"""``python -m benchmarks [NAME …] [--json] [--quick]``: measures the named figures, or all; exit status 1 if one does not hold.

``--quick`` tries everything on a small scale in seconds: whether it runs, not what it measures.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Protocol

from benchmarks import (
    audit_rules,
    backlog,
    bundle,
    card_read,
    card_serial,
    comeback,
    desk_latency,
    desk_page,
    drain,
    embed_calls,
    fleet_board,
    frozen,
    journal,
    memory,
    reconcile,
    settle_engine,
    shim,
    wire_size,
)
from benchmarks.figure import Figure


class Measure(Protocol):
    """What measures one or several figures."""

    def __call__(self, *, quick: bool) -> Iterable[Figure]:
        """Measure; ``quick``: on a small scale."""
        ...


def _short(measure: Callable[[], Iterable[Figure]]) -> Measure:
    """One that has no smaller scale, since it is short."""

    def measured(*, quick: bool) -> Iterable[Figure]:  # noqa: ARG001 -- it has only one scale
        return measure()

    return measured


FIGURES: dict[str, Measure] = {
    "audit-rules": _short(audit_rules.measure),
    "backlog": backlog.measure,
    "bundle": bundle.measure,
    "card-read": card_read.measure,
    "card-serial": card_serial.measure,
    "comeback": comeback.measure,
    "desk-latency": desk_latency.measure,
    "desk-page": desk_page.measure,
    "drain": drain.measure,
    "embed-calls": embed_calls.measure,
    "fleet-board": fleet_board.measure,
    "frozen": frozen.measure,
    "journal": journal.measure,
    "memory": memory.measure,
    "reconcile": reconcile.measure,
    "settle-engine": _short(settle_engine.measure),
    "shim": shim.measure,
    "wire-size": wire_size.measure,
}
"""Name on the command line → what measures it; one may give several figures."""


def _line(figure: Figure) -> str:
    verdict = "holds" if figure.holds else "DOES NOT HOLD"
    bound = f"{'<=' if figure.at_most else '>='} {figure.goal:g}"
    return (
        f"{figure.name:<28}{figure.value:>12.3f} {figure.unit:<10}{figure.reference:>12.3f}"
        f"{figure.ratio:>9.3f}  {bound:<9}{verdict}"
    )


def main(arguments: list[str]) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--quick", action="store_true", help="a small scale: does it run?")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(FIGURES))
    if unknown:
        parser.error(f"no such figure: {', '.join(unknown)}")
    holds = True
    if not given.json:
        print(f"{'figure':<28}{'value':>12} {'unit':<10}{'reference':>12}{'ratio':>9}  {'goal':<9}")
    for name in given.names or FIGURES:
        for figure in FIGURES[name](quick=given.quick):
            holds &= figure.holds
            print(json.dumps(figure.plain(), ensure_ascii=False) if given.json else _line(figure), flush=True)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
