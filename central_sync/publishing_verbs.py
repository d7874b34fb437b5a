"""``pishkhan-hub --data DIR rulebook build | verify``: a rulebook as one signed file.

They need the hub's authority, which signs and vouches, and no running hub. Exit status: 0 done, 2 not possible or not believed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from central_sync.app import clock
from central_sync.benefits import compiled
from central_sync.benefits.bundle import BundleBroken
from central_sync.benefits.compiled import Compiled
from central_sync.fleet import bundles as signed
from central_sync.fleet.authority import replace
from central_sync.place import Place
from central_sync.rulebook.build import build as build_folder
from central_sync.rulebook.load import PACKAGED
from central_sync.wire import bundles
from central_sync.wire.bundles import Statement

FILE_MODE = 0o644
_STEPS = 4
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_STDERR = Console(stderr=True)


def needed(place: Place | None) -> Place:
    """The hub that a verb works on.

    Raises:
        click.UsageError: none was named.
    """
    if place is None:
        raise click.UsageError("this needs the hub's folder: pishkhan-hub --data DIR rulebook …")
    return place


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
    click.echo(f"{out}: {_what(whole)}, {len(file):,} bytes, version {whole.version[:12]}")


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
    items = sum(len(region.items) for region in book.regions.values())
    return f"{len(book.schemes)} schemes, {len(book.regions)} regions, {items:,} items, {len(whole.audit.rules)} rules"


VERBS = (build, verify)
"""What ``pishkhan-hub rulebook`` has besides the verbs that read files alone."""
