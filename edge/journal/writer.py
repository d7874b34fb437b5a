"""The one thread that writes: group commit, folding, checkpoints, and coming back after the disk failed.

Everything that waits becomes one segment: one frame on the slate, one write that is on the disk when it returns. Nobody is answered before it,
and the interpreter is given up once for a whole group. What does not fit there, or would not follow, is a row of its own that commits by itself.

After a failure nothing of the group may ever come back: it is wiped off the slate, SQLite's log is cut to its last good frame, the
connection and what is in memory are made anew before the next group.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalDamaged, JournalError, JournalUnavailable
from edge.journal import files, fold, look, slate
from edge.journal import records as r
from edge.journal.handover import HandOver
from edge.journal.operation import Operation, Result, Upkeep, apart, settle, tried
from edge.journal.scribe import Scribe
from edge.journal.sealing import Vault
from edge.journal.slate import Sealed, Slate
from edge.journal.state import State
from edge.limits import (
    FOLD_BYTES_MAX,
    FOLD_IDLE_S,
    FOLD_RECORDS_MAX,
    FOLD_RETRY_S,
    JOURNAL_GROUP_OPERATIONS_MAX,
    JOURNAL_PAGE_BYTES,
    JOURNAL_WAITING_OPERATIONS_MAX,
    SEGMENT_BYTES_MAX,
    WAL_BYTES_EASY,
    WAL_BYTES_MAX,
)

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

_log = structlog.get_logger(__name__)
LIFE_BYTES = 16
QUICK_S = 0.001
"""A commit that takes no longer is worth standing still for."""
PAGES_PER_COMMIT = 3
"""At most, beside what the records themselves take: leaf, parent, and the page that counts them."""
_NOT_OURS = (sqlite.Error, OSError, JournalError)
_INSERT = "insert into segment (first, count, at, key, nonce, link, body) values (?, ?, ?, ?, ?, ?, ?)"


class Writer:
    """Runs operations on the journal's only writing connection. ``commits`` and ``operations`` count since the start."""

    def __init__(self, path: Path, state: State) -> None:
        self._path = path
        self._path_text = str(path)
        self._waiting = self._nobody_waits()
        self._stopping = True
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._slate: Slate | None = None
        self._stale = False
        self._unchecked = 0
        self._fold_not_before = 0.0
        self._inode = 0
        self._lock = -1
        self.state = state
        self.vault: Vault | None = None
        self.commits = 0
        self.operations = 0
        self.refuses: Callable[[], str] = _nothing

    async def start(self) -> None:
        """Open the file in a thread of its own.

        Raises:
            JournalError: see :func:`edge.journal.files.open_writer`.
        """
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._waiting = self._nobody_waits()
        self._thread = threading.Thread(target=self._run, args=(loop, opened), name="journal", daemon=True)
        self._thread.start()
        try:
            await opened
        except JournalError:
            self._thread = None
            raise
        self._stopping = False

    @property
    def usable(self) -> bool:
        """Whether it writes, as far as the last try told."""
        return self._thread is not None and self._thread.is_alive() and not self._stale

    async def stop(self) -> None:
        """Do what waits, fold, close."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stopping = True
        self._waiting.end()
        await asyncio.to_thread(thread.join)

    def submit(self, operation: Operation[T]) -> Operation[T]:
        """Queue it. Its future fails with :class:`JournalUnavailable` if the journal is closed or too much waits."""
        if self._thread is None or self._stopping:
            operation.future.set_exception(JournalUnavailable("the journal is closed"))
        elif self._waiting.waits >= JOURNAL_WAITING_OPERATIONS_MAX:
            operation.future.set_exception(JournalUnavailable("too much waits for the disk"))
        else:
            self._waiting.put(operation)
        return operation

    async def do(self, work: Callable[[Any], T], keys: Sequence[int] = ()) -> T:
        """Queue ``work`` and wait for the commit that holds it."""
        return await self.submit(Operation(work, keys)).future

    # -- in the thread --------------------------------------------------------------------------------------------

    def _run(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None]) -> None:
        try:
            self._lock = files.lock(self._path)
            self._open()
        except JournalError as error:
            self._close()
            loop.call_soon_threadsafe(opened.set_exception, error)
            return
        except Exception as error:  # noqa: BLE001 -- whatever it was, whoever waits for the start must hear of it
            _log.exception("the journal could not be opened")
            self._close()
            loop.call_soon_threadsafe(
                opened.set_exception, JournalError(f"the journal cannot be opened: {type(error).__name__}")
            )
            return
        loop.call_soon_threadsafe(opened.set_result, None)
        try:
            while group := self._next_group():
                for part in apart(group):
                    self._commit(part)
                if len(self.state.tail) >= FOLD_RECORDS_MAX or self.state.tail.weight >= FOLD_BYTES_MAX:
                    self._fold()
                elif self._unchecked >= WAL_BYTES_EASY:
                    self._checkpoint()
        finally:
            self._stopping = True
            self._waiting.close()  # in good order there are none; after a fault of ours nobody may wait for ever
            self._close()

    def _next_group(self) -> list[Operation[Any]]:
        """Everything that waits, up to the limits; empty when it is time to end. Folds when nobody comes for a while."""
        while True:
            try:
                return self._waiting.group(FOLD_IDLE_S if len(self.state.tail) else None)
            except queue.Empty:
                self._fold()

    def _commit(self, group: list[Operation[Any]]) -> None:
        begun = [operation for operation in group if operation.begin()]
        if not begun:
            return
        try:
            connection = self._usable()
            if isinstance(begun[0], Upkeep):
                self._fold_now()  # it looks at the tables: whatever has happened by now must count there
                results = [tried(operation, connection) for operation in begun]
            else:
                results = self._written(connection, begun)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, too, must not leave callers waiting, nor end the thread
            if not isinstance(error, _NOT_OURS):
                _log.exception("a commit failed inside")
            self._drop(error)
            self._waiting.settle([(op, None, JournalUnavailable("the journal could not be written")) for op in begun])
            return
        self.operations += len(begun)
        self._waiting.settle(results)

    def _written(self, c: Connection, begun: list[Operation[Any]]) -> list[Result]:
        assert self.vault is not None
        keys = {key for operation in begun for key in operation.keys}
        found: dict[int, list[int]] = {key: [] for key in keys}
        if keys:
            found |= look.with_msgids(c, keys)
        scribe = Scribe(c, self.vault, self.state, found, self.refuses)
        results = [tried(operation, scribe) for operation in begun]
        if scribe.records:
            began = time.monotonic()
            segment = scribe.sealed()
            self._write(c, segment)
            self._waiting.quick = time.monotonic() - began < QUICK_S
            self.commits += 1
            self.state.take(scribe.tail, segment.link)
        return results

    def _write(self, c: Connection, segment: Sealed) -> None:
        """On the slate if it fits there, else into SQLite itself; it is on the disk when this returns."""
        if self._slate is not None and not self._slate.fits(segment):
            self._fold_now()
        if self._slate is not None and self._slate.fits(segment):
            self._slate.write(segment)
            return
        if self._slate is not None and not self._slate.clean():
            raise JournalUnavailable("a refused commit still stands on the slate")
        c.execute(_INSERT, segment)
        self._unchecked += len(segment.body) + PAGES_PER_COMMIT * JOURNAL_PAGE_BYTES

    def _usable(self) -> Connection:
        """The connection, after a failure with everything read anew; only if the file at the path is still the one we opened."""
        if not self._ours():
            raise JournalUnavailable("the journal's file was replaced")
        if self._connection is None:
            self._connection = files.open_writer(self._path, again=True)
            # what was refused and could not be cut off the log is written over, before anything else takes its number
            slate.give_name(self._connection, self._slate.id if self._slate else 0)
        if self._connection.in_transaction:  # then nothing would be committed when the statement returns
            raise JournalUnavailable("a transaction was left open")
        if self._stale:
            assert self.vault is not None
            self.state.load(self._connection, self.vault, lambda: self._slate.rows if self._slate else ())
            self._stale = False
        return self._connection

    def _ours(self) -> bool:
        """Whether the files at the paths are still those we opened."""
        try:
            same = os.stat(self._path_text).st_ino == self._inode  # noqa: PTH116 -- at every commit: half of what Path.stat costs
        except FileNotFoundError:
            return False
        return same and (self._slate is None or self._slate.ours())

    def _open(self) -> None:
        files.heal(self._path)
        fresh = not self._path.exists() and not files.log_alone(self._path)
        if fresh:  # the keys first: a file without them would be taken for one that has lost them
            self.vault = Vault.open(self._path.parent, create=True)
        self._connection = files.open_writer(self._path)
        self.vault = vault = self.vault if fresh and self.vault else Vault.open(self._path.parent, create=False)
        self._inode = self._path.stat().st_ino
        self._stale = True  # until all was read: then there is nothing to bring into order when we close
        try:
            self._read_all(vault)
        except sqlite.Error as error:
            raise files.unreadable(error) from error
        self._stale = False
        try:
            self._fold_now()
            self._begin_slate()
            self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        except (sqlite.Error, OSError, JournalError) as error:
            self._drop(error)  # a full disk stops no start: what is not folded is in memory, and there may be room soon

    def _read_all(self, vault: Vault) -> None:
        """What the tables have and, beyond them, the slate that they name."""
        found = slate.named(self._connection, self._path)
        self.state.load(self._connection, vault, lambda: found.rows if found else ())
        if found is not None and found.beyond > self.state.head:
            raise JournalDamaged(
                "the journal's slate is damaged in its middle: keep all its files, and restore a backup"
            )
        if found is not None:
            self._slate = slate.resumed(self._path, found)
        if not self.state.life:
            self._begin()

    def _begin(self) -> None:
        assert self.vault is not None
        scribe = Scribe(self._connection, self.vault, self.state, {}, _nothing)
        scribe.add(r.Life(life=os.urandom(LIFE_BYTES), why="made", at=0))
        segment = scribe.sealed()
        self._write(self._connection, segment)
        self.state.take(scribe.tail, segment.link)

    def _begin_slate(self) -> None:
        """A new one, once the tables have all that stood on the last; without room for it, commits go into SQLite itself."""
        self._end_slate()
        fresh = slate.fresh_id()
        try:
            self._slate = slate.begun(self._path, fresh)
            slate.give_name(self._connection, fresh)
        except (sqlite.Error, OSError) as error:
            self._forget_slate()
            if isinstance(error, sqlite.Error):
                raise
            _log.warning("no slate could be begun, commits go into SQLite itself", fault=type(error).__name__)
            self._fold_not_before = time.monotonic() + FOLD_RETRY_S

    def _end_slate(self) -> None:
        """From now on the tables name none: they have all of it."""
        if slate.name(self._connection):
            slate.give_name(self._connection, 0)
        self._forget_slate()

    def _forget_slate(self) -> None:
        if self._slate is not None:
            self._slate.close()
            self._slate = None

    def _drop(self, error: Exception) -> None:
        """After a failure: nothing of the group stays, on disk or in memory."""
        _log.error(
            "the journal could not be written", fault=type(error).__name__, code=getattr(error, "sqlite_errorname", "")
        )
        self._stale = True
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("rollback")
            _, frames, _ = connection.execute("pragma wal_checkpoint(noop)").fetchone()
            if self._ours():  # else the log file at the path is another journal's
                files.cut_log(self._path, frames)
        except (sqlite.Error, OSError) as failure:
            # then it is only certain once the next commit has overwritten it: told in the journal's own text
            _log.error("the refused commit could not be taken out of the log", fault=type(failure).__name__)
            with contextlib.suppress(sqlite.Error):  # it failed already; the next group gets a new one
                connection.close()
            self._connection = None

    def _fold(self) -> None:
        """Fold the tail, and the log into the file when it is due. A failure costs nothing but time: it is tried again a while later."""
        if time.monotonic() < self._fold_not_before:
            return
        try:
            self._fold_now()
            if self._slate is None:  # there was no room for one, and now there may be
                self._begin_slate()
        except Exception as error:  # noqa: BLE001 -- a fault of ours, too, costs the fold, not the journal: all of it is written already
            if not isinstance(error, _NOT_OURS):
                _log.exception("a fold failed inside")
            self._drop(error)
            self._fold_not_before = time.monotonic() + FOLD_RETRY_S
        else:
            self._checkpoint()

    def _checkpoint(self) -> None:
        """Copy the log into the file, if it is long and nobody waits, or too long. Then it is written over from its beginning."""
        if self._connection is None or self._stale:
            return
        try:
            _, log, folded = self._connection.execute("pragma wal_checkpoint(noop)").fetchone()
            self._unchecked = (log - folded) * JOURNAL_PAGE_BYTES
            if self._unchecked >= WAL_BYTES_MAX or (self._unchecked >= WAL_BYTES_EASY and self._waiting.empty()):
                self._connection.execute("pragma wal_checkpoint(passive)").fetchone()
                self._unchecked = 0
        except sqlite.Error as error:
            # everything is safe in the log; the next commit tells whether the disk does its part
            _log.error("the log could not be folded into the file", fault=type(error).__name__)
            self._unchecked = 0

    def _fold_now(self) -> None:
        connection = self._usable()
        if not len(self.state.tail):
            return
        assert self.vault is not None
        fold.fold(connection, self.vault, self.state.tail, self._slate.rows if self._slate else ())
        if self._slate is not None:
            self._slate.clear()
        self.commits += 1
        self._unchecked = WAL_BYTES_EASY  # at least so much that it is counted
        self.state.folded(look.state(connection))

    @staticmethod
    def _nobody_waits() -> HandOver:
        return HandOver(JOURNAL_GROUP_OPERATIONS_MAX, SEGMENT_BYTES_MAX, _refuse)

    def _close(self) -> None:
        if self._connection is not None:
            try:
                if not self._stale and self.vault is not None:
                    self._fold_now()
                    self._end_slate()
                    self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
                self._connection.close()
            except (sqlite.Error, OSError, JournalError) as error:
                # every commit is safe in the log already: the next start folds it in
                _log.warning("the journal's log was not folded in", fault=type(error).__name__)
            self._connection = None
        self._forget_slate()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _refuse(left: Sequence[Operation[Any]]) -> None:
    settle([(op, None, JournalUnavailable("the journal has stopped")) for op in left if op.begin()])


def _nothing() -> str:
    """Nothing keeps new work out."""
    return ""
