"""What the journal is measured against: a bare file, plain SQLite, and two queues that others use.

Each has ``insert(rows)``, which returns when the rows are durable, and ``close()``. Each does what its name says and nothing else: no
encryption, no chain, no index, no identity.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import litequeue
import persistqueue
from pysqlite3 import dbapi2 as sqlite

from edge.limits import JOURNAL_PAGE_BYTES

FULL = 2
"""``pragma synchronous`` when each commit is synced."""


class Store(Protocol):
    """Something that keeps bytes."""

    def insert(self, rows: Sequence[bytes]) -> None:
        """Make ``rows`` durable."""

    def close(self) -> None:
        """Let go of the file."""


class BareFile:
    """Append and one fdatasync for what was given together."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def insert(self, rows: Sequence[bytes]) -> None:
        """One write, one sync."""
        os.write(self._descriptor, b"".join(rows))
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class PlainStore:
    """One table in SQLite, WAL and FULL, pages as the journal has them, the same SQLite; one commit for what was given together."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite.connect(str(path), isolation_level=None)
        self._connection.execute(f"pragma page_size = {JOURNAL_PAGE_BYTES}")
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")
        self._connection.execute("create table if not exists kept (seq integer primary key, body blob not null)")

    def insert(self, rows: Sequence[bytes]) -> None:
        """One transaction."""
        self._connection.execute("begin")
        self._connection.executemany("insert into kept (body) values (?)", [(row,) for row in rows])
        self._connection.execute("commit")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class PersistQueue:
    """persist-queue's SQLiteAckQueue as it comes: WAL, and the library's default of FULL. It commits each put by itself."""

    def __init__(self, folder: Path) -> None:
        self._queue = persistqueue.SQLiteAckQueue(str(folder), auto_commit=True, multithreading=True)

    def insert(self, rows: Sequence[bytes]) -> None:
        """One put, and one commit, for each."""
        for row in rows:
            self._queue.put(row)

    def close(self) -> None:
        """Let go of the file."""
        self._queue.close()


class LiteQueue:
    """litequeue, which is NORMAL by itself (not durable at a commit), set to FULL. It commits each put by itself."""

    def __init__(self, path: Path) -> None:
        self._queue = litequeue.LiteQueue(str(path))
        self._queue.conn.execute("pragma synchronous = full")
        assert self._queue.conn.execute("pragma synchronous").fetchone()[0] == FULL

    def insert(self, rows: Sequence[bytes]) -> None:
        """One put, and one commit, for each; it keeps text, so the bytes go as as many letters."""
        for row in rows:
            self._queue.put(base64.b64encode(row)[: len(row)].decode())

    def close(self) -> None:
        """Let go of the file."""
        self._queue.close()
