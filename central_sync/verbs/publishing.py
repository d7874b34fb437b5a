"""``pishkhan-hub --data DIR rulebook build | verify | publish | list | use``: a rulebook as one signed file, and which one is in force.

They need the hub's folder (its authority signs and vouches, its database keeps what was published) and no running hub; those that
run take up what was published within seconds. Exit status: 0 done, 2 not possible or not believed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from central_sync.app import clock
from central_sync.benefits import compiled
from central_sync.benefits.bundle import BundleBroken
from central_sync.benefits.compiled import Compiled
from central_sync.fleet import bundles as signed
from central_sync.fleet.files import replace
from central_sync.place import Place, needed
from central_sync.publications import Publications
from central_sync.rulebook.build import build as build_folder
from central_sync.rulebook.load import PACKAGED
from central_sync.store.records import Publication
from central_sync.verbs import printing
from central_sync.wire import bundles
from central_sync.wire.bundles import Statement

BY = "cli"
WAITS, REPLACED = "waits", "replaced"
FILE_MODE = 0o644
_STEPS = 4
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_STDERR = Console(stderr=True)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A bar on stderr; call what it gives with what comes next."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_STDERR, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=_STEPS)

        def step(what: str) -> None:
            bar.update(task, description=what, advance=1)

        yield step


def compiled_folder(folder: Path, step: Callable[[str], None]) -> tuple[Compiled, bytes]:
    """The rulebook of ``folder`` and its body.

    Raises:
        RulebookError: something in it is wrong.
    """
    whole = build_folder(folder, step)
    step("catalogues")
    plain = compiled.packed(whole)
    step("compressing")
    return whole, bundles.squeezed(plain)


@click.command()
@click.argument("folder", type=_FOLDER, default=PACKAGED)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
@click.pass_obj
def build(place: Place | None, folder: Path, out: Path) -> None:
    """Compile the rulebook in FOLDER (the shipped one, if none is given) into one signed file."""
    signer = needed(place).signer()
    now = clock()
    with progress() as step:
        whole, body = compiled_folder(folder, step)
        file = signed.sealed(signer, whole, body, int(now.timestamp()), now)
    try:
        replace(out, file, FILE_MODE)
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error
    click.echo(f"{out}: {_what(whole)}, {printing.counted(len(file), 'byte')}, version {whole.version[:12]}")


@click.command()
@click.argument("file", type=_FILE)
@click.pass_obj
def verify(place: Place | None, file: Path) -> None:
    """Say what the signed rulebook in FILE is, and whether this hub believes it."""
    told, whole = read(needed(place), file)
    click.echo(f"{file}: signed by this hub; {_what(whole)}")
    for name, value in (
        ("version", told.version),
        ("law", told.law),
        ("audit rules", told.audit),
        ("number", str(told.number)),
        ("issued", told.issued_at.isoformat(timespec="seconds")),
        ("bytes", f"{told.body_bytes:,}"),
    ):
        click.echo(f"  {name:<12} {value}")


def read(place: Place, file: Path) -> tuple[Statement, Compiled]:
    """The believed bundle in ``file``.

    Raises:
        BundleRefused: it is not believed.
        BundleBroken: it is signed and yet no rulebook.
    """
    told, body = signed.believed(file.read_bytes(), place.authority())
    whole = compiled.unpacked(bundles.plain(body))
    if (whole.version, whole.rulebook.version, whole.audit.version) != (told.version, told.law, told.audit):
        raise BundleBroken("the body is not the version that its statement names")
    return told, whole


def _what(whole: Compiled) -> str:
    book = whole.rulebook
    return f"{printing.held(book)}, {printing.counted(len(whole.audit.rules), 'rule')}"


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--from", "since", default="now", help="From when on: now, or an instant with its zone (2027-01-01T00:00+08:00)."
)
@click.pass_obj
def publish(place: Place | None, source: Path, since: str) -> None:
    """Put a rulebook in force: a signed file, or a folder, which is compiled first. Running hubs and edges take it up by themselves."""
    here, now = needed(place), clock()
    from_at = _instant(since, now)
    number = 0
    if source.is_dir():
        with progress() as step:
            whole, body = compiled_folder(source, step)
    else:
        told, whole = read(here, source)
        number, body = told.number, bundles.opened(source.read_bytes())[1]
    with here.store() as store:
        publications = Publications(store)
        row = publications.publish(whole, body, BY, now, from_at, number)
        beside = list(_beside(row, publications.all(), now))
    click.echo(f"{_what(whole)}: in force {_since(row, now)} as number {row.number}, version {row.version[:12]}")
    for line in beside:
        click.echo(line, err=True)


@click.command("list")
@click.pass_obj
def listed(place: Place | None) -> None:
    """Tell which rulebooks were in force since when, the newest first."""
    now = clock()
    with needed(place).store() as store:
        publications = Publications(store)
        rows, current = publications.all(), publications.in_force(now)
    table = Table(box=None, pad_edge=False)
    for column in ("number", "version", "from", "published", "by", ""):
        table.add_column(column, overflow="fold")
    for row in rows:
        state = "in force" if row == current else _waits(row, rows) if row.from_at > now else ""
        cells = (str(row.number), row.version[:12], _written(row.from_at), _written(row.published_at))
        table.add_row(*map(Text, (*cells, f"{row.published_by}{', shipped' if row.shipped else ''}", state)))
    printing.show(table)


@click.command()
@click.argument("version")
@click.option("--from", "since", default="now", help="As for `publish`.")
@click.pass_obj
def use(place: Place | None, version: str, since: str) -> None:
    """Put the rulebook VERSION (the beginning of one of its versions, or `shipped`) in force again, under a new number."""
    now = clock()
    from_at = _instant(since, now)
    with needed(place).store() as store:
        publications = Publications(store)
        row = publications.use(version, BY, now, from_at)
        beside = list(_beside(row, publications.all(), now))
    click.echo(f"version {row.version[:12]} is in force {_since(row, now)} as number {row.number}")
    for line in beside:
        click.echo(line, err=True)


def _beside(row: Publication, rows: Sequence[Publication], now: datetime) -> Iterator[str]:
    """What else an officer should know who has just published ``row``: what it is the same as, takes the place of, or will be followed by."""
    others = [one for one in rows if one.number != row.number]
    last = max((one for one in others if one.from_at <= row.from_at), key=_order, default=None)
    if last is not None and last.version == row.version:
        state = "is" if last.from_at <= now else "would be"
        yield f"the same version {state} in force already as number {last.number}: nothing changes but the number"
    for one in sorted(others, key=_order):
        which = f"number {one.number}, version {one.version[:12]},"
        if one.from_at == row.from_at > now:
            yield f"{which} waited for that instant: this one takes its place"
        elif one.from_at > max(row.from_at, now) and _waits(one, rows) == WAITS:
            yield (
                f"{which} waits: it takes the place of this one at {_written(one.from_at)}."
                " To keep it from that, publish or use another one --from that instant"
            )


def _order(row: Publication) -> tuple[datetime, int]:
    return row.from_at, row.number


def _waits(row: Publication, rows: Sequence[Publication]) -> str:
    """How one stands whose time has not come: another one may stand in its place by then."""
    replaced = any(one.from_at == row.from_at and one.number > row.number for one in rows)
    return REPLACED if replaced else WAITS


def _instant(text: str, now: datetime) -> datetime:
    if text == "now":
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("is `now` or an instant, as 2027-01-01T00:00+08:00", param_hint="--from") from error
    if at.tzinfo is None:
        raise click.BadParameter("an instant names its zone, as 2027-01-01T00:00+08:00", param_hint="--from")
    return at.astimezone(UTC)


def _since(row: Publication, now: datetime) -> str:
    return "now" if row.from_at <= now else f"from {_written(row.from_at)}"


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


VERBS = (build, verify, publish, listed, use)
"""What ``pishkhan-hub rulebook`` has besides the verbs that read files alone."""
