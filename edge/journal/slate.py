"""The slate: a small file in front of SQLite where a commit is one write. What stands on it is taken into the tables later, many commits at a
time; then it is written over from its beginning. It is as long as it ever will be from the start, so that it meets no full disk.

::

    block 0   "PSKS" │ id │ CRC-32                          blocks of 4 KiB, numbers big-endian
    frames    "PSKF" │ id │ first │ count │ at │ key │ bytes of the body │ CRC-32 of the rest │ CRC-32 of what stands before
              nonce │ link │ body                           a row of ``segment``, sealed and chained as there

Rules
    1. A frame begins with a block of its own: no write ever touches a block that holds what was acknowledged.
    2. Each frame is on the disk before the next is written (``O_DSYNC``). So a power cut leaves one that is torn, the last; a whole frame
       behind one that does not hold says that what was synced has changed since.
    3. Frames that follow each other hold records that follow each other: whatever is left of older ones does not. What would not follow goes past it.
    4. What is on it and not in the tables is beyond ``folded``: the mark is in the transaction that took it.
    5. The tables name the slate by its id while it may hold something (format 3), and each start begins with a new one. A journal that was closed
       in good order is whole without it (format 2).
    6. A write that failed is wiped out; if that fails too, the next one goes over it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog
from msgspec import Struct

from edge import platform
from edge.errors import JournalDamaged, JournalError
from edge.journal import look, schema
from edge.journal.records import LINK_BYTES, NONCE_BYTES
from edge.limits import SLATE_BYTES

Connection = Any  # pysqlite3 has no types

BLOCK_BYTES = 4_096
_MODE = 0o600
_CHUNK_BYTES = 4_096  # of larger pieces the checksum gives the interpreter up, and waits to have it back
_HEAD = struct.Struct(">4sQI")
_FRAME = struct.Struct(">4sQQIQIIII")
_OURS, _FRAMES = b"PSKS", b"PSKF"
_SAFE = _FRAME.size + NONCE_BYTES + LINK_BYTES

_log = structlog.get_logger(__name__)


class Sealed(NamedTuple):
    """A row of ``segment``, sealed."""

    first: int
    records: int
    at: int
    key: int
    nonce: bytes
    link: bytes
    body: bytes


class Content(Struct, frozen=True):
    """What a slate says. ``end``: where its rows end, and ``following``: the record that what is written there has to begin with; 0: any.
    ``beyond``: the greatest ``first`` of frames behind that; 0: there are none.
    """

    id: int
    rows: list[Sealed]
    end: int
    beyond: int
    following: int = 0


class Slate:
    """A journal's slate, open for writing; of the journal's thread alone. ``rows``: what it holds that the tables do not; ``id``: its name there."""

    def __init__(self, path: Path, descriptor: int, content: Content) -> None:
        self._path_text = str(path)
        self._descriptor = descriptor
        self._inode = os.fstat(descriptor).st_ino
        self.id = content.id
        self._at = content.end
        self._following = content.following
        self._soiled = False
        self.rows = content.rows

    def fits(self, row: Sealed) -> bool:
        """Whether there is room for it, and it follows what stands before: else it would not be read again."""
        return self._following in (0, row.first) and self._at + _SAFE + len(row.body) <= SLATE_BYTES

    def write(self, row: Sealed) -> None:
        """Bring ``row`` to the disk; it is there when this returns.

        Raises:
            OSError: it is not, and will not be found there.
        """
        frame = _frame(self.id, row)
        try:
            if platform.write_synced(self._descriptor, frame, self._at) != len(frame):
                raise OSError(errno.EIO, "the slate was written in part")
        except OSError:
            self._wipe()
            raise
        self._at += len(frame)
        self._following = row.first + row.records
        self._soiled = False
        self.rows.append(row)

    def clear(self) -> None:
        """The tables have all of it: begin from the beginning; not while a refused frame stands there: the next must go over it."""
        self.rows = []
        if self.clean():
            self._at, self._following = BLOCK_BYTES, 0

    def ours(self) -> bool:
        """Whether the file at the path is still this one."""
        try:
            return os.stat(self._path_text).st_ino == self._inode  # noqa: PTH116 -- at every commit, as for the journal's file
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def clean(self) -> bool:
        """Whether no refused frame stands where the next one will; if one does, it is wiped off now, if the disk lets it."""
        if self._soiled:
            self._wipe()
        return not self._soiled

    def _wipe(self) -> None:
        self._soiled = True
        try:
            self._soiled = platform.write_synced(self._descriptor, bytes(BLOCK_BYTES), self._at) != BLOCK_BYTES
        except OSError as failure:
            _log.error("the refused commit could not be wiped off the slate", fault=type(failure).__name__)


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
    size = os.fstat(descriptor).st_size
    try:
        platform.owner_only(descriptor)
        if size < SLATE_BYTES:  # written, not only allotted: to write over a block costs half of what a new one does
            _whole(descriptor, bytes(SLATE_BYTES - size), size)
        head = _HEAD.pack(_OURS, id_, 0)[:-4]
        _whole(descriptor, (head + zlib.crc32(head).to_bytes(4, "big")).ljust(BLOCK_BYTES, b"\0"), 0)
        os.fsync(descriptor)
        platform.sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):  # what it could not have whole, it leaves to others
            os.ftruncate(descriptor, size)
        os.close(descriptor)
        raise
    return Slate(place, descriptor, Content(id_, [], BLOCK_BYTES, 0))


def resumed(path: Path, content: Content) -> Slate:
    """The slate that ``content`` was read from, to go on behind its rows. All of it is written over itself first, for after a sync that failed
    the kernel may show what the disk does not have; and what is left of a torn frame is wiped off.

    Raises:
        JournalError: the disk does not take it.
    """
    place = path_of(path)
    try:
        descriptor = os.open(place, os.O_RDWR | platform.FRESH)
        try:
            _whole(descriptor, platform.read_at(descriptor, content.end, 0), 0)
            if content.end < SLATE_BYTES:
                _whole(descriptor, bytes(BLOCK_BYTES), content.end)
        except OSError:
            os.close(descriptor)
            raise
    except OSError as error:
        raise JournalError(f"the journal's slate cannot be written: {error.strerror}") from error
    return Slate(place, descriptor, content)


def content(path: Path) -> Content | None:
    """What the slate of the journal at ``path`` says; ``None``: there is none, or it is no slate.

    Raises:
        JournalError: it cannot be read.
    """
    try:
        data = path_of(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JournalError(f"the journal's slate cannot be read: {error.strerror}") from error
    id_ = _id(data)
    if id_ is None:
        return None
    rows: list[Sealed] = []
    at = BLOCK_BYTES
    for row, end in _rows(data, id_, at):
        rows.append(row)
        at = end
    beyond = [head[2] for place in range(at + BLOCK_BYTES, len(data), BLOCK_BYTES) if (head := _head(data, id_, place))]
    beyond += [row.first for row, _ in itertools.islice(_rows(data, id_, at), 1)]  # whole, and not what follows
    following = rows[-1].first + rows[-1].records if rows else 0
    return Content(id_, rows, at, max(beyond, default=0), following)


def beside(c: Connection, path: Path) -> list[Sealed]:
    """What the slate of the journal at ``path`` holds beyond the tables, for one who only reads them through ``c``. The slate is read before they
    are: what is taken off it meanwhile is there. So ``c`` must not have read anything yet in the transaction under way.

    Raises:
        JournalError: the slate is not the one that the tables name.
    """
    found = content(path)
    id_ = name(c)
    if not id_:
        return []
    if found is None or found.id != id_:
        raise JournalError(
            "the journal and its slate are not of one start of the edge: try again; if it stays so, keep all files, and restore a backup"
        )
    return _beyond_tables(c, found)


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
    return msgspec.structs.replace(found, rows=_beyond_tables(c, found))


def _beyond_tables(c: Connection, found: Content) -> list[Sealed]:
    """What was folded long ago may still stand on it; it may even be pruned by now."""
    folded = look.state(c)["folded"]
    return [row for row in found.rows if row.first > folded]


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


def _frame(id_: int, row: Sealed) -> bytes:
    content_ = row.nonce + row.link + row.body
    head = _FRAME.pack(_FRAMES, id_, row.first, row.records, row.at, row.key, len(row.body), _crc(content_), 0)[:-4]
    frame = head + zlib.crc32(head).to_bytes(4, "big") + content_
    return frame.ljust(_blocks(len(frame)), b"\0")


def _rows(data: bytes, id_: int, at: int) -> Iterator[tuple[Sealed, int]]:
    """Each whole frame from ``at`` on that holds what follows the one before, and where it ends."""
    following = 0
    while head := _head(data, id_, at):
        _, _, first, count, instant, key, size, crc, _ = head
        begin, end = at + _FRAME.size, at + _SAFE + size
        content_ = data[begin:end]
        if end > len(data) or _crc(content_) != crc or (following and first != following):
            return
        nonce, link, body = (
            content_[:NONCE_BYTES],
            content_[NONCE_BYTES : _SAFE - _FRAME.size],
            content_[_SAFE - _FRAME.size :],
        )
        following, at = first + count, at + _blocks(_SAFE + size)
        yield Sealed(first, count, instant, key, nonce, link, body), at


def _head(data: bytes, id_: int, at: int) -> Sequence[Any] | None:
    """The head of a frame of this slate, if one stands there."""
    if at + _FRAME.size > len(data):
        return None
    found = _FRAME.unpack_from(data, at)
    if found[:2] != (_FRAMES, id_) or zlib.crc32(data[at : at + _FRAME.size - 4]) != found[-1]:
        return None
    return found


def _id(data: bytes) -> int | None:
    if len(data) < BLOCK_BYTES:
        return None
    ours, id_, crc = _HEAD.unpack_from(data)
    return int(id_) if ours == _OURS and zlib.crc32(data[: _HEAD.size - 4]) == crc else None


def _crc(data: bytes) -> int:
    crc, view = 0, memoryview(data)
    for at in range(0, len(view), _CHUNK_BYTES):
        crc = zlib.crc32(view[at : at + _CHUNK_BYTES], crc)
    return crc


def _blocks(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _whole(descriptor: int, data: bytes, at: int) -> None:
    """Write all of it, in as many steps as it takes."""
    while data:
        done = platform.write_synced(descriptor, data, at)
        data, at = data[done:], at + done
