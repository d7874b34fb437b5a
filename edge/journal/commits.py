"""What is written and folded, by whoever has the journal's pen: its thread, or the event loop for the commits that it makes itself (``swift.py``).

Everything of a group becomes one segment: one frame on the slate, one write that is on the disk when its end is known. Nobody is answered before it.
What does not fit there, or would not follow, is a row of its own that commits by itself. A commit touches SQLite only to look something up, through a
connection that cannot write: the one that can is lent to a fold (``folding.py``), and taken back before anything else is done with it.

After a failure nothing of the group may ever come back: it is wiped off the slate, SQLite's log is cut to its last good frame, the
connection and what is in memory are made anew before the next group.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalDamaged, JournalError, JournalUnavailable
from edge.journal import files, folding, look, slate
from edge.journal import records as r
from edge.journal.folding import Folded, Folding
from edge.journal.frames import Sealed
from edge.journal.operation import Operation, Result, tried
from edge.journal.reader import Looking
from edge.journal.scribe import Scribe
from edge.journal.sealing import Vault
from edge.journal.slate import Slate
from edge.journal.state import State
from edge.journal.tail import Tail
from edge.limits import FOLD_BYTES_MAX, FOLD_RECORDS_MAX, FOLD_RETRY_S

Connection = Any  # pysqlite3 has no types

_log = structlog.get_logger(__name__)
LIFE_BYTES = 16
SWIFT_S_MAX = 0.004
"""While a write takes no longer, the disk is quick."""
NOT_OURS = (sqlite.Error, OSError, JournalError)
"""What a disk and a file may do; anything else is a fault of ours."""
_INSERT = "insert into segment (first, count, at, key, nonce, link, body) values (?, ?, ?, ?, ?, ?, ?)"
_DELETE = "delete from segment where first = ?"


class Commits:
    """The journal's file at ``path``, open for writing. ``commits`` counts since the start; ``quick``: whether the disk was, the last time.
    ``when_folded`` is called in the fold's thread.
    """

    def __init__(self, path: Path, state: State) -> None:
        self._path = path
        self._path_text = str(path)
        self._connection: Connection | None = None
        self._looking = Looking(path)
        self._folding = Folding()
        self.stale = False
        self._fold_not_before = 0.0
        self._inode = 0
        self.slate: Slate | None = None
        self.state = state
        self.vault: Vault | None = None
        self.commits = 0
        self.quick = True
        self.refuses: Callable[[], str] = _nothing
        self.when_folded: Callable[[], object] = _nothing

    def written(self, begun: list[Operation[Any]]) -> list[Result]:
        """Do them on a scribe and write what it has; the results, once that is on the disk.

        Raises:
            sqlite.Error, OSError, JournalError: nothing of it is kept; :meth:`drop` is due.
        """
        self._ready()
        looking = self._looking.connection()
        assert self.vault is not None
        found: dict[int, list[int]] = {key: [] for operation in begun for key in operation.keys}
        if asked := {key for operation in begun for key in operation.keys if key not in operation.new}:
            found |= look.with_msgids(looking, asked)
        scribe = Scribe(looking, self.vault, self.state, found, self.refuses)
        results = [tried(operation, scribe) for operation in begun]
        if scribe.records:
            self._write(scribe, scribe.sealed())
        return results

    def upkept(self, begun: list[Operation[Any]]) -> list[Result]:
        """Do them on the connection: they look at the tables, and whatever has happened by now must count there.

        Raises:
            sqlite.Error, OSError, JournalError: :meth:`drop` is due.
        """
        try:
            self._end_fold()
        except NOT_OURS as error:  # that fold's failure is not theirs: it is tried again
            self.drop(error)
        self._fold_now()
        return [tried(operation, self._usable()) for operation in begun]

    def _write(self, scribe: Scribe, segment: Sealed) -> None:
        """On the slate if it fits there, else into SQLite itself; it is on the disk and in memory when this returns."""
        if self.slate is not None and not self.slate.fits(segment):
            self._make_room(segment)
        if self.slate is not None and self.slate.fits(segment):
            began = time.monotonic()
            frame_bytes = self.slate.write(segment)
            self.quick = time.monotonic() - began < SWIFT_S_MAX
            try:
                self._counts(scribe.tail, segment, frame_bytes)
            except Exception:  # whatever it was, the callers are told that nothing was kept
                self.slate.wipe()
                raise
            return
        if self.slate is not None and not self.slate.clean():
            raise JournalUnavailable("a refused commit still stands on the slate")
        connection = self._usable()
        connection.execute(_INSERT, segment)
        try:
            self.state.take(scribe.tail, segment.link)
        except Exception:  # whatever it was, the callers are told that nothing was kept
            connection.execute(_DELETE, (segment.first,))
            raise
        self.commits += 1

    def _make_room(self, segment: Sealed) -> None:
        """Turn the slate over while this side is folded; if that does not help, fold all of it."""
        self._end_fold()
        self._begin_fold()
        if self.slate is not None and not self.slate.fits(segment):
            self._fold_now()

    @property
    def folding(self) -> bool:
        """Whether a fold is under way."""
        return self._folding.under_way

    @property
    def sound(self) -> bool:
        """Whether nothing has failed that has to be brought into order first, and there is a slate: then a commit may need no more than that."""
        return (
            not self.stale
            and self._connection is not None
            and self.slate is not None
            and not self.slate.soiled
            and (self._folding.under_way or not self._connection.in_transaction)
        )

    def has_room(self, segment: Sealed) -> bool:
        """Whether the slate takes it, turned over if need be and nobody has to be waited for; only while all is :attr:`sound`."""
        assert self.slate is not None
        if self.slate.fits(segment):
            return True
        if self._folding.done and not self._folding.failed:
            self._end_fold()
        if self._folding.under_way:
            return False
        self._begin_fold()
        return self.slate.fits(segment)

    def wrote(self, tail: Tail, segment: Sealed, frame_bytes: int) -> None:
        """``segment`` stands on the slate; it was written by somebody else. Raises: it is to be :meth:`refused`."""
        self._counts(tail, segment, frame_bytes)

    def _counts(self, tail: Tail, segment: Sealed, frame_bytes: int) -> None:
        """What stands on the slate behind all that counts there does so, too, once it was taken into memory: if that fails, it can still be wiped off."""
        assert self.slate is not None
        self.state.take(tail, segment.link)
        self.slate.wrote(segment, frame_bytes)
        self.commits += 1

    def refused(self, error: Exception) -> None:
        """Somebody else's write on the slate failed: wipe it, and drop it."""
        if self.slate is not None:
            if getattr(error, "errno", 0) == errno.EINVAL:
                self.slate.close_direct()  # no such write here after all, though the file could be opened for it
            self.slate.wipe()
        self.drop(error)

    def _ready(self) -> None:
        """Be sure that the files at the paths are still those we opened; after a failure, read everything anew."""
        if not self.ours():
            raise JournalUnavailable("the journal's file was replaced")
        connection = self._connection
        if connection is None or self.stale:
            connection = self._come_back()
        if not self._folding.under_way and connection.in_transaction:
            raise JournalUnavailable("a transaction was left open")  # a commit in SQLite itself would be none

    def _usable(self) -> Connection:
        """The connection that writes, back from the fold if that has it."""
        self._end_fold()
        self._ready()
        return self._connection

    def _come_back(self) -> Connection:
        if self._connection is None:
            self._connection = files.open_writer(self._path, again=True)
            # what was refused and could not be cut off the log is written over, before anything else takes its number
            slate.give_name(self._connection, self.slate.id if self.slate else 0)
        if self.stale and not self._connection.in_transaction:
            assert self.vault is not None
            self.state.load(self._connection, self.vault, lambda: self.slate.rows if self.slate else ())
            self.stale = False
        return self._connection

    def ours(self) -> bool:
        """Whether the files at the paths are still those we opened."""
        return slate.is_still(self._path_text, self._inode) and (self.slate is None or self.slate.ours())

    def open(self) -> None:
        """Open, or make, the file, and read it.

        Raises:
            JournalError: see :func:`edge.journal.files.open_writer`.
        """
        self._connection, self.vault = files.open_with_keys(self._path)
        self._inode = self._path.stat().st_ino
        self.stale = True  # until all was read: then there is nothing to bring into order when we close
        try:
            self._read_all(self.vault)
        except sqlite.Error as error:
            raise files.unreadable(error) from error
        self.stale = False
        try:
            self._fold_now()
            self._begin_slate()
            self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except (sqlite.Error, OSError, JournalError) as error:
            self.drop(error)  # a full disk stops no start: what is not folded is in memory, and there may be room soon

    def _read_all(self, vault: Vault) -> None:
        """What the tables have and, beyond them, the slate that they name."""
        found = slate.named(self._connection, self._path)
        self.state.load(self._connection, vault, lambda: found.rows if found else ())
        if found is not None and found.beyond > self.state.head:
            raise JournalDamaged(
                "the journal's slate is damaged in its middle: keep all its files, and restore a backup"
            )
        if found is not None:
            self.slate = slate.resumed(self._path, found)
        if not self.state.life:
            self._begin()

    def _begin(self) -> None:
        assert self.vault is not None
        scribe = Scribe(self._connection, self.vault, self.state, {}, _nothing)
        scribe.add(r.Life(life=os.urandom(LIFE_BYTES), why="made", at=0))
        self._write(scribe, scribe.sealed())

    def _begin_slate(self) -> None:
        """A new one; without room for it, commits go into SQLite itself, and it is tried again a while later."""
        slate.ended(self._connection, self.slate)
        self.slate = None
        self.slate = slate.named_anew(self._connection, self._path)
        if self.slate is None:
            self._fold_not_before = time.monotonic() + FOLD_RETRY_S

    def drop(self, error: Exception) -> None:
        """After a failure: nothing of the group stays, on disk or in memory."""
        _log.error(
            "the journal could not be written", fault=type(error).__name__, code=getattr(error, "sqlite_errorname", "")
        )
        with contextlib.suppress(Exception):  # whatever came of it, all is read anew
            self._end_fold()
        self.stale = True
        self._looking.close()
        if self._connection is not None and not files.take_back(self._connection, self._path, self.ours):
            self._connection = None

    # -- folding --------------------------------------------------------------------------------------------------

    def look_after(self, *, idle: bool = False) -> None:
        """Fold if it is time, and take in what a fold has brought. A failure costs nothing but time: it is tried again a while later."""
        try:
            if self._folding.done:
                self._end_fold()
            if self._folding.under_way:
                return
            if self._due(idle=idle):
                self._fold()
        except Exception as error:  # noqa: BLE001 -- a fault of ours, too, costs the fold, not the journal: all of it is written already
            if not isinstance(error, NOT_OURS):
                _log.exception("a fold failed inside")
            self.drop(error)
            self._fold_not_before = time.monotonic() + FOLD_RETRY_S

    def tended(self, *, idle: bool = False) -> bool:
        """The same without a wait for the disk, as far as that goes; false: :meth:`look_after` is due, in the thread."""
        if self._folding.done and self._folding.failed:
            return False
        if self._folding.done or (not self._folding.under_way and self._due(idle=idle)):
            if not self.sound:
                return False
            if self._folding.done:
                self._end_fold()
            if self._due(idle=idle):
                self._begin_fold()
        return True

    @property
    def unfolded(self) -> Tail:
        """What no fold has taken yet; after a failure, of one that failed as well."""
        return self.state.tail if self.stale else self.state.unfolded

    def _due(self, *, idle: bool) -> bool:
        """Whether it is time for a fold."""
        fresh = self.unfolded
        due = len(fresh) >= FOLD_RECORDS_MAX or fresh.weight >= FOLD_BYTES_MAX or (idle and len(fresh) > 0)
        return due and time.monotonic() >= self._fold_not_before

    def _fold(self) -> None:
        if self.slate is not None:
            self._begin_fold()
        else:
            self._fold_now()
            self._begin_slate()  # there was no room for one, and now there may be

    def _begin_fold(self) -> None:
        """Lend the connection to a fold; commits go on on the slate's other side, if that is free."""
        connection, vault = self._usable(), self.vault
        assert vault is not None
        assert self.slate is not None
        if not len(self.state.tail):
            return
        rows, portions = self.slate.rows, self.quick
        self.slate.turn()
        tail = self.state.folding()
        self._folding.begin(lambda: folding.folded(connection, vault, tail, rows, portions=portions), self.when_folded)

    def _end_fold(self) -> None:
        """If there is a fold, wait for it: then the tables have what it took."""
        if self._folding.under_way:
            self._take(self._folding.end())

    def _take(self, done: Folded) -> None:
        if self.slate is not None:
            self.slate.taken(done.last)
        self.commits += 1
        self.state.folded(done.counts)

    def _fold_now(self) -> None:
        connection, vault = self._usable(), self.vault
        if not len(self.state.tail):
            return
        assert vault is not None
        rows = self.slate.rows if self.slate else []
        self._take(folding.folded(connection, vault, self.state.folding(), rows, portions=False))

    def close(self) -> None:
        """Fold, and let go of the file; safe to call after any failure."""
        with contextlib.suppress(Exception):  # if it failed, all of it stands on the slate
            self._end_fold()
        self._folding.close()
        self._looking.close()
        if self._connection is not None:
            try:
                if not self.stale and self.vault is not None:
                    self._fold_now()
                    slate.ended(self._connection, self.slate)
                    self.slate = None
                    self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            except Exception as error:  # noqa: BLE001 -- a fault of ours, too: every commit is safe in the log already, and the next start folds it in
                if not isinstance(error, NOT_OURS):
                    _log.exception("a fold failed inside")
                _log.warning("the journal's log was not folded in", fault=type(error).__name__)
            with contextlib.suppress(sqlite.Error):  # else what a failed fold has open would keep the next start out
                self._connection.close()
            self._connection = None
        if self.slate is not None:
            self.slate.clean()  # a last try: else a refused commit comes back with the next start
            self.slate.close()
            self.slate = None


def _nothing() -> str:
    """Nothing keeps new work out, nor is to be done."""
    return ""
