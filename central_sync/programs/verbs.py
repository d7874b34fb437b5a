"""SHELL: the command line of a program."""

from __future__ import annotations

import codecs
import io
import shlex
import sys
from pathlib import Path
from typing import Any

import click

HELP_ASKED = "pishkhan.help_asked"
"""Under it a command's context says whether only help is asked for, which is anybody's."""
ESCAPED = "pishkhan.escaped"
"""The name of the codecs' error handler that :func:`escaped` is."""


class Verbs(click.Group):
    """A program's verbs."""

    def main(self, *arguments: Any, **more: Any) -> Any:
        """As click's. A letter that the terminal's encoding has not is no error: it is told escaped."""
        codecs.register_error(ESCAPED, escaped)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors=ESCAPED)
        return super().main(*arguments, **more)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; and notes whether only help is asked for."""
        ctx.meta[HELP_ASKED] = any(word in ctx.help_option_names for word in args)
        return super().parse_args(ctx, args)


def escaped(error: UnicodeError) -> tuple[str, int]:
    """What cannot be encoded, as JSON escapes it: a line of JSON is still one, and means the same."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)), error.end


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
