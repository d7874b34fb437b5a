"""The slate: a small file in front of SQLite where a commit is one write. It has two sides: while what stands on one is taken into the tables, many
commits at a time, commits go on on the other; then the first is written over from its beginning. The file is from each start on as long as it
will be, so that it meets no full disk. Its bytes are in ``frames.py``.

Rules
    1. A frame begins with a block of its own: no write ever touches a block that holds what was acknowledged.
    2. Each frame is on the disk before the next is written (``O_DSYNC``). So a power cut leaves one that is torn, the last; a whole frame
       behind one that does not hold says that what was synced has changed since.
    3. What would not follow the frame before it on its side goes past the slate: it would not be read again. The rows of both sides, by their
       records' numbers, follow each other.
    4. What is on it and not in the tables is beyond ``folded``: the mark is in the transaction that brings a fold to its end. What a fold has brought into the log before
       that stands there too.
    5. The tables name the slate by its id while it may hold something (format 3), and each start begins with a new one. A journal that was closed
       in good order is whole without it (format 2).
    6. A write that failed is wiped out; if that fails too, the next one goes over it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from msgspec import Struct
from pysqlite3 import dbapi2 as sqlite

from edge import platform
from edge.errors import JournalDamaged, JournalError
from edge.journal import frames, look, room, schema
from edge.journal.frames import BLOCK_BYTES, Sealed, Side

Connection = Any  # pysqlite3 has no types

_MODE = 0o600
_TRIES = 8
"""So often a slate is read again that somebody may be writing."""

_log = structlog.get_logger(__name__)


class Content(Struct, frozen=True):
    """What a slate of so many bytes says; of a side, the rows that count."""

    id: int
    size: int
    sides: list[Side]

    @property
    def rows(self) -> list[Sealed]:
        """In order."""
        return sorted([row for side in self.sides for row in side.rows])

    @property
    def beyond(self) -> int:
        """The greatest ``first`` of frames that stand whole behind a place where a side cannot be read further; 0: there are none."""
        return max(side.beyond for side in self.sides)


class Slate:
    """A journal's slate, open for writing; of whoever has the pen alone. ``id``: its name in the tables."""

    def __init__(self, path: Path, descriptor: int, content: Content) -> None:
        self._path_text = str(path)
        self.direct = platform.direct(self._path_text)
        self._descriptor = descriptor
        self._inode = os.fstat(descriptor).st_ino
        self._sides = frames.sides(content.size)
        self.id = content.id
        self._rows = [side.rows for side in content.sides]
        self._now = _latest(content)
        self.at = content.sides[self._now].end
        self._following = content.sides[self._now].following
        self.soiled = False

    @property
    def rows(self) -> list[Sealed]:
        """What it holds that the tables do not, in order."""
        return self._rows[1 - self._now] + self._rows[self._now]

    def fits(self, row: Sealed) -> bool:
        """Whether there is room for it on this side, and it follows what stands before: else it would not be read again."""
        return self._following in (0, row.first) and self.at + frames.size_of(row) <= self._sides[self._now][1]

    def write(self, row: Sealed) -> int:
        """Bring ``row`` to the disk; it is there when this returns, and counts after :meth:`wrote`. How many bytes its frame has.

        Raises:
            OSError: it is not, and will not be found there.
        """
        frame = frames.frame(self.id, row)
        try:
            if platform.write_synced(self._descriptor, frame, self.at) != len(frame):
                raise OSError(errno.EIO, "the slate was written in part")
        except OSError:
            self.wipe()
            raise
        return len(frame)

    def wrote(self, row: Sealed, frame_bytes: int) -> None:
        """``row`` is on the disk, where it had to go, and counts."""
        self._rows[self._now].append(row)
        self.at += frame_bytes
        self._following = row.first + row.records
        self.soiled = False

    def turn(self) -> bool:
        """Write on the other side from now on, if the tables have all of it; not while a refused frame stands on this one: the next must go over it."""
        if not self._rows[self._now] or self._rows[1 - self._now] or not self.clean():
            return False
        self._now = 1 - self._now
        self._begin_side()
        return True

    def taken(self, last: int) -> None:
        """The tables have what it holds up to the record ``last``. What is free of rows begins from its beginning; this side not while a refused
        frame stands there.
        """
        self._rows = [[row for row in rows if row.first > last] for rows in self._rows]
        if not self._rows[self._now] and self.clean():
            self._begin_side()

    def _begin_side(self) -> None:
        self.at, self._following = self._sides[self._now][0], 0

    def ours(self) -> bool:
        """Whether the file at the path is still this one."""
        return is_still(self._path_text, self._inode)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
        self.close_direct()

    def close_direct(self) -> None:
        """From now on nobody writes past the page cache."""
        if self.direct >= 0:
            os.close(self.direct)
            self.direct = -1

    def clean(self) -> bool:
        """Whether no refused frame stands where the next one will; if one does, it is wiped off now, if the disk lets it."""
        if self.soiled:
            self.wipe()
        return not self.soiled

    def wipe(self) -> None:
        """A write behind the last row failed: nothing of it may be found there."""
        self.soiled = True
        try:
            self.soiled = platform.write_synced(self._descriptor, bytes(BLOCK_BYTES), self.at) != BLOCK_BYTES
        except OSError as failure:
            _log.error("the refused commit could not be wiped off the slate", fault=type(failure).__name__)


