"""``pishkhan-hub rulebook simulate``: what settled cases would have cost under other rules.

It changes nothing. What was asked for goes to stdout; progress goes to stderr. Exit status: 0 done, 1 some cases could not be settled
under one of the rulebooks (they are named), 2 a rulebook, the file or what was typed is wrong, 130 broken off with Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from central_sync.app import clock
from central_sync.benefits.parameters import Rulebook
from central_sync.insight.settled_cases import export
from central_sync.place import Place
from central_sync.publications import Publications
from central_sync.rulebook.law_of_day import held
from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.settled import Settled, settled_cases
from central_sync.rulebook.simulation_chart import bars, svg, titled
from central_sync.rulebook.simulation_run import ALONE_CASES_MAX, broken_off, simulated
from central_sync.rulebook.simulation_sums import Line, Named, Result, summed
from central_sync.rulebook.strict import RulebookError
from central_sync.terms.money import CURRENCIES
from central_sync.verbs import printing

MOVERS_MAX = 10
LEFT_OUT_SHOWN_MAX = 20
BROKEN_OFF = 130
"""The exit status of a program that Ctrl-C ended."""

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--from-hub", is_flag=True, help="Take the settled cases of the hub's database (--data) instead of FILE.")
@click.option(
    "--rulebook",
    "folder",
    type=_FOLDER,
    help="The rulebook before; else the one in force (--from-hub), or the shipped one.",
)
@click.option("--other", type=_FOLDER, help="The rulebook after, if it is another one.")
@click.option("--other-day", type=_DAY, help="Take the rulebook after as it stands on that day, for every case.")
@click.option("--from", "first", type=_DAY, help="Count cases of that day and later; earlier ones fill accumulators.")
@click.option("--to", "last", type=_DAY, help="Count cases of that day and earlier.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many processes work; changes nothing but the time.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--chart", is_flag=False, flag_value="-", help="Draw bars; with FILE.svg into that file.")
@click.pass_context
def simulate(
    ctx: click.Context,
    file: Path | None,
    from_hub: bool,
    folder: Path | None,
    other: Path | None,
    other_day: datetime | None,
    first: datetime | None,
    last: datetime | None,
    processes: int | None,
    as_json: bool,
    chart: str | None,
) -> None:
    """What would the settled cases of FILE have cost under other rules? FILE: JSON lines of `settlements export`, or worked cases (YAML)."""
    if (file is None) is not from_hub:
        raise printing.Wrong("name a FILE of settled cases, or say --from-hub; not both")
    if other is None and other_day is None:
        raise printing.Wrong("name the rules to compare with: --other FOLDER, --other-day DAY, or both")
    if chart not in (None, "-") and not str(chart).endswith(".svg"):
        raise printing.Wrong("a chart is drawn into a file that ends with .svg")
    try:
        old = _in_force(ctx) if from_hub and folder is None else load(folder or PACKAGED)
        new = load(other) if other else old
        new = held(new, other_day.date()) if other_day else new
        cases = settled_cases(file, (old, new)) if file else _of_hub(ctx, old, last)
        days = (first.date() if first else date.min, last.date() if last else date.max)
        result = _run(cases, old, new, days, processes)
    except RulebookError as error:
        raise printing.Wrong(str(error)) from error
    except KeyboardInterrupt:
        click.echo("Broken off. Nothing was changed.", err=True)
        broken_off(BROKEN_OFF)
    names = (
        f"before: {printing.short(old)}",
        f"after: {printing.short(new)}{f' of {other_day.date()}' if other_day else ''}",
    )
    if as_json:
        click.echo(json.dumps(_as_data(result, old, new), ensure_ascii=False))
    else:
        _show(result, names)
    if chart == "-" and not as_json:
        _bars(result)
    elif chart not in (None, "-"):
        _draw(Path(str(chart)), svg(result.rows, *names))
    if result.left_out:
        sys.exit(1)


def _place(ctx: click.Context) -> Place:
    if not isinstance(ctx.obj, Place):
        raise printing.Wrong(
            "--from-hub needs the hub's folder: pishkhan-hub --data DIR rulebook simulate --from-hub …"
        )
    return ctx.obj


def _in_force(ctx: click.Context) -> Rulebook:
    with _place(ctx).store() as store:
        return Publications(store).current(clock()).rulebook


def _of_hub(ctx: click.Context, book: Rulebook, last: datetime | None) -> list[Settled]:
    """The settled cases of the hub's database, by way of a file as ``settlements export`` writes it."""
    place = _place(ctx)
    with tempfile.TemporaryDirectory(prefix="pishkhan-simulate-") as folder:
        file = Path(folder) / "hub.jsonl"
        with place.store() as store, file.open("wb") as out:
            law = Publications(store).current(clock()).rulebook
            for line in export(store, law, date.min, last.date() if last else date.max):
                out.write(line + b"\n")
        return settled_cases(file, (book,))


