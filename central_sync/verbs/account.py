"""``pishkhan-hub --data DIR account``: who may sign in at the hub's console. A password comes from the keyboard or standard input, never as a word of a command."""

from __future__ import annotations

from collections.abc import Sequence

import click

from central_sync.app import clock
from central_sync.console.access import Role
from central_sync.console.accounts import ConsoleAccountsService
from central_sync.pages.passwords import CHARACTERS_MIN
from central_sync.place import Place
from central_sync.programs.asking import secret
from central_sync.verbs import printing


@click.group()
def account() -> None:
    """The people who may sign in at the hub's console."""


@account.command("put")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True, help="What the account is for."
)
@click.option(
    "--hospital", "hospitals", multiple=True, help="It sees this hospital alone; may be repeated. Without: all."
)
@click.pass_obj
def put(place: Place, name: str, role: str, hospitals: Sequence[str]) -> None:
    """Make an account, or give it another password, role and hospitals; the password is asked for (or read from standard input)."""
    question = f"Password ({CHARACTERS_MIN} characters or more)"
    password = secret(question, twice=True)
    with place.store() as store:
        ConsoleAccountsService(store).put(name, Role(role), password, tuple(hospitals) or None, clock())
    click.echo(f"{name} may sign in at the console as {role}.", err=True)


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_(place: Place, as_json: bool) -> None:
    """List the accounts with their roles, hospitals and whether they have a second factor."""
    with place.store() as store:
        rows = [
            {
                "name": row.name,
                "role": row.role,
                "hospitals": "all" if row.scope is None else " ".join(sorted(row.scope)),
                "second_factor": "yes" if row.factor is not None else "no",
                "changed_at": row.changed_at.isoformat(timespec="seconds"),
            }
            for row in ConsoleAccountsService(store).all()
        ]
    printing.rows(rows, as_json=as_json)


@account.command("remove")
@click.argument("name")
@click.pass_obj
def remove(place: Place, name: str) -> None:
    """Take an account away; who is signed in with it is signed out at once."""
    with place.store() as store:
        ConsoleAccountsService(store).remove(name, clock())


@account.command("forget-second-factor")
@click.argument("name")
@click.pass_obj
def forget_second_factor(place: Place, name: str) -> None:
    """Take away an account's second factor, when the phone and the recovery codes are lost: it sets a new one up at its next sign-in."""
    with place.store() as store:
        ConsoleAccountsService(store).forget_factor(name, clock())
