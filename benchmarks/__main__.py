"""``python -m benchmarks [NAME …] [--json]``: measures the named figures, or all; exit status 1 if one does not hold."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable

from benchmarks import desk_latency, journal_append, settle_engine, wire_size
from benchmarks.figure import Figure

FIGURES: dict[str, Callable[[], Iterable[Figure]]] = {
    "desk-latency": desk_latency.measure,
    "journal-append": journal_append.measure,
    "settle-engine": settle_engine.measure,
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
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(FIGURES))
    if unknown:
        parser.error(f"no such figure: {', '.join(unknown)}")
    holds = True
    if not given.json:
        print(f"{'figure':<28}{'value':>12} {'unit':<10}{'reference':>12}{'ratio':>9}  {'goal':<9}")
    for name in given.names or FIGURES:
        for figure in FIGURES[name]():
            holds &= figure.holds
            print(json.dumps(figure.plain(), ensure_ascii=False) if given.json else _line(figure), flush=True)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
