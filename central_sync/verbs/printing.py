"""How verbs tell: tables of plain text, rows for a person or a program, and the end of what cannot be done."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from central_sync.benefits.parameters import Rulebook

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)

_ROWS_MAX = 1_000_000
"""How many rows may be asked for."""
WIDTH_CHARACTERS = 250
"""How wide a table is where nobody looks at it on a screen."""
VERSION_CHARACTERS = 12


def last(default: int) -> Callable[[Command], Command]:
    """The option that says how many rows are listed, ``default`` if it is not given."""
    return click.option(
        "--last", default=default, show_default=True, type=click.IntRange(1, _ROWS_MAX), help="How many rows."
    )


class Wrong(click.ClickException):
    """What was given is wrong, or what is asked for cannot be done; ends with exit status 2."""

    exit_code = 2


def short(book: Rulebook) -> str:
    """The version of a rulebook as a person reads it."""
    return book.version[:VERSION_CHARACTERS]


def counted(number: int, what: str, several: str = "") -> str:
    """So many of something: ``1 scheme``, ``2 schemes``, ``1,200 items``."""
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def held(book: Rulebook) -> str:
    """How much a rulebook holds."""
    items = sum(len(region.items) for region in book.regions.values())
    several = ((len(book.schemes), "scheme"), (len(book.regions), "region"), (items, "item"))
    return ", ".join(counted(number, what) for number, what in several)


def table(columns: Sequence[str], right: Collection[str] = ()) -> Table:
    """An empty table; the columns ``right`` hold numbers."""
    made = Table(box=None, pad_edge=False)
    for name in columns:
        made.add_column(name, overflow="fold", justify="right" if name in right else "left")
    return made


def row(into: Table, *cells: str) -> None:
    """A row of plain text: brackets in it are no markup."""
    into.add_row(*(Text(cell) for cell in cells))


def show(made: Table) -> None:
    """Print a table."""
    Console(width=None if sys.stdout.isatty() else WIDTH_CHARACTERS).print(made)


def rows(found: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print each row: an object a line for a program, else one table."""
    if as_json or not found:
        for one in found:
            click.echo(json.dumps(one, ensure_ascii=False))
        return
    made = table([name.replace("_", " ") for name in found[0]])
    for one in found:
        row(made, *(str(value) for value in one.values()))
    show(made)
