"""``pishkhan-hub rulebook``: what a benefits officer does with a rulebook: check it, see what changes, have a bill explained.

These verbs read folders and files alone, unless a published version is named; they need no hub that runs, and change nothing. Exit status: 0 all is well, 1 a case does not hold,
2 the rulebook (or what was typed) is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

import click
import msgspec
from rich.table import Table

from central_sync.benefits.checking import check as checked
from central_sync.benefits.document import Settled, document, settled_of, titles
from central_sync.benefits.document import text as as_text
from central_sync.benefits.explain import Style, sentence
from central_sync.benefits.facts import CaseFacts
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.results import Computation, TraceStep
from central_sync.place import Place
from central_sync.rulebook.cases import Case, differences, read, told
from central_sync.rulebook.changes import changes, in_force, parameters
from central_sync.rulebook.load import PACKAGED
from central_sync.rulebook.strict import RulebookError
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.money import CURRENCIES
from central_sync.verbs import answered, printing
from central_sync.verbs.answered import loaded

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def rulebook() -> None:
    """Check a rulebook, see what changes from one day to another, have a bill explained."""


@rulebook.command()
@click.argument("folder", type=_FOLDER, default=PACKAGED)
@click.option("--cases", "files", type=_FILE, multiple=True, help="A file of worked cases to try; may be repeated.")
def check(folder: Path, files: Sequence[Path]) -> None:
    """Check the rulebook in FOLDER (the shipped one, if none is given), and worked cases with it."""
    book = loaded(folder)
    table = printing.table(
        ("scheme", "layer", "region", "values", "illustrative", "from"),
        right=(
            "values",
            "illustrative",
        ),
    )
    rows: dict[str, list[tuple[bool, date]]] = {}
    for parameter, _ in parameters(book):
        rows.setdefault(parameter.rule.partition(".")[0], []).extend(
            (r.illustrative, r.from_day) for r in parameter.rows
        )
    for code, scheme in sorted(book.schemes.items()):
        mine = rows[code]
        invented = sum(illustrative for illustrative, _ in mine)
        printing.row(
            table, code, scheme.layer, scheme.region, str(len(mine)), str(invented), str(min(day for _, day in mine))
        )
    printing.show(table)
    click.echo(f"{printing.held(book)}, version {printing.short(book)}")
    wrong = 0
    for case in (case for file in files for case in _read(file)):
        _, said = _differences(book, case)
        wrong += bool(said)
        for one in said:
            click.echo(f"{case.name}: {one}")
    if files:
        click.echo(f"{printing.counted(wrong, 'case does', 'cases do')} not hold" if wrong else "every case holds")
    if wrong:
        sys.exit(1)


@rulebook.command()
@click.option("--from", "first", type=_DAY, required=True, help="A day, YYYY-MM-DD.")
@click.option("--to", "last", type=_DAY, required=True, help="Another day.")
@click.option("--rulebook", "folder", type=_FOLDER, default=PACKAGED, help="The rulebook of the first day.")
@click.option("--other", type=_FOLDER, help="The rulebook of the other day, if it is another one.")
@click.option("--under", default="", help="Only rules that begin so: a scheme or region, a benefit.")
def diff(first: datetime, last: datetime, folder: Path, other: Path | None, under: str) -> None:
    """Tell which values are others on another day, or in another rulebook."""
    old = loaded(folder)
    new = loaded(other) if other else old
    found = [
        one for one in changes(in_force(old, first.date()), in_force(new, last.date())) if one.rule.startswith(under)
    ]
    table = printing.table(("rule", "for", "before", "after", "since", "source"))
    for one in found:
        printing.row(table, one.rule, one.who, one.before, one.after, str(one.since or ""), one.reference)
    if found:
        printing.show(table)
    click.echo(
        f"{printing.counted(len(found), 'value differs', 'values differ')} between {first.date()} and {last.date()}"
    )


@rulebook.command()
@click.argument("file", type=_FILE)
@click.option("--case", "name", default="", help="Part of the name of the one case to explain.")
@click.option(
    "--rulebook", "folder", type=_FOLDER, help="The rulebook to use; not given: that of the answer, or the shipped one."
)
@click.option(
    "--version",
    default="",
    help="Instead: one that was published at the hub (--data DIR), by the version that an answer names.",
)
@click.option("--language", type=click.Choice([one.value for one in Language]), help="As a document for the patient.")
@click.option("--lines", is_flag=True, help="The document with the lines of the bill.")
@click.option("--json", "as_json", is_flag=True, help="Documents and settlements, checked, as one JSON list.")
@click.pass_obj
def explain(
    place: Place | None,
    file: Path,
    name: str,
    folder: Path | None,
    version: str,
    language: str | None,
    lines: bool,
    as_json: bool,
) -> None:
    """Settle the bills of FILE (worked cases), and say for each coin which rule put it where.

    FILE may also be a settlement that was answered (.json): then that is told, with the version that it names if --data knows it; and
    with another one, what that one says otherwise.
    """
    book = answered.book_of(place, folder, version, file)
    if language or as_json or file.suffix == ".json":
        found = _to_tell(book, file, name)
        said = answered.compared(place, book, found[0][2])
        _tell(book, found, Language(language or Language.EN), said, lines=lines, as_json=as_json)
        return
    wrong = False
    chosen = [case for case in _read(file) if name in case.name]
    if not chosen:
        raise click.ClickException("no case has such a name")
    for case in chosen:
        done, said = _differences(book, case)
        click.echo(case.name)
        printing.show(_explained(book, case, done))
        for one in said:
            click.echo(f"  not as expected: {one}")
        wrong = wrong or bool(said)
    if wrong:
        sys.exit(1)


@rulebook.command("audit-trace")
@click.argument("file", type=_FILE)
@click.option(
    "--rulebook",
    "folder",
    type=_FOLDER,
    help="What to hold it against; not given: that of the answer, or the shipped one.",
)
@click.option("--version", default="", help="Instead: one that was published at the hub (--data DIR).")
@click.pass_obj
def audit_trace(place: Place | None, file: Path, folder: Path | None, version: str) -> None:
    """Check a settlement that was answered (JSON), or the bills of worked cases, step by step against the rulebook.

    Exit status 1: something does not hold.
    """
    book = answered.book_of(place, folder, version, file)
    mistakes, found = 0, _to_tell(book, file, "")
    for said in answered.compared(place, book, found[0][2]):
        click.echo(said)
    for name, _, settled, facts in found:
        wrong = checked(settled, book, facts)
        mistakes += len(wrong)
        for one in wrong:
            click.echo(f"{name}: {one.where}: {one.what}")
    click.echo(
        f"{printing.counted(mistakes, 'step or sum does', 'steps or sums do')} not hold"
        if mistakes
        else "every step holds"
    )
    if mistakes:
        sys.exit(1)


def _to_tell(book: Rulebook, file: Path, name: str) -> list[tuple[str, Calendar, Settled, CaseFacts | None]]:
    """What ``file`` holds: name, calendar of the place of care, settlement, and the case where it is known."""
    if file.suffix == ".json":
        settled = answered.settlement(file)
        regions = [one for one in book.regions.values() if one.currency == settled.currency]
        return [(file.name, regions[0].calendar if regions else Calendar.GREGORIAN, settled, None)]
    found: list[tuple[str, Calendar, Settled, CaseFacts | None]] = []
    for case in _read(file):
        if name in case.name:
            done, _ = _differences(book, case)
            settled = _numbered(settled_of(done, book, case.region))
            found.append((case.name, book.regions[case.region].calendar, settled, told(book, case).facts))
    if not found:
        raise click.ClickException("no case has such a name")
    return found


def _numbered(settled: Settled) -> Settled:
    """``settled`` with lines that are called 1, 2, 3: a worked case gives them no names."""
    lines = tuple(msgspec.structs.replace(line, serial=str(n)) for n, line in enumerate(settled.lines, start=1))
    return msgspec.structs.replace(settled, lines=lines)


def _tell(
    book: Rulebook,
    found: Sequence[tuple[str, Calendar, Settled, CaseFacts | None]],
    language: Language,
    versions: Sequence[str],
    *,
    lines: bool,
    as_json: bool,
) -> None:
    """Documents for patients, and whether their traces hold."""
    made, wrong = [], False
    for name, calendar, settled, facts in found:
        one = document(settled, Style(language, calendar, CURRENCIES[settled.currency]), titles(book))
        mistakes = checked(settled, book, facts)
        wrong = wrong or bool(mistakes)
        if as_json:
            whole = {"case": name, "document": one, "settlement": settled, "mistakes": mistakes}
            made.append({**whole, "versions": list(versions)} if versions else whole)
            continue
        click.echo(name)
        click.echo(as_text(one, lines=lines))
        for said in versions:
            click.echo(f"  {said}")
        for mistake in mistakes:
            click.echo(f"  does not hold: {mistake.where}: {mistake.what}")
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
    if wrong:
        sys.exit(1)


def _explained(book: Rulebook, case: Case, done: Computation) -> Table:
    region = book.regions[case.region]
    style = Style(calendar=region.calendar, currency=CURRENCIES[region.currency])
    money = style.money
    table = printing.table(("who", "amount", "why", "rule", "since", "source"), right=("amount",))
    printing.row(table, "the bill", money(done.total), "", "", "", "")
    if done.package_difference:
        printing.row(
            table, "the hospital", money(-done.package_difference), "The fixed price is another sum", "", "", ""
        )
    for share in done.shares:
        printing.row(table, share.scheme, money(share.amount), f"pays, as {share.layer}", "", "", "")
        _steps(table, book, share.trace, style)
    printing.row(table, "the patient", money(done.patient), "pays", "", "", "")
    _steps(table, book, done.patient_trace, style)
    return table


def _steps(table: Table, book: Rulebook, steps: Iterable[TraceStep], style: Style) -> None:
    for step in steps:
        source = book.sources[step.reference].title if step.reference in book.sources else ""
        printing.row(
            table, "", style.money(step.amount), sentence(step, style), step.rule, str(step.from_day or ""), source
        )


def _read(file: Path) -> list[Case]:
    try:
        return read(file)
    except RulebookError as error:
        raise printing.Wrong(str(error)) from error


def _differences(book: Rulebook, case: Case) -> tuple[Computation, list[str]]:
    try:
        return differences(book, case)
    except RulebookError as error:
        raise printing.Wrong(str(error)) from error
