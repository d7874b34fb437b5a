"""The journal: what the edge has taken on, made durable before anyone is told.

On disk
    One SQLite file (``journal.db`` with its ``-wal`` and ``-shm``), mode 0600, pages of 16 KiB, WAL, ``synchronous=FULL``; in front of it a slate
    (``journal.db-slate``, ``slate.py``) that has the last commits until the tables take them; beside it the keys (``sealing.py``).
    SQLite is that of pysqlite3 and at least 3.51.3: older ones can lose committed pages when a WAL is reset.

    ``segment``    the log, and all that counts. One row is one commit: its records sealed with AES-256-GCM, ``first`` the number (seq) of the
                   first of them, ``link`` the chain's value after it. Rows are only ever added (and pruned from the front).
    ``entry``      folded from the log, as are the rest: how each transaction stands. ``outcome`` 0 is open; indexes hold what is open alone.
    ``reference``  64-bit keys of settlements' ids → seq, as ``entry`` has of msgids; what is found is held against the record itself.
    ``fact``       small things that must survive, under seal: tokens, the feed's cursor, leases of HIDs, notices, tombstones, the life.
    ``state``      ``folded``: the last record that is in the tables; ``cut``: the last one pruned; counts by outcome; the slate's id.

    The records (entries, answers, what the feed brought, and so on) are in ``records.py``.

Invariants
    1. Nobody is answered before the commit that holds the record. If it fails, nobody is told that anything was accepted.
    2. What stands is a function of the log: the tables can be made anew from it, and no record is ever rewritten.
    3. While a transaction is open nothing of its outcome is stored: an open replay is provisional, an open fence in doubt.
    4. An entry, its HID and its place in its lane are one record; a serial is given once. All answers of a batch are one record.
    5. An outcome changes by the tables in ``edge/outcome.py`` and by nothing else; the first answer stays.
    6. The chain holds every record, its place and everything before it; salts keep a leaf from telling what it hides.

Writing
    Everything that waits becomes one segment: one write of one frame on the slate, by the event loop itself (``swift.py``, framed by ``press.py``) or, where the tables or a
    slow disk have to be waited for, by a thread. What it says is kept in memory (the tail) until both are folded into the tables by the one connection
    that writes (nobody comes, the tail has grown, or the slate's side is full), beside the commits, which go on on the other side. So an append costs one
    block and one sync, however old the journal is. Who reads takes the tail (or the slate) first and the tables then, in threads of their own.

Recovery
    SQLite brings the file to its last commit; the tail is read again from the slate, its chain checked, and folded. Whatever is open had a
    caller that is gone: fences may have left and are asked about, everything else is sent.

Growing old
    Commits go from the front, whole, once both sides have signed their days (``retention.py``); the chain is checked from the cut on. New work
    is refused before the disk is full (``capacity.py``), so that what is open can end.

When the disk fails
    Full, read-only, or failing: the operations of that commit get ``JournalUnavailable`` and nothing of them is kept; memory is read anew. After a failed sync the slate still holds the refused commit: it is wiped off, and SQLite's log is cut behind its
    last good frame, so that a start does not find it. A start writes the bytes of both over themselves before they count, so that no commit can
    follow one that never reached the disk (``files.heal``). A file that vanished or was replaced under us counts as unavailable. A damaged file
    is refused at the start, and so is a slate that is gone, another journal's, or whole behind a broken frame, and a log that SQLite stops
    reading before its end (``holes.py``). If the disk refuses to wipe too, and the process dies before the next commit, a refused entry can come back.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from central_sync.wire.messages import FeedBody
from edge.errors import JournalError, JournalUnavailable
from edge.journal import look, slate, survey, window
from edge.journal import records as r
from edge.journal.browsing import Browsing
from edge.journal.cases import Cases
from edge.journal.decisions import decided_of
from edge.journal.fold import born_row, row_in
from edge.journal.keeping import Keeping
from edge.journal.operation import Operation, append
from edge.journal.reader import Reader
from edge.journal.records import Receipt, lane_key
from edge.journal.scribe import CURSOR
from edge.journal.sealing import Vault
from edge.journal.shapes import (
    Appended,
    Block,
    Draft,
    Marking,
    Pending,
    Received,
    Seen,
    Sendable,
    Standing,
    Stats,
)  # fmt: skip
from edge.journal.standing import standing_of
from edge.journal.state import State
from edge.journal.tail import Tail, sendable_of
from edge.journal.writer import LIFE_BYTES, Writer
from edge.limits import KEYS_PAGE_ROWS, LANE_ENTRIES_MAX, OPEN_LIST_ROWS_MAX

__all__ = [
    "Appended", "Appending", "Block", "Draft", "Journal", "Marking", "Pending", "Receipt", "Received", "Seen", "Sendable", "Standing",
    "Stats", "Told", "lane_key",
]  # fmt: skip

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")
Appending = Operation[Appended]
Told = Callable[[Appended | Exception], None]


class Journal:
    """The journal at ``path``. Every method but ``open`` and ``close`` is for the event loop that called ``open``.

    All raise :class:`edge.errors.JournalUnavailable` when the disk does not do its part.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = State()
        self._writer = Writer(path, self._state)
        self._reader = Reader(path)
        self._vault: Vault | None = None
        self._read_only = False
        self.opened = 0
        """The head with which it was opened."""
        self.keeping = Keeping(self._writer, self._read)
        """Signed days, pruning, keys, sizes."""
        self.cases, self.browsing = Cases(self._read, self._tail), Browsing(self._read, self._tail)
        """What belongs to one case, for a desk that forgets nothing."""
        self.on_fresh: Callable[[Appended], None] = _ignore
        """Called in the loop for each append that was new, after its commit and before its caller is told, and also if nobody waits."""

    async def open(self, *, read_only: bool = False) -> None:
        """Open, or make, the file. ``read_only``: look beside an edge that runs; nothing can be written, and the file must be there.

        Raises:
            JournalError: the folder is missing, the file or its keys cannot be used, or SQLite is too old.
            JournalDamaged: the file is damaged or is no journal.
        """
        self._read_only = read_only
        if not read_only:
            await self._writer.start()
            self._vault = self._writer.vault
        try:
            if read_only:
                self._vault = Vault.open(self.path.parent, create=False)
            await self._reader.start()
            self.opened = self._state.head
            if read_only:
                await self._tail()
            else:
                self._writer.learn(lambda after: self._reader.do(lambda c: look.keys_after(c, after, KEYS_PAGE_ROWS)))
        except JournalError:
            await self.close()
            raise

    def refuse_new(self, why: Callable[[], str]) -> None:
        """Ask ``why`` (in the loop or the journal's thread, quickly) before new work is taken on: a refusal code, or nothing."""
        self._writer.refuse_new(why)

    async def close(self) -> None:
        """Finish what waits, fold, close. Safe to call twice. It is done to the end, also if the caller is cancelled meanwhile."""
        try:
            await self._reader.stop()
        finally:
            await self._writer.stop()

    # -- transactions ---------------------------------------------------------------------------------------------

    async def append(self, draft: Draft) -> Appended:
        """Keep ``draft``, durably; if its msgid is known with the same digest, tell how that one stands.

        Raises:
            Refused: ``msgid_reused`` or ``hids_exhausted``.
        """
        return await self.appending(draft).future

    def appending(self, draft: Draft, told: Told | None = None) -> Appending:
        """``append`` under way: its ``future``, or none if ``told`` is called; ``cancel()`` tells truly whether it was stopped before it began."""
        keys = [r.msgid_key(draft.msgid)]
        if draft.follows:
            keys.append(r.msgid_key(draft.follows))
        return self._writer.submit(append(draft, keys, self._told, told, self._writer.loop))

    def _told(self, appended: Appended) -> None:
        if appended.fresh:
            self.on_fresh(appended)

    def settling(self) -> asyncio.Future[None]:
        """Done when everything handed over before is kept or refused."""
        return self._writer.submit(Operation[None](lambda _: None)).future

    async def receive(self, received: Received, receipt: Receipt | None, now: datetime) -> list[Standing | None]:
        """Keep the hub's answers of a batch in one commit. How each stands then; ``None`` for those that are not in memory (ask
        :meth:`standing` if somebody waits).
        """
        decided = decided_of(received.numbers, received.answers, received.texts)
        return await self._writer.do(
            lambda scribe: scribe.receive(received, decided, receipt, now), weight=decided.weight
        )

    async def withdraw(self, seq: int, code: str, now: datetime) -> Standing | None:
        """Refuse an open fence for good; how it stands then. ``None``: there is no such entry."""
        return await self._writer.do(lambda scribe: scribe.withdraw(seq, code, now))

    async def mark(self, marking: Marking, now: datetime) -> Standing | None:
        """Move a settlement's confirmation; ``None`` if there is no such settlement or the table forbids it."""
        return await self._writer.do(lambda scribe: scribe.mark(marking, now))

    async def park(self, seq: int, code: str, now: datetime) -> Standing | None:
        """Let an open entry wait for a person; ``code`` says why."""
        return await self._writer.do(lambda scribe: scribe.park(seq, code, now))

    async def release(self, seq: int, now: datetime) -> Standing | None:
        """Let a parked entry go again."""
        return await self._writer.do(lambda scribe: scribe.park(seq, "", now))

    async def find(self, institution: str, msgid: str) -> Standing | None:
        """How a transaction stands, or ``None`` if the journal does not know it."""
        tail, key = await self._tail(), r.msgid_key(msgid)
        for seq in tail.msgids.get(key, ()):
            entry = tail.entries.get(seq)
            if entry is not None and (entry.msgid, entry.institution) == (msgid, institution):
                return self._in_memory(tail, seq, entry)

        def look_up(c: Connection, vault: Vault) -> Standing | None:
            for seq in look.with_msgids(c, [key]).get(key, []):
                entry = look.records_of(c, vault, [seq]).get(seq)
                if isinstance(entry, r.Entry) and (entry.msgid, entry.institution) == (msgid, institution):
                    return _standing(c, vault, tail, seq, entry)
            return None

        return await self._read(look_up)

    async def standing(self, seq: int) -> Standing | None:
        """How the entry ``seq`` stands."""
        return (await self.standings([seq])).get(seq)

    async def standings(self, seqs: Sequence[int]) -> dict[int, Standing]:
        """How those entries stand, in order."""
        tail, ordered = await self._tail(), sorted(seqs)

        def look_up(c: Connection, vault: Vault) -> dict[int, Standing]:
            kept = look.records_of(c, vault, ordered)
            entries = {seq: tail.entries.get(seq) or kept.get(seq) for seq in ordered}
            return {
                seq: _standing(c, vault, tail, seq, entry)
                for seq, entry in entries.items()
                if isinstance(entry, r.Entry)
            }

        return await self._read(look_up)

    # -- what is open ---------------------------------------------------------------------------------------------

    @property
    def writable(self) -> bool:
        """Whether it takes work, as far as the last try told."""
        return self._writer.usable

    @property
    def open_count(self) -> int:
        """How many entries have no receipt."""
        return self._state.open_count

    @property
    def head(self) -> int:
        """The seq of the last record."""
        return self._state.head

    @property
    def life(self) -> bytes:
        """16 bytes that name this journal's present life; a restored one begins a new life."""
        return self._state.life

    async def waiting(self, after: int, limit: int) -> list[Pending]:
        """Open entries with a seq beyond ``after``, in order; fewer than ``limit`` only if there are no more."""
        tail = await self._tail()

        def look_up(c: Connection, _: Vault) -> list[Pending]:
            return survey.waiting(tail, lambda at: look.open_rows(c, at, limit), after, lambda _, __: True, limit)

        return await self._read(look_up)

    async def waiting_in_lane(self, lane: int, before: int) -> list[Pending]:
        """Open entries of one lane (see :func:`lane_key`) with a seq below ``before``, in order; at most ``LANE_ENTRIES_MAX``, and fewer
        only if there are no more.
        """
        tail, limit = await self._tail(), LANE_ENTRIES_MAX

        def look_up(c: Connection, _: Vault) -> list[Pending]:
            def page(at: int) -> list[look.Row]:
                return look.open_rows_in_lane(c, lane, at, before, limit)

            return survey.waiting(tail, page, 0, lambda seq, of: seq < before and of == lane, limit)

        return await self._read(look_up)

    async def sendables(self, seqs: Sequence[int]) -> dict[int, Sendable]:
        """What goes on the line of these entries."""
        tail = await self._tail()
        kept = {seq: entry for seq in seqs if (entry := tail.entries.get(seq)) is not None}
        missing = sorted(set(seqs) - kept.keys())
        if missing:
            found = await self._read(lambda c, vault: look.records_of(c, vault, missing))
            kept |= {seq: entry for seq, entry in found.items() if isinstance(entry, r.Entry)}
        return {seq: sendable_of(seq, entry) for seq, entry in kept.items()}

    async def open_list(self, institution: str) -> list[Standing]:
        """What is provisional, in doubt, or awaits its confirmation; oldest first, at most ``OPEN_LIST_ROWS_MAX``."""
        tail = await self._tail()

        def look_up(c: Connection, vault: Vault) -> list[Standing]:
            seqs = sorted({*survey.open_or_awaited(c, OPEN_LIST_ROWS_MAX), *tail.touched()})
            found = survey.standings(c, vault, tail, seqs)
            return [s for s in found if s.institution == institution and survey.is_open(s)][:OPEN_LIST_ROWS_MAX]

        return await self._read(look_up)

    # -- leases, feed, facts, lives -------------------------------------------------------------------------------

    async def add_block(self, block: Block) -> None:
        """Keep a lease that did not come by the feed (at enrolment, or in a test)."""
        await self._writer.do(lambda scribe: scribe.add_block(block))

    async def hids_left(self) -> int:
        """How many leased HIDs are left."""
        return self._state.hids_left

    async def begin_life(self, why: str, now: datetime) -> bytes:
        """Begin a new life: leases of the old one are void. ``why`` is for the technician."""
        return await self._writer.do(lambda scribe: scribe.begin_life(os.urandom(LIFE_BYTES), why, now))

    async def take_feed(self, cursor: int, bodies: Sequence[tuple[int, FeedBody]], now: datetime) -> list[Standing]:
        """Store what the feed brought and its new cursor in one commit; tells which transactions changed by it."""
        keys = [r.msgid_key(msgid) for _, body in bodies if (msgid := getattr(body, "msgid", ""))]
        return await self._writer.do(lambda scribe: scribe.take_feed(cursor, bodies, now), keys)

    async def feed_cursor(self) -> int:
        """The cursor after the last feed item stored; 0 at first."""
        kind, name = CURSOR
        return int(self._state.facts.get(kind, {}).get(name, b"0"))

    async def remember(self, kind: str, key: str, value: bytes) -> None:
        """Keep a small fact, in place of what (kind, key) had."""
        await self._writer.do(lambda scribe: _ignore(scribe.add(r.Fact(kind=kind, key=key, value=value))))

    async def recall(self, kind: str) -> dict[str, bytes]:
        """Every fact of ``kind`` by its key."""
        return dict(sorted(self._state.facts.get(kind, {}).items()))

    async def forget(self, kind: str, key: str) -> None:
        """Drop a fact, if it is there."""
        await self._writer.do(lambda scribe: _ignore(scribe.add(r.Fact(kind=kind, key=key, value=None))))

    # -- for the technician ---------------------------------------------------------------------------------------

    async def stats(self) -> Stats:
        """Counts and sizes; see :class:`Stats`."""
        tail, state = await self._tail(), self._state
        commits, done = self._writer.commits, self._writer.operations
        return await self._read(lambda c, _: survey.stats(c, self.path, tail, state.hids_left, commits, done))

    async def latest(self, count: int) -> list[Standing]:
        """The newest ``count`` transactions, newest first."""
        tail = await self._tail()

        def look_up(c: Connection, vault: Vault) -> list[Standing]:
            seqs = sorted({*survey.latest(c, count), *tail.entries})[-count:]
            return survey.standings(c, vault, tail, seqs)[::-1]

        return await self._read(look_up)

    async def window(self, begin: datetime, end: datetime) -> tuple[list[Seen], datetime | None]:
        """How every entry that is not refused stands, of those recorded from ``begin`` on and before ``end``; and when the oldest was that is still kept."""
        tail, first, last = await self._tail(), r.micros(begin), r.micros(end)
        found, oldest = await self._read(lambda c, _: (window.seen(c, tail, first, last), window.oldest(c, tail)))
        return found, None if oldest is None else r.instant(oldest)

    async def check(self) -> list[str]:
        """What a full check of the file finds wrong; empty: nothing."""
        # what is beyond the tables is checked when it is read
        await (self._tail() if self._read_only else self.keeping.fold())
        return await self._read(survey.check)

    # -- how --------------------------------------------------------------------------------------------------------

    async def _tail(self) -> Tail:
        """What the tables do not have yet; beside an edge that runs, read from its log."""
        if self._read_only:
            await self._read(lambda c, vault: self._state.load(c, vault, lambda: slate.beside(c, self.path)))
        return self._state.tail

    def _in_memory(self, tail: Tail, seq: int, entry: r.Entry) -> Standing:
        assert self._vault is not None
        return standing_of(None, self._vault, [tail], seq, entry, row_in(tail, born_row(seq, entry)))

    async def _read(self, work: Callable[[Connection, Vault], T]) -> T:
        vault = self._vault
        if vault is None:
            raise JournalUnavailable("the journal is closed")
        return await self._reader.do(lambda c: work(c, vault))


def _standing(c: Connection, vault: Vault, tail: Tail, seq: int, entry: r.Entry) -> Standing:
    row = look.rows(c, [seq]).get(seq) or born_row(seq, entry)
    return standing_of(c, vault, [tail], seq, entry, row_in(tail, row))


def _ignore(_: object) -> None:
    return None
