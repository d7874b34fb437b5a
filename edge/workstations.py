"""Which computers of the hospital may open a business cycle: ``DIR/workstations.json``.

A technician adds a workstation and is told its key once. The file keeps the key's SHA-256 only: a key is 32 random bytes, so
that a plain hash cannot be searched. The command line writes the file while the edge runs; the edge reads it again when it
has changed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from edge.errors import NotTaken
from edge.kept_file import KeptFile

FILE = "workstations.json"
WORKSTATIONS_MAX = 2_000
NAME = re.compile(r"^[A-Za-z0-9_.-]{1,40}\Z")
_NOBODY = hashlib.sha256(b"").hexdigest()


class WorkstationError(NotTaken):
    """The list cannot be read or changed as asked; the text says why."""


class Workstation(Struct, frozen=True, kw_only=True):
    """One computer: its name and what proves its key."""

    name: str
    key_sha256: str
    added_at: datetime


class _File(Struct, frozen=True):
    workstations: list[Workstation] = []


class Workstations:
    """The list in one file, with its changes noticed. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self._file = KeptFile(path, _File, WorkstationError)
        self._read: _File | None = None
        self._known: dict[str, Workstation] = {}

    def all(self) -> list[Workstation]:
        """All workstations by name.

        Raises:
            WorkstationError: the file is unreadable or damaged.
        """
        self._refresh()
        return [self._known[name] for name in sorted(self._known)]

    def count(self) -> int:
        """How many may sign in; none, while the file cannot be read."""
        try:
            return len(self.all())
        except WorkstationError:
            return 0

    def add(self, name: str, now: datetime) -> str:
        """Admit ``name`` and return its key; a name that is known gets a new key and loses the old one.

        Raises:
            WorkstationError: the name has other characters than letters, digits, ``_.-``, there are too many, or the file fails.
        """
        if not NAME.match(name):
            raise WorkstationError(
                "a workstation's name has 1 to 40 letters, digits, dots, dashes or underscores", "workstation_name"
            )
        key = secrets.token_urlsafe(32)
        fresh = Workstation(name=name, key_sha256=_hashed(key), added_at=now)
        with self._file.changing() as kept:
            others = [row for row in kept.workstations if row.name != name]
            if len(others) >= WORKSTATIONS_MAX:
                raise WorkstationError(f"there are already {WORKSTATIONS_MAX} workstations", "full")
            self._file.write(_File([*others, fresh]))
        return key

    def remove(self, name: str) -> bool:
        """Withdraw ``name``; ``False`` if it was not there. Its open tokens end at once."""
        with self._file.changing() as kept:
            rest = [row for row in kept.workstations if row.name != name]
            if len(rest) == len(kept.workstations):
                return False
            self._file.write(_File(rest))
        return True

    def admits(self, name: str, key: str) -> bool:
        """Whether ``key`` is the key of ``name``; takes the same time for a name that is unknown."""
        self._refresh()
        row = self._known.get(name)
        same = hmac.compare_digest(row.key_sha256 if row else _NOBODY, _hashed(key))
        return same and row is not None

    def still(self, name: str, key_sha256: str) -> bool:
        """Whether ``name`` is admitted and its key has not changed since a token was given."""
        self._refresh()
        row = self._known.get(name)
        return row is not None and hmac.compare_digest(row.key_sha256, key_sha256)

    def key_sha256(self, name: str) -> str:
        """What proves the key of ``name`` at present; empty when it is not admitted."""
        self._refresh()
        row = self._known.get(name)
        return row.key_sha256 if row else ""

    def _refresh(self) -> None:
        kept = self._file.content()
        if kept is not self._read:
            self._read, self._known = kept, {row.name: row for row in kept.workstations}


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
