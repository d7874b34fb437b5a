"""Which computers of the hospital may open a business cycle: ``DIR/workstations.json``.

A technician adds a workstation and is told its key once. The file keeps the key's SHA-256 only: a key is 32 random bytes, so
that a plain hash cannot be searched. The command line writes the file while the edge runs; the edge reads it again when it
has changed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from edge import files
from edge.errors import EdgeError

FILE = "workstations.json"
WORKSTATIONS_MAX = 2_000
_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,40}$")
_NOBODY = hashlib.sha256(b"").hexdigest()


class WorkstationError(EdgeError):
    """The list cannot be read or changed as asked; the text says why."""


class Workstation(Struct, frozen=True, kw_only=True):
    """One computer: its name and what proves its key."""

    name: str
    key_sha256: str
    added_at: datetime


class _File(Struct, frozen=True):
    workstations: list[Workstation]


class Workstations:
    """The list in one file, with its changes noticed. Not for several threads at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path_text = str(path)
        self._seen: tuple[int, int, int] | None = None
        self._known: dict[str, Workstation] = {}

    def all(self) -> list[Workstation]:
        """All workstations by name.

        Raises:
            WorkstationError: the file is unreadable or damaged.
        """
        self._refresh()
        return [self._known[name] for name in sorted(self._known)]

    def add(self, name: str, now: datetime) -> str:
        """Admit ``name`` and return its key; a name that is known gets a new key and loses the old one.

        Raises:
            WorkstationError: the name has other characters than letters, digits, ``_.-``, there are too many, or the file fails.
        """
        if not _NAME.match(name):
            raise WorkstationError("a workstation's name has 1 to 40 letters, digits, dots, dashes or underscores")
        self._refresh()
        if len(self._known) >= WORKSTATIONS_MAX and name not in self._known:
            raise WorkstationError(f"there are already {WORKSTATIONS_MAX} workstations")
        key = secrets.token_urlsafe(32)
        self._write({**self._known, name: Workstation(name=name, key_sha256=_hashed(key), added_at=now)})
        return key

    def remove(self, name: str) -> bool:
        """Withdraw ``name``; ``False`` if it was not there. Its open tokens end at once."""
        self._refresh()
        rest = {known: row for known, row in self._known.items() if known != name}
        if len(rest) == len(self._known):
            return False
        self._write(rest)
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
        try:
            found = os.stat(self._path_text)  # noqa: PTH116 -- at every call: half of what Path.stat costs
        except FileNotFoundError:
            self._seen, self._known = None, {}
            return
        except OSError as error:
            raise WorkstationError(f"{self._path} cannot be read: {error.strerror}") from error
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        if seen == self._seen:
            return
        try:
            rows = msgspec.json.decode(self._path.read_bytes(), type=_File).workstations
        except (OSError, msgspec.DecodeError) as error:
            raise WorkstationError(f"{self._path} cannot be read: it is damaged or not ours") from error
        self._seen, self._known = seen, {row.name: row for row in rows}

    def _write(self, known: dict[str, Workstation]) -> None:
        body = msgspec.json.format(msgspec.json.encode(_File([known[name] for name in sorted(known)])))
        try:
            files.replace(self._path, body + b"\n")
        except OSError as error:
            raise WorkstationError(f"{self._path} cannot be written: {error.strerror}") from error


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
