"""Who has the hub's SQLite file open, and what is done to its write-ahead file before anybody opens it.

Rules
    * Whoever opens the database, a hub or a command beside it, holds ``FILE.lock`` (flock, shared) until it has closed it. One hub
      process serves a file: it also holds ``FILE.serving``, alone. A lock dies with its process.
    * Who finds nobody else is the one that SQLite will let recover the write-ahead file. After a disk has refused to sync (EIO), what is
      read of that file may exist in memory only: recovery would take a commit that is not on the disk for good, later commits would be
      written behind it, and after a power cut all of them end at the hole. So that file is first copied to a new one, which is
      synced, renamed over it and made durable with its folder: what is read now is on the disk now. A commit that had been refused may
      come back by this, whole: nobody was told that it had not happened (``hub_fault``).
    * Who finds somebody else needs no copy: SQLite recovers nothing while anybody has the file open.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from central_sync.errors import StoreUnavailable

_MODE = 0o600
_COPY_BYTES = 1024 * 1024


class Holding:
    """The locks of one process on the SQLite database at ``path``; ``serving``: it is a hub, the only one."""

    def __init__(self, path: Path, *, serving: bool) -> None:
        self._path = path
        self._serving = serving
        self._locks: list[int] = []

    def take(self) -> None:
        """Take the locks, and make the write-ahead file safe to read if nobody else has the database open.

        Raises:
            StoreUnavailable: another hub serves this file, or the folder cannot be written.
        """
        try:
            if self._serving and not self._locked("serving", fcntl.LOCK_EX | fcntl.LOCK_NB):
                raise StoreUnavailable(f"another hub process serves {self._path}; several need PostgreSQL")
            if self._locked("lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
                copied(beside(self._path, "wal"))
                fcntl.flock(self._locks[-1], fcntl.LOCK_SH)
            else:
                self._locked("lock", fcntl.LOCK_SH)
        except OSError as error:
            self.drop()
            raise StoreUnavailable(f"the folder of {self._path} cannot be used: {error.strerror}") from error
        except StoreUnavailable:
            self.drop()
            raise

    def drop(self) -> None:
        """Let go. May be called twice."""
        while self._locks:
            os.close(self._locks.pop())

    def _locked(self, name: str, how: int) -> bool:
        file = self._path.with_name(f"{self._path.name}.{name}")
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _MODE)
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._locks.append(descriptor)
        return True


def beside(path: Path, ending: str) -> Path:
    """SQLite's own file beside the database: ``wal`` or ``shm``."""
    return path.with_name(f"{path.name}-{ending}")


def copied(file: Path) -> None:
    """Replace ``file``, if it is there, by a copy of what can be read of it that is known to be on the disk.

    Raises:
        OSError: it cannot be read or written; ``file`` is untouched.
    """
    if not file.exists():
        return
    fresh = file.with_name(f"{file.name}.copy")
    try:
        with file.open("rb") as old, fresh.open("wb") as new:
            shutil.copyfileobj(old, new, _COPY_BYTES)
            new.flush()
            os.fsync(new.fileno())
        shutil.copymode(file, fresh)
        fresh.replace(file)
    except OSError:
        with contextlib.suppress(OSError):  # what is left of it is overwritten next time
            fresh.unlink()
        raise
    synced(file.parent)


def synced(place: Path) -> None:
    """Make a file's or a folder's present state durable.

    Raises:
        OSError: it cannot be.
    """
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