def _latest(content: Content) -> int:
    """The side that holds the last row."""
    last = [side.rows[-1].first if side.rows else 0 for side in content.sides]
    return last.index(max(last))


def is_still(path: str, inode: int) -> bool:
    """Whether the file at the path is that one."""
    try:
        return os.stat(path).st_ino == inode  # noqa: PTH116 -- at every commit: half of what Path.stat costs
    except FileNotFoundError:
        return False


def path_of(path: Path) -> Path:
    """The slate of the journal at ``path``."""
    return path.with_name(path.name + "-slate")


def begun(path: Path, id_: int) -> Slate:
    """An empty slate for the journal at ``path``, on the disk under that id; what was on it is gone.

    Raises:
        OSError: there is no room, or the disk does not take it.
    """
    place = path_of(path)
    descriptor = os.open(place, os.O_CREAT | os.O_RDWR | platform.FRESH, _MODE)
    before = os.fstat(descriptor).st_size
    try:
        platform.owner_only(descriptor)
        size = room.had(descriptor, path, before)
        room.write(descriptor, frames.head(id_, size), 0)
        os.fsync(descriptor)
        platform.sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):  # what it could not have whole, it leaves to others
            os.ftruncate(descriptor, before)
        os.close(descriptor)
        raise
    return Slate(place, descriptor, Content(id_, size, [Side([], begin, 0) for begin, _ in frames.sides(size)]))


def named_anew(c: Connection, path: Path) -> Slate | None:
    """A new one, that the tables name; ``None``: there is no room for one.

    Raises:
        sqlite.Error: the tables cannot name it.
    """
    made, fresh = None, fresh_id()
    try:
        made = begun(path, fresh)
        give_name(c, fresh)
    except (sqlite.Error, OSError) as error:
        if made is not None:
            made.close()
        if isinstance(error, sqlite.Error):
            raise
        _log.warning("no slate could be begun, commits go into SQLite itself", fault=type(error).__name__)
        return None
    return made


def ended(c: Connection, old: Slate | None) -> None:
    """From now on the tables name none: they have all of it."""
    if name(c):
        give_name(c, 0)
    if old is not None:
        old.close()


def resumed(path: Path, content: Content) -> Slate:
    """The slate that ``content`` was read from, to go on behind its rows. They are written over themselves first, for after a sync that failed
    the kernel may show what the disk does not have; and what is left of a torn frame is wiped off.

    Raises:
        JournalError: the disk does not take it.
    """
    place = path_of(path)
    try:
        descriptor = os.open(place, os.O_RDWR | platform.FRESH)
        try:
            room.write(descriptor, platform.read_at(descriptor, BLOCK_BYTES, 0), 0)
            for side, (begin, end) in zip(content.sides, frames.sides(content.size), strict=True):
                room.write(descriptor, platform.read_at(descriptor, side.end - begin, begin), begin)
                if side.end < end:
                    room.write(descriptor, bytes(BLOCK_BYTES), side.end)
        except OSError:
            os.close(descriptor)
            raise
    except OSError as error:
        raise JournalError(f"the journal's slate cannot be written: {error.strerror}") from error
    return Slate(place, descriptor, content)


def content(path: Path) -> Content | None:
    """What the slate of the journal at ``path`` says; ``None``: there is none, or it is no slate. Everything that was on the disk before is in it or taken into
    the tables by now, and nothing that came after something that is missing.

    Raises:
        JournalError: it cannot be read.
    """
    found = _content(path)
    for _ in range(_TRIES):
        if found is None or not _torn(found.rows):
            break
        found = _content(path)
    return found


