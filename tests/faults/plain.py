"""A program that writes rows into plain SQLite and tells each after its commit: ``python -m tests.faults.plain FILE SYNCHRONOUS ROWS``.

The model of the disk is tried on it first: with ``full`` no state loses a row that was told, with ``normal`` and ``off`` some do.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite

PAGE_BYTES = 4096
TABLE = "create table if not exists entry (row integer primary key, body blob not null)"
FOLD_EVERY_ROWS = 25


def body(row: int) -> bytes:
    """The content that row ``row`` must have."""
    chance = random.Random(row)
    return chance.randbytes(chance.randint(100, 6000))


def opened(path: Path, synchronous: str = "full") -> Any:
    """A connection that folds the log only when told to."""
    connection = sqlite.connect(path, isolation_level=None)
    for pragma in (f"page_size={PAGE_BYTES}", "journal_mode=wal", f"synchronous={synchronous}", "wal_autocheckpoint=0"):
        connection.execute(f"pragma {pragma}").fetchone()
    return connection


def write(path: Path, synchronous: str, rows: int) -> None:
    connection = opened(path, synchronous)
    connection.execute(TABLE)
    say("begin\n")
    for row in range(1, rows + 1):
        connection.execute("insert into entry values (?, ?)", (row, body(row)))
        say(f"{row}\n")
        if row % FOLD_EVERY_ROWS == 0:
            connection.execute("pragma wal_checkpoint(restart)").fetchone()


def say(text: str) -> None:
    os.write(1, text.encode())


def wrong(folder: Path, told: bytes) -> list[str]:
    """What is wrong with the database in ``folder``: rows that were told and are gone, and rows that are not whole."""
    rows = [int(line) for line in told.split(b"\n")[:-1] if line.isdigit()]
    try:
        connection = opened(folder / "plain.db")
    except sqlite.DatabaseError as error:
        return [f"it does not open: {error}"]
    try:
        connection.execute(TABLE)  # it may be lost with all its rows
        [(verdict,)] = connection.execute("pragma integrity_check(1)").fetchall()
        found = dict(connection.execute("select row, body from entry").fetchall())
    except sqlite.DatabaseError as error:
        return [f"it cannot be read: {error}"]
    finally:
        connection.close()
    bad = [] if verdict == "ok" else [verdict]
    bad += [f"row {row} is lost" for row in rows if row not in found]
    return bad + [f"row {row} is half" for row, content in found.items() if content != body(row)]


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
