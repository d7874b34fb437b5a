"""The one thread that writes: group commit, folding, and coming back after the disk failed.

Everything that waits becomes one segment: one frame on the slate, one write that is on the disk when it returns. Nobody is answered before it.
What does not fit there, or would not follow, is a row of its own that commits by itself. A commit touches SQLite only to look something up, through a
connection that cannot write: the one that can is lent to a fold (``folding.py``), and taken back before anything else is done with it.

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
from edge.journal import files, folding, look, slate
from edge.journal import records as r
from edge.journal.folding import Folded, Folding
from edge.journal.frames import Sealed
from edge.journal.handover import HandOver
from edge.journal.operation import Operation, Result, Upkeep, apart, refuse, tried
from edge.journal.reader import Looking
from edge.journal.scribe import Scribe
from edge.journal.sealing import Vault
from edge.journal.slate import Slate
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
)  # fmt: skip

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

_log = structlog.get_logger(__name__)
LIFE_BYTES, QUICK_S = 16, 0.001
"""How long a life's name is; a commit that takes no longer is worth standing still for."""
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
        self._looking = Looking(path)
        self._folding = Folding()
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
        except Exception as error:  # noqa: BLE001 -- whatever it was, whoever waits for the start must hear of it
            known = isinstance(error, JournalError)
            if not known:
                _log.exception("the journal could not be opened")
            told = error if known else JournalError(f"the journal cannot be opened: {type(error).__name__}")
            self._close()
            loop.call_soon_threadsafe(opened.set_exception, told)
            return
        loop.call_soon_threadsafe(opened.set_result, None)
        try:
            while group := self._next_group():
                for part in apart(group):
                    self._commit(part)
                self._look_after()
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
                self._look_after(idle=True)

    def _commit(self, group: list[Operation[Any]]) -> None:
        begun = [operation for operation in group if operation.begin()]
        if not begun:
            return
        try:
            if isinstance(begun[0], Upkeep):
                self._fold_now()  # it looks at the tables: whatever has happened by now must count there
                results = [tried(operation, self._usable()) for operation in begun]
            else:
                results = self._written(begun)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, too, must not leave callers waiting, nor end the thread
            if not isinstance(error, _NOT_OURS):
                _log.exception("a commit failed inside")
            self._drop(error)
            self._waiting.settle([(op, None, JournalUnavailable("the journal could not be written")) for op in begun])
            return
        self.operations += len(begun)
        self._waiting.settle(results)

    def _written(self, begun: list[Operation[Any]]) -> list[Result]:
        self._ready()
        looking = self._looking.connection()
        assert self.vault is not None
        keys = {key for operation in begun for key in operation.keys}
        found: dict[int, list[int]] = {key: [] for key in keys}
        if keys:
            found |= look.with_msgids(looking, keys)
        scribe = Scribe(looking, self.vault, self.state, found, self.refuses)
        results = [tried(operation, scribe) for operation in begun]
        if scribe.records:
            began = time.monotonic()
            segment = scribe.sealed()
            self._write(segment)
            self._waiting.quick = time.monotonic() - began < QUICK_S
            self.commits += 1
            self.state.take(scribe.tail, segment.link)
        return results

    def _write(self, segment: Sealed) -> None:
        """On the slate if it fits there, else into SQLite itself; it is on the disk when this returns."""
        if self._slate is not None and not self._slate.fits(segment):
            self._make_room(segment)
        if self._slate is not None and self._slate.fits(segment):
            self._slate.write(segment)
            return
        if self._slate is not None and not self._slate.clean():
            raise JournalUnavailable("a refused commit still stands on the slate")
        self._usable().execute(_INSERT, segment)
        self._unchecked += len(segment.body) + PAGES_PER_COMMIT * JOURNAL_PAGE_BYTES

    def _make_room(self, segment: Sealed) -> None:
        """Turn the slate over while this side is folded; if that does not help, fold all of it."""
        self._end_fold()
        self._begin_fold()
        if self._slate is not None and not self._slate.fits(segment):
            self._fold_now()

    def _ready(self) -> None:
        """Be sure that the files at the paths are still those we opened; after a failure, read everything anew."""
        if not self._ours():
            raise JournalUnavailable("the journal's file was replaced")
        connection = self._connection
        if connection is None or self._stale:
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
            slate.give_name(self._connection, self._slate.id if self._slate else 0)
        if self._stale and not self._connection.in_transaction:
            assert self.vault is not None
            self.state.load(self._connection, self.vault, lambda: self._slate.rows if self._slate else ())
            self._stale = False
        return self._connection

    def _ours(self) -> bool:
        """Whether the files at the paths are still those we opened."""
        return slate.is_still(self._path_text, self._inode) and (self._slate is None or self._slate.ours())

    def _open(self) -> None:
        self._connection, self.vault = files.open_with_keys(self._path)
        self._inode = self._path.stat().st_ino
        self._stale = True  # until all was read: then there is nothing to bring into order when we close
        try:
            self._read_all(self.vault)
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
        self._write(segment)
        self.state.take(scribe.tail, segment.link)

    def _begin_slate(self) -> None:
        """A new one; without room for it, commits go into SQLite itself, and it is tried again a while later."""
        slate.ended(self._connection, self._slate)
        self._slate = None
        self._slate = slate.named_anew(self._connection, self._path)
        if self._slate is None:
            self._fold_not_before = time.monotonic() + FOLD_RETRY_S

    def _drop(self, error: Exception) -> None:
        """After a failure: nothing of the group stays, on disk or in memory."""
        _log.error(
            "the journal could not be written", fault=type(error).__name__, code=getattr(error, "sqlite_errorname", "")
        )
        with contextlib.suppress(Exception):  # whatever came of it, all is read anew
            self._end_fold()
        self._stale = True
        self._looking.close()
        if self._connection is not None and not files.take_back(self._connection, self._path, self._ours):
            self._connection = None

    # -- folding --------------------------------------------------------------------------------------------------

    def _look_after(self, *, idle: bool = False) -> None:
        """Fold if it is time, and take in what a fold has brought. A failure costs nothing but time: it is tried again a while later."""
        due = idle or len(self.state.unfolded) >= FOLD_RECORDS_MAX or self.state.unfolded.weight >= FOLD_BYTES_MAX
        try:
            if self._folding.done:
                self._end_fold()
            if self._folding.under_way:
                return
            if due and time.monotonic() >= self._fold_not_before:
                self._fold()
            elif self._unchecked >= WAL_BYTES_EASY and not self._stale and self._connection is not None:
                self._unchecked = folding.checkpointed(self._connection, self._waiting.empty)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, too, costs the fold, not the journal: all of it is written already
            if not isinstance(error, _NOT_OURS):
                _log.exception("a fold failed inside")
            self._drop(error)
            self._fold_not_before = time.monotonic() + FOLD_RETRY_S

    def _fold(self) -> None:
        if self._slate is not None:
            self._begin_fold()
        else:
            self._fold_now()
            self._begin_slate()  # there was no room for one, and now there may be

    def _begin_fold(self) -> None:
        """Lend the connection to a fold; commits go on on the slate's other side, if that is free."""
        connection, vault = self._usable(), self.vault
        assert vault is not None
        assert self._slate is not None
        if not len(self.state.tail):
            return
        rows = self._slate.rows
        self._slate.turn()
        tail = self.state.folding()
        self._folding.begin(lambda: folding.folded(connection, vault, tail, rows, self._waiting.empty))

    def _end_fold(self) -> None:
        """If there is a fold, wait for it: then the tables have what it took."""
        if self._folding.under_way:
            self._take(self._folding.end())

    def _take(self, done: Folded) -> None:
        if self._slate is not None:
            self._slate.taken(done.last)
        self._unchecked = done.unchecked
        self.commits += 1
        self.state.folded(done.counts)

    def _fold_now(self) -> None:
        connection, vault = self._usable(), self.vault
        if not len(self.state.tail):
            return
        assert vault is not None
        rows = self._slate.rows if self._slate else []
        self._take(folding.folded(connection, vault, self.state.folding(), rows))

    @staticmethod
    def _nobody_waits() -> HandOver:
        return HandOver(JOURNAL_GROUP_OPERATIONS_MAX, SEGMENT_BYTES_MAX, refuse)

    def _close(self) -> None:
        with contextlib.suppress(Exception):  # if it failed, all of it stands on the slate
            self._end_fold()
        self._folding.close()
        self._looking.close()
        if self._connection is not None:
            try:
                if not self._stale and self.vault is not None:
                    self._fold_now()
                    slate.ended(self._connection, self._slate)
                    self._slate = None
                    self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
                self._connection.close()
            except (sqlite.Error, OSError, JournalError) as error:
                # every commit is safe in the log already: the next start folds it in
                _log.warning("the journal's log was not folded in", fault=type(error).__name__)
            self._connection = None
        if self._slate is not None:
            self._slate.close()
            self._slate = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _nothing() -> str:
    """Nothing keeps new work out."""
    return ""