def _torn(rows: Sequence[Sealed]) -> bool:
    """Whether something is missing between them: written, maybe, while the file was read, behind the place where the reading was, or lost, or folded long ago."""
    return any(before.first + before.records != row.first for before, row in itertools.pairwise(rows))


def _content(path: Path) -> Content | None:
    try:
        data = path_of(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"the journal's slate cannot be read: {error.strerror}") from error
    head = frames.head_of(data)
    if head is None:
        return None
    return Content(head.id, head.size, [frames.side(data, head.id, *ends) for ends in frames.sides(head.size)])


def beside(c: Connection, path: Path) -> list[Sealed]:
    """What the slate of the journal at ``path`` holds beyond the tables, for one who only reads them through ``c``. The slate is read before they
    are: what is taken off it meanwhile is there. So ``c`` must not have read anything yet in the transaction under way.

    Raises:
        JournalError: the slate is not the one that the tables name, or is whole behind a broken frame.
    """
    found = content(path)
    id_ = name(c)
    if not id_:
        return []
    if found is None or found.id != id_:
        raise JournalError(
            "the journal and its slate are not of one start of the edge: try again; if it stays so, keep all files, and restore a backup"
        )
    rows = _beyond_tables(c, found).rows
    (last,) = c.execute("select coalesce(max(first + count - 1), 0) from segment").fetchone()
    head = max([last, look.state(c)["folded"], *(row.first + row.records - 1 for row in rows)])
    if found.beyond > head:
        raise JournalError(
            "the journal's slate is damaged in its middle: try again; if it stays so, keep all its files, and restore a backup"
        )
    return rows


def named(c: Connection, path: Path) -> Content | None:
    """What the slate that the tables behind ``c`` name holds beyond them; ``None``: they name none. For a start of the edge.

    Raises:
        JournalDamaged: it is gone, damaged, or another journal's.
    """
    id_ = name(c)
    if not id_:
        return None
    found = content(path)
    if found is None:
        raise JournalDamaged("the journal's slate is gone or damaged: keep all its files, and restore a backup")
    if found.id != id_:
        raise JournalDamaged("the journal's slate is another journal's: keep all its files, and restore a backup")
    return _beyond_tables(c, found)


def _beyond_tables(c: Connection, found: Content) -> Content:
    """What was folded long ago may still stand on it; it may even be pruned by now; and of a fold that did not come to its end the log may have a part. A side
    that has nothing else begins from its beginning.
    """
    folded, sides = look.state(c)["folded"], []
    logged = {first for (first,) in c.execute("select first from segment where first > ?", (folded,))}
    for side, (begin, _) in zip(found.sides, frames.sides(found.size), strict=True):
        rows = [row for row in side.rows if row.first > folded and row.first not in logged]
        sides.append(Side(rows, side.end if rows else begin, side.beyond))
    return Content(found.id, found.size, sides)


def name(c: Connection) -> int:
    """The id of the slate that belongs to the tables; 0: none does.

    Raises:
        JournalDamaged: it is not there.
    """
    (version,) = c.execute("pragma user_version").fetchone()
    if version != schema.FORMAT:
        return 0
    row = c.execute("select value from state where name = 'slate'").fetchone()
    if row is None:
        raise JournalDamaged("the journal does not name its slate: keep all its files, and restore a backup")
    return int(row[0])


def give_name(c: Connection, id_: int) -> None:
    """Let the tables name it, durably; 0: none."""
    c.execute("begin immediate")
    c.execute("insert or replace into state (name, value) values ('slate', ?)", (id_,))
    c.execute(f"pragma user_version = {schema.FORMAT if id_ else schema.FORMAT_WHOLE}")
    c.execute("commit")


def carry_over(c: Connection, rows: Sequence[Sealed]) -> None:
    """Make a copy of the tables whole: with ``rows`` in its log, beyond what is folded, and no slate."""
    c.executemany(
        "insert or ignore into segment (first, count, at, key, nonce, link, body) values (?, ?, ?, ?, ?, ?, ?)", rows
    )
    c.commit()
    c.execute(f"pragma user_version = {schema.FORMAT_WHOLE}")
    c.commit()


def fresh_id() -> int:
    """A random one."""
    return int.from_bytes(os.urandom(8), "big") >> 1 | 1
