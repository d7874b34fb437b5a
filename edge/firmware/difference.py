"""PURE: how what is rendered differs from what stands in place, for people and for the health of the edge."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from edge.firmware.render import Target


class Standing(NamedTuple):
    """A file that is there: its bytes and its mode."""

    content: bytes
    mode: int


class Change(NamedTuple):
    """One path: what stands there and what should; ``None``: nothing."""

    path: str
    old: Standing | None
    new: Standing | None

    @property
    def verb(self) -> str:
        """In a word."""
        return "add" if self.old is None else "remove" if self.new is None else "change"


def wanted(targets: Mapping[str, Target]) -> dict[str, Standing]:
    """The files of a rendered site as they will stand."""
    return {path: Standing(target.text.encode(), target.mode) for path, target in targets.items()}


def changes(targets: Mapping[str, Standing], there: Mapping[str, Standing], ours: frozenset[str]) -> list[Change]:
    """What has to be done, by path. ``ours``: what an earlier set put in place, and goes when no site asks for it any more."""
    paths = sorted(targets.keys() | (ours & there.keys()))
    found = (Change(path, there.get(path), targets.get(path)) for path in paths)
    return [change for change in found if change.old != change.new]


def shown(change: Change) -> str:
    """The change as a unified difference."""
    old, new = _lines(change.old), _lines(change.new)
    before = f"/{change.path}" if change.old else "/dev/null"
    after = f"/{change.path}" if change.new else "/dev/null"
    text = "".join(difflib.unified_diff(old, new, before, after))
    if change.old and change.new and change.old.mode != change.new.mode:
        text += f"mode of /{change.path}: {change.old.mode:04o} becomes {change.new.mode:04o}\n"
    return text


def _lines(standing: Standing | None) -> list[str]:
    if standing is None:
        return []
    text = standing.content.decode(errors="replace")
    return [line + "\n" for line in text.splitlines()]


def digest(standing: Standing) -> str:
    """What a file is known by in the record of a set."""
    return f"{standing.mode:04o}:{sha256(standing.content).hexdigest()}"
