"""The journal: what the edge has taken on, made durable before anyone is told.

On disk
    One SQLite file (``journal.db`` with its ``-wal`` and ``-shm``), mode 0600, pages of 16 KiB, WAL, ``synchronous=FULL``.
    SQLite is that of pysqlite3 and at least 3.51.3: older ones can lose committed pages when a WAL is reset.

    ``entry``      what a HIS sent, immutable. ``seq`` is the edge's order; ``uuid`` (version 7) names it outside; (``institution``,
                   ``msgid``) is unique and is its identity; ``digest`` tells a resend from a reuse; ``packet`` is MessagePack.
    ``verdict``    one row for each entry: its latest outcome, the hub's answer, ``reference`` (the settlement id in it), and the
                   confirmation of a settlement, now and before it was undone.
    ``pending``    the entries without a receipt. It stays small, so that a start after years is quick.
    ``awaited``    the settlements that the HIS has not confirmed yet. It stays small too.
    ``hid_block``  leased HID serials, and the next one to give.
    ``fact``       small things that must survive: tokens, the feed's cursor, notices, tombstones.

Invariants
    1. An entry, its verdict and its place in ``pending`` are born in one commit, with the HID it opened: a serial is given once.
    2. An entry is in ``pending`` exactly as long as its outcome is not final and not refused.
    3. A verdict changes by the table in ``edge/outcome.py`` and by nothing else.
    4. Nobody is answered before the commit. If the commit fails, nobody is told that anything was accepted.
    5. A feed item's body and its cursor are stored in one commit.

One writer
    One connection in one thread does all writes and all checkpoints. Everything that waits goes into one commit; each
    operation has a savepoint, so that one that fails leaves the others alone. Readers have their own read-only connection.
    The log is folded into the file after the waiting have been answered, not before.

Recovery
    SQLite brings the file to its last commit by itself. Whatever is pending and ``accepted`` at the start had a caller that is gone: a fence
    may have left, so it becomes ``in_doubt`` and is asked; everything else becomes ``provisional`` and is sent (``recover``). There is no
    mark "sending" on disk: it would cost a sync for each exchange and could only say "perhaps".

When the disk fails
    Full, read-only, or failing: the operations of that commit get ``JournalUnavailable`` and nothing of them is kept; the next ones are tried
    on a fresh connection, so the journal comes back by itself. A file that vanished or was replaced under us counts as
    unavailable. A damaged file is refused at the start. One limit is the operating system's: after a failed sync, and only if the
    power fails before the next commit, an entry that was refused may reappear; it then meets the rules of recovery like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

from edge.errors import JournalError
from edge.journal import feed, operations
from edge.journal.reader import Reader
from edge.journal.shapes import (
    Appended,
    Block,
    Draft,
    Marking,
    Pending,
    Record,
    Sendable,
    Standing,
    Stats,
)
from edge.journal.writer import Writer

__all__ = [
    "Appended", "Block", "Draft", "Journal", "Marking", "Pending", "Record", "Sendable", "Standing", "Stats",
]  # fmt: skip


class Journal:
    """The journal at ``path``. Every method but ``open`` and ``close`` is for the event loop that called ``open``.

    All raise :class:`edge.errors.JournalUnavailable` when the disk does not do its part.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = Writer(path)
        self._reader = Reader(path)

    async def open(self, *, read_only: bool = False) -> None:
        """Open, or make, the file. ``read_only``: look beside an edge that runs; nothing can be written, and the file must be there.

        Raises:
            JournalError: the folder is missing, the file cannot be used, or SQLite is too old.
            JournalDamaged: the file is damaged or is no journal.
        """
        if not read_only:
            await self._writer.start()
        try:
            await self._reader.start()
        except JournalError:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what waits, fold the log into the file, close. Safe to call twice."""
        await self._reader.stop()
        await self._writer.stop()

    # -- transactions ---------------------------------------------------------------------------------------------

    async def append(self, draft: Draft) -> Appended:
        """Keep ``draft``, durably; if its msgid is known with the same digest, tell how that one stands.

        Raises:
            Refused: ``msgid_reused`` or ``hids_exhausted``.
        """
        return await asyncio.wrap_future(self.appending(draft))

    def appending(self, draft: Draft) -> Future[Appended]:
        """``append`` as a thread's future: its ``cancel()`` tells truly whether the append was stopped before it began."""
        return self._writer.submit(lambda work: operations.append(work, draft))

    async def record(self, records: Iterable[Record], now: datetime) -> list[Standing | None]:
        """Apply news of entries in one commit, and tell how each stands after it; ``None``: the table forbids that news."""
        news = list(records)
        return await self._writer.do(lambda work: operations.record(work, news, now))

    async def mark(self, marking: Marking, now: datetime) -> Standing | None:
        """Move a settlement's confirmation; ``None`` if there is no such settlement or the table forbids it."""
        return await self._writer.do(lambda work: operations.mark(work, marking, now))

    async def recover(self, now: datetime) -> list[Standing]:
        """Settle what had a caller when the edge stopped: fences become in doubt, the rest provisional. Tells what changed."""
        return await self._writer.do(lambda work: operations.recover(work, now))

    async def find(self, institution: str, msgid: str) -> Standing | None:
        """How a transaction stands, or ``None`` if the journal does not know it."""
        return await self._reader.do(lambda c: operations.find(c, institution, msgid))

    async def pending(self) -> list[Pending]:
        """Everything without a receipt, in order."""
        return await self._reader.do(operations.pending)

    async def sendables(self, seqs: Sequence[int]) -> dict[int, Sendable]:
        """What goes on the line of these entries."""
        return await self._reader.do(lambda c: operations.sendables(c, seqs))

    async def open_list(self, institution: str) -> list[Standing]:
        """What is provisional, in doubt, or awaits its confirmation; oldest first, at most ``OPEN_LIST_ROWS_MAX``."""
        return await self._reader.do(lambda c: operations.open_list(c, institution))

    # -- its lives: until the journal has them, nothing is told to the hub -----------------------------------------

    @property
    def life(self) -> bytes:
        """What names this journal's present life; empty: it has none."""
        return b""

    @property
    def head(self) -> int:
        """The seq of the last record."""
        return 0

    @property
    def opened(self) -> int:
        """The head with which this program opened it."""
        return 0

    async def begin_life(self, _why: str, _now: datetime) -> bytes:
        """Begin a new life."""
        return self.life

    # -- leases, feed, facts --------------------------------------------------------------------------------------

    async def add_block(self, block: Block) -> None:
        """Keep a lease that did not come by the feed (at enrolment, or in a test)."""
        await self._writer.do(lambda work: operations.add_block(work, block))

    async def hids_left(self) -> int:
        """How many leased HIDs are left."""
        return await self._reader.do(operations.hids_left)

    async def take_feed(self, cursor: int, bodies: Sequence[feed.Body], now: datetime) -> list[Standing]:
        """Store what the feed brought and its new cursor in one commit; tells which transactions changed by it."""
        return await self._writer.do(lambda work: feed.take(work, cursor, bodies, now))

    async def feed_cursor(self) -> int:
        """The cursor after the last feed item stored; 0 at first."""
        return await self._reader.do(feed.cursor)

    async def remember(self, kind: str, key: str, value: bytes) -> None:
        """Keep a small fact, in place of what (kind, key) had."""
        await self._writer.do(lambda work: operations.remember(work, kind, key, value))

    async def recall(self, kind: str) -> dict[str, bytes]:
        """Every fact of ``kind`` by its key."""
        return await self._reader.do(lambda c: operations.recall(c, kind))

    async def forget(self, kind: str, key: str) -> None:
        """Drop a fact, if it is there."""
        await self._writer.do(lambda work: operations.forget(work, kind, key))

    # -- for the technician ---------------------------------------------------------------------------------------

    async def stats(self) -> Stats:
        """Counts and sizes; see :class:`Stats`."""
        commits, done = self._writer.commits, self._writer.operations
        return await self._reader.do(lambda c: operations.stats(c, self.path, commits, done))

    async def latest(self, count: int) -> list[Standing]:
        """The newest ``count`` transactions, newest first."""
        return await self._reader.do(lambda c: operations.latest(c, count))

    async def check(self) -> list[str]:
        """What a full check of the file finds wrong; empty: nothing."""
        return await self._reader.do(operations.check)
