"""A fold in a thread of its own, while commits go on.

SQLite's connection for writing belongs to whoever works with it: it is given to this thread with a fold, and nobody else touches it until the
fold's end was asked for. So all writing, and every checkpoint, is still done by one connection and one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from msgspec import Struct

from edge.journal import fold, look
from edge.journal.frames import Sealed
from edge.journal.sealing import Vault
from edge.journal.tail import Tail
from edge.limits import JOURNAL_PAGE_BYTES, WAL_BYTES_TOLD

Connection = Any  # pysqlite3 has no types

_log = structlog.get_logger(__name__)


class Folded(Struct, frozen=True):
    """What came of it: the last record that the tables have now, and their ``counts``."""

    last: int
    counts: dict[str, int]


class Folding:
    """One fold at a time. ``begin`` and ``end`` are for whoever has the pen."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._work: Future[Folded] | None = None

    @property
    def under_way(self) -> bool:
        """Whether one was begun whose end nobody has asked for."""
        return self._work is not None

    @property
    def done(self) -> bool:
        """Whether one is under way that has nothing left to do."""
        return self._work is not None and self._work.done()

    @property
    def failed(self) -> bool:
        """Whether that is because it failed."""
        return self._work is not None and self._work.done() and self._work.exception() is not None

    def begin(self, work: Callable[[], Folded], then: Callable[[], object] | None = None) -> None:
        """Do ``work`` in the thread, and ``then`` there, whatever came of it."""
        assert self._work is None
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal-fold")
        self._work = self._thread.submit(work)
        if then is not None:
            self._work.add_done_callback(lambda _: then())

    def end(self) -> Folded:
        """Wait for it; what came of it, or the exception that ended it."""
        work, self._work = self._work, None
        assert work is not None
        return work.result()

    def close(self) -> None:
        """Let the thread go; none is under way."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None


def folded(c: Connection, vault: Vault, tail: Tail, commits: Sequence[Sealed], *, portions: bool) -> Folded:
    """Fold ``tail`` and ``commits`` through ``c``, in ``portions`` or at once.

    Raises:
        sqlite.Error, JournalUnavailable: what was under way was undone; portions may be in the log.
    """
    fold.fold(c, vault, tail, commits, portions=portions)
    _look_at_the_log(c)
    return Folded(tail.last, look.state(c))


def _look_at_the_log(c: Connection) -> None:
    """SQLite copies its log into the file by itself, and says nothing if that fails, or as long as somebody reads what stands there: all is safe
    in the log, and each commit tries it again.
    """
    _, pages, copied = c.execute("pragma wal_checkpoint(noop)").fetchone()
    if (pages - copied) * JOURNAL_PAGE_BYTES >= WAL_BYTES_TOLD:
        _log.warning("the log could not be copied into the file", pages=pages - copied)
