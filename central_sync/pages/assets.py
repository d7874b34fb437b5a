"""Files that a console's pages load: whatever lies in the ``static`` folders of its packages and of this room, and nothing else.

A name is looked up in a table that is made once; nothing that a browser sends becomes a path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import NamedTuple

from central_sync.pages.languages import OURS

KEPT_S = 365 * 24 * 3600
"""A browser keeps a file for so long: its address changes with its content."""
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    """One file. ``version`` changes with its content, for its address."""

    content: bytes
    content_type: str
    version: str


@cache
def assets(rooms: tuple[str, ...] = ()) -> Mapping[str, Asset]:
    """By name, those of the packages ``rooms`` and ours; a console's own goes before one of ours."""
    found: dict[str, Asset] = {}
    for room in (OURS, *reversed(rooms)):
        folder = files(room).joinpath("static")
        for file in folder.iterdir() if folder.is_dir() else ():
            kind = TYPES.get(PurePath(file.name).suffix)
            if kind is not None:
                content = file.read_bytes()
                found[file.name] = Asset(content, kind, hashlib.sha256(content).hexdigest()[:12])
    return found
