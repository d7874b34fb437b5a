"""The one thread that writes: group commit, savepoints, checkpoints, and coming back after the disk failed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from pysqlite3 import dbapi2 as sqlite

from central_sync.wire.refusals import Refused
from edge.errors import EdgeError, JournalError, JournalUnavailable
from edge.journal import files
from edge.limits import (
    JOURNAL_GROUP_OPERATIONS_MAX,
    JOURNAL_PAGE_BYTES,
    JOURNAL_WAITING_OPERATIONS_MAX,
    WAL_BYTES_EASY,
    WAL_BYTES_MAX,
)

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

_log = structlog.get_logger(__name__)


class _Operation(Generic[T]):
    """One piece of work and the future of its result; once begun it cannot be cancelled."""

    __slots__ = ("future", "work")

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.future: Future[T] = Future()


class Writer:
    """Runs operations on the journal's only writing connection. ``commits`` and ``operations`` count since the start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bell = threading.Condition()
        self._waiting: deque[_Operation[Any]] = deque()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._inode = 0
        self._lock = -1
        self.commits = 0
        self.operations = 0

    async def start(self) -> None:
        """Open the file in a thread of its own.

        Raises:
            JournalError: see :func:`edge.journal.files.open_writer`.
        """
        opened: Future[None] = Future()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, args=(opened,), name="journal", daemon=True)
        self._thread.start()
        try:
            await asyncio.wrap_future(opened)
        except JournalError:
            self._thread = None
            raise

    async def stop(self) -> None:
        """Do what waits, fold the log in, close."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._bell:
            self._stopping = True
            self._bell.notify()
        await asyncio.to_thread(thread.join)

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue ``work``; the future's ``cancel`` succeeds as long as it has not begun, and then it never will."""
        operation = _Operation(work)
        with self._bell:
            if self._thread is None or self._stopping:
                operation.future.set_exception(JournalUnavailable("the journal is closed"))
            elif len(self._waiting) >= JOURNAL_WAITING_OPERATIONS_MAX:
                operation.future.set_exception(JournalUnavailable("too much waits for the disk"))
            else:
                self._waiting.append(operation)
                self._bell.notify()
        return operation.future

    async def do(self, work: Callable[[Connection], T]) -> T:
        """Queue ``work`` and wait for the commit that holds it."""
        return await asyncio.wrap_future(self.submit(work))

    # -- in the thread --------------------------------------------------------------------------------------------

    def _run(self, opened: Future[None]) -> None:
        try:
            self._lock = files.lock(self._path)
            self._open()
        except JournalError as error:
            self._close()
            opened.set_exception(error)
            return
        opened.set_result(None)
        try:
            while group := self._next_group():
                self._commit(group)
                self._fold()
        finally:
            self._refuse_all()  # in good order there are none; after a fault of ours nobody may wait for ever
            self._close()

    def _refuse_all(self) -> None:
        with self._bell:
            self._stopping = True
            left = list(self._waiting)
            self._waiting.clear()
        for operation in left:
            if operation.future.set_running_or_notify_cancel():
                operation.future.set_exception(JournalUnavailable("the journal has stopped"))

    def _next_group(self) -> list[_Operation[Any]]:
        """Everything that waits, up to the limit; empty when it is time to end."""
        with self._bell:
            while not self._waiting and not self._stopping:
                self._bell.wait()
            count = min(len(self._waiting), JOURNAL_GROUP_OPERATIONS_MAX)
            return [self._waiting.popleft() for _ in range(count)]

    def _commit(self, group: list[_Operation[Any]]) -> None:
        begun = [operation for operation in group if operation.future.set_running_or_notify_cancel()]
        if not begun:
            return
        try:
            connection = self._usable()
            connection.execute("begin immediate")
            results = [_in_savepoint(connection, operation.work) for operation in begun]
            connection.execute("commit")
        except (sqlite.Error, OSError, JournalError) as error:
            self._drop(error)
            for operation in begun:
                operation.future.set_exception(JournalUnavailable("the journal could not be written"))
            return
        self.commits += 1
        self.operations += len(begun)
        for operation, (result, failure) in zip(begun, results, strict=True):
            if failure is None:
                operation.future.set_result(result)
            else:
                operation.future.set_exception(failure)

    def _usable(self) -> Connection:
        """The connection, opened anew after a failure; only if the file at the path is still the one we opened."""
        if self._path.stat().st_ino != self._inode:
            raise JournalUnavailable("the journal's file was replaced")
        if self._connection is None:
            self._open()
        return self._connection

    def _open(self) -> None:
        self._connection = files.open_writer(self._path)
        self._inode = self._path.stat().st_ino

    def _drop(self, error: Exception) -> None:
        """After a failure: nothing of the open commit stays, and the next group gets a fresh connection."""
        _log.error(
            "the journal could not be written", fault=type(error).__name__, code=getattr(error, "sqlite_errorname", "")
        )
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite.Error):  # closing rolls back; that it fails too is the same failure
                connection.close()

    def _fold(self) -> None:
        """Checkpoint, when nobody waits or when the log has grown too long."""
        if self._connection is None:
            return
        try:
            _, log, folded = self._connection.execute("pragma wal_checkpoint(noop)").fetchone()
            size = (log - folded) * JOURNAL_PAGE_BYTES
            if size >= WAL_BYTES_MAX or (size >= WAL_BYTES_EASY and not self._waiting):
                self._connection.execute("pragma wal_checkpoint(passive)").fetchone()
        except sqlite.Error as error:
            self._drop(error)

    def _close(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
                self._connection.close()
            except sqlite.Error as error:
                # every commit is safe in the log already: the next start folds it in
                _log.warning("the journal's log was not folded in", fault=type(error).__name__)
            self._connection = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


_OURS = (Refused, EdgeError, sqlite.IntegrityError, sqlite.ProgrammingError, sqlite.DataError, sqlite.InterfaceError)


def _in_savepoint(connection: Connection, work: Callable[[Connection], T]) -> tuple[T | None, Exception | None]:
    """``(result, None)``, or ``(None, why not)`` with the operation undone; an error of the disk goes up to the group."""
    connection.execute("savepoint operation")
    try:
        result = work(connection)
    except _OURS as error:
        failure: Exception = error
    except sqlite.Error:
        raise
    except Exception as error:  # noqa: BLE001 -- a fault in one operation is its caller's, and must not poison its neighbours
        failure = error
    else:
        connection.execute("release operation")
        return result, None
    connection.execute("rollback to operation")
    connection.execute("release operation")
    return None, failure
