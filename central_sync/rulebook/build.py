"""Compiles a rulebook folder into its bundle: the only form in which it leaves the hub."""

from __future__ import annotations

from pathlib import Path

from central_sync.benefits import bundle
from central_sync.rulebook.load import PACKAGED, load


def build(folder: Path = PACKAGED) -> bytes:
    """The bundle of the rulebook in ``folder``: the same bytes for the same content.

    Raises:
        RulebookError: something in it is wrong; names file and key.
    """
    return bundle.packed(load(folder))