def _run(cases: list[Settled], old: Rulebook, new: Rulebook, days: tuple[date, date], processes: int | None) -> Result:
    cases = [one for one in cases if one.facts.day <= days[1]]
    counted = [one.facts.day >= days[0] for one in cases]
    many = processes or (os.cpu_count() or 1 if len(cases) > ALONE_CASES_MAX else 1)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("cases", total=len(cases))
        pairs = simulated(cases, old, new, many, lambda more: progress.advance(task, more))
    currencies = {code: region.currency for book in (new, old) for code, region in book.regions.items()}
    return summed(cases, pairs, currencies, counted, MOVERS_MAX)


def _show(result: Result, names: tuple[str, str]) -> None:
    for currency, rows in result.rows.items():
        table = printing.table(
            ("of", "before", "after", "difference", "%", "more in", "less in"),
            right=(
                "before",
                "after",
                "difference",
                "%",
                "more in",
                "less in",
            ),
        )
        money = CURRENCIES[currency].display
        for name, line in rows.items():
            moved = (money(line.difference), line.percent, str(line.more), str(line.less))
            printing.row(table, titled(name), money(line.before), money(line.after), *moved)
        printing.show(table)
        patients = rows["patients", ""]
        same = result.counted - patients.more - patients.less
        said = f"patients: better off in {patients.less} cases, worse off in {patients.more}"
        click.echo(said + (f", the same in {same}" if len(result.rows) == 1 else ""))
    if result.movers:
        table = printing.table(
            ("moves most", "line", "day", "before", "after", "difference"),
            right=(
                "line",
                "before",
                "after",
                "difference",
            ),
        )
        for mover in result.movers:
            money = CURRENCIES[mover.currency].display
            cells = (money(mover.before), money(mover.after), money(mover.after - mover.before))
            printing.row(table, mover.case, str(mover.line), mover.day, *cells)
        printing.show(table)
    click.echo(f"{result.counted} cases; {names[0]}, {names[1]}")
    for case, place, why in result.left_out[:LEFT_OUT_SHOWN_MAX]:
        click.echo(f"left out: line {place}, case {case}: {why}")
    if result.left_out:
        click.echo(f"{len(result.left_out)} cases were left out of both sums")


def _bars(result: Result) -> None:
    for currency, rows in result.rows.items():
        table = Table(box=None, pad_edge=False, title=currency, title_justify="left")
        table.add_column("")
        table.add_column("")
        for name, before, after in bars(rows):
            table.add_row(Text(name), Text(before, style="dim"))
            table.add_row("", Text(after, style="bold"))
        printing.show(table)


def _draw(file: Path, drawing: str) -> None:
    try:
        file.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise printing.Wrong(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"The chart is in {file}.", err=True)


def _as_data(result: Result, old: Rulebook, new: Rulebook) -> dict[str, Any]:
    return {
        "rulebooks": {"before": old.version, "after": new.version},
        "cases": result.counted,
        "currencies": {currency: _rows(rows) for currency, rows in result.rows.items()},
        "movers": [
            {"case": m.case, "line": m.line, "day": m.day, "currency": m.currency, "before": m.before, "after": m.after}
            for m in result.movers
        ],
        "left_out": [{"case": case, "line": line, "why": why} for case, line, why in result.left_out],
    }


def _rows(rows: Mapping[Named, Line]) -> list[dict[str, Any]]:
    return [
        {
            "of": name[0],
            "name": name[1],
            "before": line.before,
            "after": line.after,
            "difference": line.difference,
            "more_in": line.more,
            "less_in": line.less,
        }
        for name, line in rows.items()
    ]
