"""Reading beside the writer: a few threads, each with a read-only connection of its own; and what the writer itself looks things up with."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalError, JournalUnavailable
from edge.journal import files
from edge.journal.ending import ended

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

THREADS = 2
_LOOKING_KIB = 2_048


class Reader:
    """Runs reading operations; a connection that failed is replaced at the next one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._all: set[Connection] = set()
        self._threads: ThreadPoolExecutor | None = None

    async def start(self) -> None:
        """Open the first connection.

        Raises:
            JournalError: the file is missing or no journal.
        """
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="journal-read")
        await asyncio.get_running_loop().run_in_executor(self._threads, self._connection)

    async def stop(self) -> None:
        """Let what runs finish, then close. Safe to call twice."""
        threads, self._threads = self._threads, None
        if threads is not None:
            await ended(lambda: threads.shutdown(cancel_futures=True), self._close_all)

    def _close_all(self) -> None:
        while self._all:
            with contextlib.suppress(sqlite.Error):  # it only ever read
                self._all.pop().close()

    async def do(self, work: Callable[[Connection], T]) -> T:
        """The result of ``work`` on a connection, which sees one moment of the file.

        Raises:
            JournalUnavailable: closed, or the file cannot be read now.
        """
        if self._threads is None:
            raise JournalUnavailable("the journal is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._done, work)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._threads is None and not (
                task and task.cancelling()
            ):  # it was the reader that ended, not the caller
                raise JournalUnavailable("the journal is closed") from None
            raise

    def _done(self, work: Callable[[Connection], T]) -> T:
        try:
            connection = self._connection()
            connection.execute("begin")  # all that it reads is of one moment: a fold or a pruning may come in between
            try:
                return work(connection)
            finally:
                connection.execute("rollback")
        except (sqlite.Error, JournalError) as error:
            self._discard()
            known = error if isinstance(error, JournalError) else files.unreadable(error)
            raise JournalUnavailable(f"the journal could not be read: {known}") from error

    def _connection(self) -> Connection:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = files.open_reader(self._path)
            self._all.add(connection)
        return connection

    def _discard(self) -> None:
        connection, self._own.connection = getattr(self._own, "connection", None), None
        if connection is not None:
            self._all.discard(connection)
            with contextlib.suppress(sqlite.Error):  # it only ever read
                connection.close()


class Looking:
    """What commits look things up with while the connection that writes is lent to a fold; of the journal's thread alone, for the loop's own commits look nothing up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """One that cannot write.

        Raises:
            JournalError: the file cannot be read.
        """
        if self._connection is None:
            self._connection = files.open_reader(self._path)
            self._connection.execute(f"pragma cache_size = -{_LOOKING_KIB}")
        return self._connection

    def close(self) -> None:
        """The next one is a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite.Error):  # it only ever read
                connection.close()
