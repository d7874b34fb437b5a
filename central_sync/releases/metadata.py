"""The files of the repository's metadata: which there are, the newest of each role, reading and writing them whole; the hub's own key."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from central_sync.fleet.files import replace
from central_sync.releases import keys

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)

METADATA, TARGETS = "metadata", "targets"
ONLINE_KEY = "online.key"
FILE_MODE = 0o644


class ReleasesError(Exception):
    """What was asked for is not possible; the text says why."""


class Shelf:
    """The metadata under ``folder``; whoever writes holds :meth:`locked`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata = folder / METADATA
        self.targets = folder / TARGETS

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all processes that write here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prepare(self) -> None:
        """Make the folders and the hub's own key, if they are missing."""
        self.metadata.mkdir(parents=True, exist_ok=True)
        self.targets.mkdir(exist_ok=True)
        if not (self.folder / ONLINE_KEY).exists():
            keys.make(self.folder / ONLINE_KEY, "")

    def online(self) -> CryptoSigner:
        """What signs as the hub."""
        return keys.signer(self.folder / ONLINE_KEY, "")

    def online_key(self) -> SSlibKey:
        """The hub's public key."""
        return keys.public_key(self.folder / (ONLINE_KEY + ".pub"))

    def newest(self, role: str) -> int:
        """The newest version of a role that is there; 0: none."""
        found = [path.name.partition(".")[0] for path in self.metadata.glob(f"*.{role}.json")]
        return max((int(number) for number in found if number.isdecimal()), default=0)

    def latest(self, role: str, kind: type[T]) -> Metadata[T] | None:
        """The newest metadata of a role, if there is any.

        Raises:
            ReleasesError: it cannot be read.
        """
        newest = self.newest(role)
        return read(self.metadata / f"{newest}.{role}.json", kind) if newest else None

    def write(self, metadata: Metadata[Any], role: str = "") -> None:
        """Write the metadata under its version; ``role``: if it is not its type."""
        name = f"{metadata.signed.version}.{role or metadata.signed.type}.json"
        replace(self.metadata / name, metadata.to_bytes(), FILE_MODE)


def read(path: Path, kind: type[T]) -> Metadata[T]:
    """The metadata in ``path``.

    Raises:
        ReleasesError: it cannot be read, or is of another kind.
    """
    try:
        found: Metadata[Any] = Metadata.from_bytes(path.read_bytes())
    except (OSError, RepositoryError, ValueError) as error:
        raise ReleasesError(f"{path} cannot be read ({type(error).__name__})") from error
    if not isinstance(found.signed, kind):
        raise ReleasesError(f"{path} is of another kind")
    return found


def ends(now: datetime, days: int) -> datetime:
    """``days`` from now, in whole seconds."""
    return now.replace(microsecond=0) + timedelta(days=days)
