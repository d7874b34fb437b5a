"""``pishkhan-edge account``: who may sign in at the console."""

from __future__ import annotations

from pathlib import Path

import click

from central_sync.programs.asking import secret
from edge import platform
from edge.accounts import FILE, PASSWORD_CHARACTERS_MIN, Accounts, Role
from edge.app import clock
from edge.errors import NotPossible


@click.group()
def account() -> None:
    """The people who may sign in at the console."""


@account.command("put")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.TECHNICIAN.value, show_default=True
)
@click.option(
    "--may-see-bodies", is_flag=True, help="A technician who may see what stands in transactions; each look is noted."
)
@click.pass_obj
def account_put(folder: Path, name: str, role: str, may_see_bodies: bool) -> None:
    """Make an account, or give it another password, role and right; the password is asked for (or read from standard input)."""
    question = f"Password ({PASSWORD_CHARACTERS_MIN} characters or more)"
    password = secret(question, twice=True)
    platform.data_home(folder)
    Accounts(folder / FILE).put(name, Role(role), password, clock(), may_see_bodies=may_see_bodies)
    click.echo(f"{name} may sign in at the console as {role}.", err=True)


@account.command("list")
@click.pass_obj
def account_list(folder: Path) -> None:
    """List the accounts with their roles."""
    for row in Accounts(folder / FILE).all():
        seen = "\tmay see bodies" if row.may_see_bodies else ""
        click.echo(f"{row.name}\t{row.role}\t{row.changed_at:%Y-%m-%d %H:%M}Z{seen}")


@account.command("remove")
@click.argument("name")
@click.pass_obj
def account_remove(folder: Path, name: str) -> None:
    """Take an account away; who is signed in with it is signed out at once."""
    if not Accounts(folder / FILE).remove(name):
        raise NotPossible(f"there is no account {name}: see `pishkhan-edge account list`")
