"""``pishkhan-hub --data DIR settlements export``: settled cases as a file, with nobody's name in it, for trying other rules on them."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import click

from central_sync.app import clock
from central_sync.insight.settled_cases import export
from central_sync.place import Place
from central_sync.publications import Publications

FILE_MODE = 0o600
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def settlements() -> None:
    """What was settled."""


@settlements.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--from", "first", type=_DAY, help="Only cases of that day and later (of a stay the day of discharge counts)."
)
@click.option("--to", "last", type=_DAY, help="Only cases of that day and earlier.")
@click.pass_obj
def export_command(place: Place, file: Path, first: datetime | None, last: datetime | None) -> None:
    """Write settled cases to FILE, one JSON object a line: for `rulebook simulate`. An existing FILE stays as it is."""
    days = (first.date() if first else date.min, last.date() if last else date.max)
    if file.exists():
        raise _NotPossible(f"{file} exists; name a new file")
    part, count = file.with_name(f"{file.name}.part"), 0
    try:
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with place.store() as store, os.fdopen(opened, "wb") as out:
            for line in export(store, Publications(store).current(clock()).rulebook, *days):
                out.write(line + b"\n")
                count += 1
        part.rename(file)
    except OSError as error:
        raise _NotPossible(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{count} settled cases are in {file}.", err=True)


class _NotPossible(click.ClickException):
    """The file cannot be written; ends with exit status 2."""

    exit_code = 2
