"""Whether SQLite stopped reading its log (the ``-wal`` file) too early: what damage in it would otherwise lose without a word.

SQLite takes a log up to the first frame whose checksum does not hold, for that is what a power cut leaves. We sync each commit before the next one
begins, so a power cut leaves at most the end of one commit behind that place. Two ends of commits there mean that what
was synced has changed since. (Damage to the very last commits looks like a power cut: the hub tells, by the journal's head.)
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from edge import platform
from edge.limits import JOURNAL_PAGE_BYTES

HEADER = struct.Struct(">8I")
FRAME = struct.Struct(">6I")
MAGIC = (0x377F0682, 0x377F0683)
"""Checksums in little-endian words, and in big-endian ones."""
TORN_COMMITS_MAX = 1
STEP_BYTES = FRAME.size + JOURNAL_PAGE_BYTES


def too_early(path: Path, frames: int) -> bool:
    """Whether the log of the database at ``path`` says that SQLite, which took ``frames`` frames of it, should have taken more.

    Raises:
        OSError: the log cannot be read.
    """
    log = log_of(path)
    if not log.exists():
        return False
    with log.open("rb", buffering=0) as file:
        head, size = file.read(HEADER.size), os.fstat(file.fileno()).st_size
        if size <= HEADER.size:
            return False  # nothing was committed in it yet
        salts, commits = HEADER.unpack(head)[4:6], 0
        for begin in range(HEADER.size + frames * STEP_BYTES, size - FRAME.size, STEP_BYTES):
            _, commit, *of, _, _ = FRAME.unpack(platform.read_at(file.fileno(), FRAME.size, begin))
            commits += bool(commit) and tuple(of) == salts  # other salts: an older log's, folded in long ago
        return commits > TORN_COMMITS_MAX


def headless(path: Path) -> bool:
    """Whether the log's header does not hold and its frames are nowhere else: SQLite would take none of them.

    Only while this process has the database not open: closing a file here would undo SQLite's locks on it.

    Raises:
        OSError: a file cannot be read.
    """
    log = log_of(path)
    if not log.exists() or not path.exists():
        return False
    with log.open("rb", buffering=0) as file, path.open("rb", buffering=0) as database:
        head, size = file.read(HEADER.size), os.fstat(file.fileno()).st_size
        return size > HEADER.size and not _holds(head) and not _folded_in(file.fileno(), size, database.fileno())


def log_of(path: Path) -> Path:
    """The log's file."""
    return path.with_name(path.name + "-wal")


def _folded_in(log: int, size: int, database: int) -> bool:
    """Whether the database has what the log's frames have: then its header was being written anew, and nothing is lost with it."""
    newest: dict[int, int] = {}
    first: tuple[int, int] | None = None
    for begin in range(HEADER.size, size - STEP_BYTES + 1, STEP_BYTES):
        page, _, one, two, _, _ = FRAME.unpack(platform.read_at(log, FRAME.size, begin))
        first = first or (one, two)
        if (one, two) != first:
            break
        newest[page] = begin + FRAME.size
    return all(
        page > 0
        and platform.read_at(log, JOURNAL_PAGE_BYTES, begin)
        == platform.read_at(database, JOURNAL_PAGE_BYTES, (page - 1) * JOURNAL_PAGE_BYTES)
        for page, begin in newest.items()
    )


def _holds(head: bytes) -> bool:
    """SQLite's checksum of the header."""
    magic, *_, first, second = HEADER.unpack(head)
    if magic not in MAGIC:
        return False
    words = struct.unpack(f"{'>' if magic & 1 else '<'}6I", head[:24])
    one = two = 0
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return (one, two) == (first, second)
