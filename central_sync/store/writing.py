"""The one connection of a SQLite database that writes: every commit of the process and every checkpoint goes through it.

Rules
    * Commits and checkpoints never run beside each other on two connections; readers have their own and never write.
    * A COMMIT is sent only while a transaction is open. After some errors (disk full, an I/O error) SQLite has rolled back by itself,
      and the driver's ``commit()`` would then do nothing and look like success.
    * After an error of the disk the write-ahead file may end in frames of a commit that was refused; a restart would read them as
      committed. Nothing is written until a checkpoint has moved all that is committed into the database and cut that file to
      nothing, and the cut is on the disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, event

from central_sync import limits
from central_sync.errors import StoreBusy, StoreUnavailable
from central_sync.store.engine import DATABASE_ERRORS, translated
from central_sync.store.holding import beside, synced
from central_sync.store.turns import Turns

_log = structlog.get_logger(__name__)


class Writing:
    """Units of work on the writing connection, one at a time. ``engine`` has a pool of exactly one connection."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._turns = Turns()
        self._doubt = False
        event.listen(engine, "commit", _still_open)

    @contextmanager
    def unit(self, *, urgent: bool) -> Iterator[Connection]:
        """A transaction, committed when the block ends and undone if it raises. ``urgent`` ones go first.

        Raises:
            StoreBusy: the turn did not come in time.
            StoreUnavailable: the disk failed before and has not been made safe yet.
            Driver and SQLAlchemy errors: not translated.
        """
        with self._turns.turn(limits.WRITE_WAIT_S_MAX, urgent=urgent):
            self._made_safe()
            try:
                with self._engine.begin() as connection:
                    yield connection
            except DATABASE_ERRORS as error:
                if isinstance(translated(error), StoreUnavailable):
                    self._distrust()
                raise
            except StoreUnavailable:
                self._distrust()
                raise
            self._fold()

    def close(self) -> None:
        """Move what is committed into the database, and close."""
        try:
            if not self._doubt:
                self._checkpoint("truncate")
        except DATABASE_ERRORS as error:
            # every commit is safe in the write-ahead file: whoever opens it next reads it there
            _log.warning("the write-ahead file was not folded in", fault=type(error).__name__)
        self._engine.dispose()

    def _distrust(self) -> None:
        self._doubt = True
        _log.error("the database could not be written; nothing is written until its log is known to be good")

    def _made_safe(self) -> None:
        """Cut a doubtful write-ahead file off.

        Raises:
            StoreUnavailable: the disk still fails.
            StoreBusy: readers are in the way.
        """
        if not self._doubt:
            return
        self._engine.dispose()  # a new connection: the old one's state is whatever the fault left
        try:
            busy, _, _ = self._checkpoint("truncate")
            if busy:
                raise StoreBusy("readers keep the write-ahead file from being cut")
            log = beside(self._path, "wal")
            if log.exists():
                if log.stat().st_size:
                    raise StoreUnavailable("the write-ahead file could not be cut")
                synced(log)
        except DATABASE_ERRORS as error:
            raise translated(error) from None  # the original's text may quote a row
        except OSError as error:
            raise StoreUnavailable("the write-ahead file could not be made safe") from error
        self._doubt = False
        _log.info("the database can be written again")

    def _fold(self) -> None:
        """Checkpoint when the write-ahead file has grown; what fails here is tried again later, and no commit depends on it."""
        try:
            _, log, folded = self._checkpoint("noop")
            if log - folded >= limits.WAL_PAGES_EASY:
                self._checkpoint("passive")
        except DATABASE_ERRORS as error:
            _log.warning("the write-ahead file was not folded in", fault=type(error).__name__)
            self._distrust()

    def _checkpoint(self, kind: str) -> tuple[int, int, int]:
        """(whether readers were in the way, pages in the log, pages of them that are in the database)."""
        borrowed = self._engine.raw_connection()
        try:
            driver: Any = borrowed.driver_connection
            cursor = driver.execute(f"PRAGMA wal_checkpoint({kind})")
            found: tuple[int, int, int] = cursor.fetchone()
            cursor.close()
        finally:
            borrowed.close()
        return found


def _still_open(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        raise StoreUnavailable("the database has rolled the unit of work back by itself")
