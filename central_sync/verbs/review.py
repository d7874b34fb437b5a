"""``pishkhan-hub review``: the queue of what is pended, as the officer who decides sees it. No name and no number of a person is shown.

Exit status: 0 done, 2 not possible (the message says why).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from central_sync.app import clock
from central_sync.place import Place
from central_sync.review import service as queue
from central_sync.review import views
from central_sync.review.lifecycle import Reason
from central_sync.review.limits import LIST_ROWS_DEFAULT
from central_sync.verbs import printing

_ACTOR = click.option("--actor", default="operator", show_default=True, help="Who decides, for the trail.")


@click.group()
def review() -> None:
    """What was pended: see it, decide it, have it looked at again."""


@review.command("list")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    help="Only entries of this reason.",
)
@click.option("--institution", default="", help="Only one hospital's.")
@click.option("--all", "closed", is_flag=True, help="Also what is resolved or decided.")
@printing.last(LIST_ROWS_DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(place: Place, reason: str | None, institution: str, closed: bool, last: int, as_json: bool) -> None:
    """List what is pended, what comes first on top."""
    with place.store() as store:
        printing.rows(views.listed(store, clock(), reason or "", institution, last, closed=closed), as_json=as_json)


@review.command()
@click.argument("entry")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def show(place: Place, entry: str, as_json: bool) -> None:
    """Show one entry: its history, its settlement's shares, and what the audit found."""
    with place.store() as store:
        found = views.shown(store, entry, clock())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    parts = {name: found.pop(name) for name in ("history", "shares", "findings")}
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' ')}: {value}")
    for name, rows in parts.items():
        if rows:
            click.echo(f"\n{name}")
            printing.rows(rows, as_json=False)


@review.command()
@click.argument("entry")
@click.option("--accept", is_flag=True, help="The share stands, the bill is payable as it is.")
@click.option("--decline", is_flag=True, help="It does not.")
@click.option("--reason", required=True, help="Why, for the trail.")
@_ACTOR
@click.pass_obj
def decide(place: Place, entry: str, accept: bool, decline: bool, reason: str, actor: str) -> None:
    """Decide ENTRY for good. No money moves here: clearing reads the decision."""
    if accept == decline:
        raise click.UsageError("say --accept or --decline")
    with place.store() as store, store.write() as uow:
        found = queue.decide(uow, entry, accept=accept, reason=reason, actor=actor, now=clock())
    click.echo(f"{found.id} is decided.", err=True)


@review.command()
@click.argument("entries", nargs=-1)
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    help="All open entries of this reason.",
)
@_ACTOR
@click.pass_obj
def rerun(place: Place, entries: Sequence[str], reason: str | None, actor: str) -> None:
    """Have ENTRIES looked at again now: a payer is asked, a settlement is judged. A running hub does it."""
    if bool(entries) == bool(reason):
        raise click.UsageError("name entries (see `review list`), or a --reason; not both")
    with place.store() as store:
        names = list(entries) or [row["id"] for row in views.listed(store, clock(), reason or "", "", None)]
        for name in names:
            with store.write() as uow:
                queue.rerun(uow, name, actor, clock())
    click.echo(f"{len(names)} entries will be looked at again.", err=True)
