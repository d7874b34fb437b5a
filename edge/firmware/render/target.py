"""PURE: a file that is rendered, and the words that all of them begin with."""

from __future__ import annotations

from typing import NamedTuple

MARK = "Rendered by pishkhan-edge from /etc/pishkhan/site.toml; changes here are lost. See: pishkhan-edge firmware diff"


class Target(NamedTuple):
    """What stands in a file, and its mode; root owns it."""

    text: str
    mode: int = 0o644


def written(*lines: str, comment: str = "#") -> Target:
    """A file of ``lines``, with the mark in front."""
    return Target("\n".join((f"{comment} {MARK}", *lines)) + "\n")
