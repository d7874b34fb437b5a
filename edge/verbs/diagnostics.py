"""``pishkhan-edge diagnostics``: the bundle for whoever helps, made by the edge that runs, or here if none does."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from edge import config, control, identity
from edge.app import JOURNAL_FILE, clock
from edge.audit import Audit
from edge.control import NobodyThere
from edge.diagnostics import Diagnostics
from edge.errors import NotPossible
from edge.journal import Journal


@click.command()
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The folder, instead of this one.",
)
@click.pass_obj
def diagnostics(folder: Path, to: Path) -> None:
    """Write a zip file with versions, settings, health, counts and the last lines of the log: no person, no case, no key is in it."""
    told = {"to": str(to.absolute()), "by": os.environ.get("SUDO_USER") or getpass.getuser()}
    try:
        made = control.ask(folder, "diagnostics", told)
    except NobodyThere:
        made = dict(asyncio.run(_made_here(folder, told)))
    click.echo(made["path"])


async def _made_here(folder: Path, told: Mapping[str, Any]) -> Mapping[str, Any]:
    path = folder / JOURNAL_FILE
    if not path.exists():
        raise NotPossible(f"{path} is not there yet: it is made by the first run")
    audit, journal = Audit(folder), Journal(path)
    audit.start()
    await journal.open(read_only=True)
    try:
        who = identity.load(folder)
        made = Diagnostics(folder, config.load(folder), who.institution, journal, None, audit, clock)
        return await made.verb(told, lambda *_: None)
    finally:
        await journal.close()
