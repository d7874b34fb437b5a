"""SHELL: the command line of a program."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

HELP_ASKED = "pishkhan.help_asked"
"""Under it a command's context says whether only help is asked for, which is anybody's."""


class Verbs(click.Group):
    """A program's verbs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; and notes whether only help is asked for."""
        ctx.meta[HELP_ASKED] = any(word in ctx.help_option_names for word in args)
        return super().parse_args(ctx, args)


def unusable(error: OSError) -> str:
    """What the system has refused, in a sentence."""
    return f"{error.filename or 'the data folder, or where the output goes'}: {error.strerror or type(error).__name__}"


def belongs_to(folder: Path, account: str) -> str:
    """A refusal of what was typed as another account than the one that ``folder`` belongs to (see :func:`.accounts.stranger_to`), with what to type."""
    become = f"sudo -u {shlex.quote(account)}" if account.startswith("#") else f"runuser -u {account}"
    typed = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return (
        f"{folder} belongs to account {account}, whose program could not read what another account writes there."
        f" Nothing was changed; type it as that account: {become} -- {typed}"
    )
