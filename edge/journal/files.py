"""Opening the journal's file: which SQLite, whose file, in which condition; every failure in a technician's words."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from pysqlite3 import dbapi2 as sqlite

from edge import platform
from edge.errors import JournalDamaged, JournalError
from edge.journal import holes, schema, slate
from edge.journal.sealing import Vault
from edge.limits import JOURNAL_PAGE_BYTES, QUICK_CHECK_BYTES_MAX, WAL_BYTES_MAX

Connection = Any  # pysqlite3 has no types

_log = structlog.get_logger(__name__)
SQLITE_OLDEST = (3, 51, 3)
_MODE = 0o600
_CHUNK_BYTES = 1024 * 1024
LOG_PAGES_MAX = WAL_BYTES_MAX // JOURNAL_PAGE_BYTES
"""A commit that leaves so many in SQLite's log copies them into the file: then the log is written over from its beginning."""
_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24


def refuse_old_sqlite(version: tuple[int, ...] = sqlite.sqlite_version_info) -> None:
    """Raise :class:`JournalError` for a SQLite that may lose committed pages."""
    if version < SQLITE_OLDEST:
        found, wanted = (".".join(map(str, v)) for v in (version, SQLITE_OLDEST))
        raise JournalError(
            f"SQLite {found} may lose committed pages when its log is reset; install pysqlite3 with {wanted} or newer"
        )


def lock(path: Path) -> int:
    """Take the journal for this process; the descriptor is the lock.

    Raises:
        JournalError: the folder is missing or not writable, or another edge has the journal.
    """
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR | platform.OPENED, _MODE)
    except OSError as error:
        raise JournalError(f"the journal's folder cannot be used: {error.strerror}") from error
    try:
        platform.hold(descriptor, wait=False)
    except OSError as error:
        os.close(descriptor)
        raise JournalError("another edge is using this journal") from error
    return descriptor


def log_alone(path: Path) -> bool:
    """Whether the log file or the slate is there and the journal's file is not."""
    return (path.with_name(path.name + "-wal").exists() or slate.path_of(path).exists()) and not path.exists()


def heal(path: Path) -> None:
    """Write the log file's bytes over themselves and bring them to the disk; only while nobody has it open for writing.

    After a failed sync Linux takes pages for clean that never reached the disk. A start would read such a commit back out of memory,
    new commits would follow it, and a power cut would leave a hole before them, at which SQLite stops reading: what was
    acknowledged after the hole would be lost.

    Raises:
        JournalError: the disk does not take it.
    """
    log = path.with_name(path.name + "-wal")
    try:
        if holes.headless(path):
            raise JournalDamaged("the journal's log has lost its header: keep all its files, and restore a backup")
        with log.open("r+b", buffering=0) as file:
            at = 0
            while chunk := platform.read_at(file.fileno(), _CHUNK_BYTES, at):
                at += platform.write_synced(file.fileno(), chunk, at)
            os.fsync(file.fileno())
        platform.sync_folder(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise JournalError(f"the journal's log cannot be written: {error.strerror}") from error


def cut_log(path: Path, frames: int) -> None:
    """Cut the log file behind its last good frame, durably, so that a commit which was refused is not found there by the next start.

    SQLite writes a commit's frames, then syncs; if the sync fails, it forgets them, but the file still has them.

    Raises:
        OSError: the file cannot be cut.
    """
    log = path.with_name(path.name + "-wal")
    end = _WAL_HEADER_BYTES + frames * (_FRAME_HEADER_BYTES + JOURNAL_PAGE_BYTES)
    if frames >= 0 and log.exists() and log.stat().st_size > end:
        with log.open("r+b", buffering=0) as file:
            file.truncate(end)
            os.fsync(file.fileno())  # else a power cut now could bring the refused commit back


def take_back(connection: Connection, path: Path, ours: Callable[[], bool]) -> bool:
    """Undo what the connection has under way, and cut what was refused off the log if the file at ``path`` is still ours. False: the disk does not let
    it, and the connection is closed; it is only certain once the next commit has overwritten it, which the journal's own text tells.
    """
    try:
        if connection.in_transaction:
            connection.execute("rollback")
        _, frames, _ = connection.execute("pragma wal_checkpoint(noop)").fetchone()
        if ours():  # else the log file at the path is another journal's
            cut_log(path, frames)
    except (sqlite.Error, OSError) as failure:
        _log.error("the refused commit could not be taken out of the log", fault=type(failure).__name__)
        with contextlib.suppress(sqlite.Error):  # it failed already; the next group gets a new one
            connection.close()
        return False
    return True


def unreadable(error: Exception) -> JournalError:
    """What a database error means when the file is opened or read."""
    if isinstance(error, sqlite.OperationalError):
        return JournalError(f"the journal cannot be opened: {getattr(error, 'sqlite_errorname', '')}")
    return JournalDamaged("the journal's file is damaged: keep it, and restore a backup")


def open_writer(path: Path, *, again: bool = False) -> Connection:
    """A connection that may write; makes the file if there is none. ``again``: it was there before, and others of this process read it.

    Raises:
        JournalError: the file cannot be made, opened or written, or it is of another format.
        JournalDamaged: it is damaged, or no journal.
    """
    refuse_old_sqlite()
    if log_alone(path):
        # an empty file in its place would make SQLite throw away what was committed last
        raise JournalDamaged(
            "the journal's file is gone, its write-ahead file or slate is not: keep those, and restore the journal"
        )
    try:
        if not again:  # to close a file that is open elsewhere in the process would undo SQLite's locks on it
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | platform.OPENED, _MODE))
        path.chmod(_MODE)
    except OSError as error:
        raise JournalError(f"the journal's file cannot be written: {error.strerror}") from error
    connection = _connected(path, "rw")
    try:
        _prepare(connection, path)
    except sqlite.Error as error:
        connection.close()
        raise unreadable(error) from error
    except JournalError:
        connection.close()
        raise
    return connection


