"""Whether SQLite stopped reading its log (the ``-wal`` file) too early: what damage in it would otherwise lose without a word.

SQLite takes a log up to the first frame whose checksum does not hold, for that is what a power cut leaves. We sync each commit before the next one
begins, so a power cut leaves at most the end of one commit behind that place. Two ends of commits there mean that what
was synced has changed since. (Damage to the very last commits looks like a power cut: the hub tells, by the journal's head.)
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

HEADER = struct.Struct(">8I")
FRAME = struct.Struct(">6I")
MAGIC = (0x377F0682, 0x377F0683)
"""Checksums in little-endian words, and in big-endian ones."""
TORN_COMMITS_MAX = 1


def too_early(log: Path, frames: int) -> bool:
    """Whether the log says that SQLite, which took ``frames`` frames of it, should have taken more.

    Raises:
        OSError: the log cannot be read.
    """
    if not log.exists():
        return False
    with log.open("rb", buffering=0) as file:
        head, size = file.read(HEADER.size), os.fstat(file.fileno()).st_size
        if size <= HEADER.size and not head.strip(b"\0"):
            return False  # it was made and nothing was written yet
        if len(head) < HEADER.size or not _holds(head):
            return True  # it is written and synced before any frame, and fits into one sector
        _, _, page_bytes, _, *salts, _, _ = HEADER.unpack(head)
        step, at, commits = FRAME.size + page_bytes, HEADER.size, 0
        for begin in range(at + frames * step, size - FRAME.size, step):
            _, commit, *of, _, _ = FRAME.unpack(os.pread(file.fileno(), FRAME.size, begin))
            commits += bool(commit) and of == salts  # other salts: an older log's, folded in long ago
        return commits > TORN_COMMITS_MAX


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
