"""SHELL: what a command asks for and nobody may see: typed unseen at a terminal, else read from standard input."""

from __future__ import annotations

import sys

import click


def secret(question: str, *, twice: bool = False) -> str:
    """What is typed, ``twice`` against slips; where standard input is no terminal its first line, once.

    Raises:
        click.UsageError: there is none.
    """
    if sys.stdin.isatty():
        typed: str = click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
        return typed
    line = sys.stdin.readline()
    if not line:
        raise click.UsageError(f"{question}: nothing came on standard input")
    return line.rstrip("\r\n")