def open_with_keys(path: Path) -> tuple[Connection, Vault]:
    """A connection that may write, and the keys; both are made if there is no journal.

    Raises:
        JournalError, JournalDamaged: see :func:`open_writer` and :meth:`Vault.open`.
    """
    heal(path)
    fresh = not path.exists() and not log_alone(path)
    # the keys first: a file without them would be taken for one that has lost them
    vault = Vault.open(path.parent, create=True) if fresh else None
    connection = open_writer(path)
    try:
        return connection, vault or Vault.open(path.parent, create=False)
    except JournalError:
        connection.close()
        raise


def open_reader(path: Path) -> Connection:
    """A connection that cannot write.

    Raises:
        JournalError: there is no such file, or it is no journal.
    """
    refuse_old_sqlite()
    try:
        connection = _connected(path, "ro")
        connection.execute("pragma query_only = on")
        connection.execute("pragma cache_size = -2048")
        _own(connection)
    except sqlite.Error as error:
        if isinstance(error, sqlite.OperationalError) and not os.access(path.parent, os.W_OK):
            raise JournalError(
                f"{path.parent} cannot be written, which even a look into the journal needs: copy all of it elsewhere, and look there"
            ) from error
        raise unreadable(error) from error
    return connection


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """A connection that cannot write, for as long as it is needed.

    Raises:
        JournalError: there is no such file, or it is no journal.
        JournalDamaged: SQLite found it damaged while it was read.
    """
    connection = open_reader(path)
    try:
        yield connection
    except sqlite.Error as error:
        raise unreadable(error) from error
    finally:
        connection.close()


def _connected(path: Path, mode: str) -> Connection:
    return sqlite.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=5.0
    )


def _prepare(connection: Connection, path: Path) -> None:
    connection.execute(f"pragma page_size = {JOURNAL_PAGE_BYTES}")
    (version,) = connection.execute("pragma user_version").fetchone()
    (tables,) = connection.execute("select count(*) from sqlite_master").fetchone()
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute(f"pragma wal_autocheckpoint = {LOG_PAGES_MAX}")
    connection.execute("pragma cache_size = -6144")
    connection.execute("pragma temp_store = memory")
    if version == 0 and tables == 0:
        connection.execute("begin immediate")
        schema.create(connection)
        connection.execute("commit")
        connection.execute("pragma wal_checkpoint(truncate)")
        platform.sync_folder(path.parent)
    _own(connection)
    _whole_log(connection, path)
    if path.stat().st_size <= QUICK_CHECK_BYTES_MAX:
        (found,) = connection.execute("pragma quick_check(1)").fetchone()
        if found != "ok":
            raise JournalDamaged("the journal's file is damaged: keep it, and restore a backup")
    _bring_up(connection)


def _bring_up(connection: Connection) -> None:
    """Have the indexes as this edge makes them. If the disk does not take them, the older ones do."""
    try:
        if schema.bring_up(connection):
            _log.info("the journal's indexes were made anew")
    except (sqlite.Error, MemoryError) as error:  # keys are sorted in memory
        if connection.in_transaction:
            connection.execute("rollback")
        _log.warning("the journal's indexes stay as an older edge made them", fault=type(error).__name__)


def _whole_log(connection: Connection, path: Path) -> None:
    """Refuse a log that was damaged in its middle: SQLite would take its beginning for all of it, and write over the rest."""
    connection.execute("select count(*) from sqlite_master").fetchone()  # now it has read the log
    _, frames, _ = connection.execute("pragma wal_checkpoint(noop)").fetchone()
    if holes.too_early(path, max(0, frames)):
        raise JournalDamaged("the journal's log is damaged in its middle: keep all its files, and restore a backup")


def _own(connection: Connection) -> None:
    (owner,) = connection.execute("pragma application_id").fetchone()
    (version,) = connection.execute("pragma user_version").fetchone()
    if owner != schema.APPLICATION_ID:
        raise JournalDamaged("this file is no journal")
    if version not in (schema.FORMAT, schema.FORMAT_WHOLE):
        raise JournalError(
            f"the journal has format {version}; this edge reads {schema.FORMAT_WHOLE} and {schema.FORMAT}"
        )
