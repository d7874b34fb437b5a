"""The store and its units of work.

A unit of work is one database transaction: all of it is kept, or nothing. Its repositories are its attributes, one for each
topic. ``write`` units of work are serialised on SQLite; on PostgreSQL they run side by side and take row locks.
``read`` units of work see one consistent moment and can change nothing. Units of work are used by one thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from central_sync import limits
from central_sync.errors import StoreBusy, StoreNotMigrated
from central_sync.store.cases import Cases, Fees
from central_sync.store.engine import BEGIN, new_engine, translated
from central_sync.store.evidence import Lives, Roots
from central_sync.store.fleet import Audit, Certificates, Feeds, Institutions, Invitations, Leases
from central_sync.store.ledger import Cycles, Ledger
from central_sync.store.members import Members
from central_sync.store.migrate import revision_at, revision_wanted
from central_sync.store.settlements import Accumulators, Settlements
from central_sync.store.upkeep import Upkeep


class UnitOfWork:
    """The repositories over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.institutions = Institutions(connection)
        self.invitations = Invitations(connection)
        self.certificates = Certificates(connection)
        self.leases = Leases(connection)
        self.feed = Feeds(connection)
        self.audit = Audit(connection)
        self.lives = Lives(connection)
        self.roots = Roots(connection)
        self.ledger = Ledger(connection)
        self.cycles = Cycles(connection)
        self.members = Members(connection)
        self.cases = Cases(connection)
        self.fees = Fees(connection)
        self.settlements = Settlements(connection)
        self.accumulators = Accumulators(connection)
        self.upkeep = Upkeep(connection)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone if it raises; the unit of work itself goes on."""
        with self._connection.begin_nested():
            yield


class Store:
    """One database, for all threads of one process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine | None = None
        self._writes: threading.Lock | None = None

    def open(self) -> None:
        """Connect, and check that the tables are those of this version.

        Raises:
            StoreTooOld: the SQLite library is not safe.
            StoreUnavailable: the database cannot be reached.
            StoreNotMigrated: its tables are older or newer than this program.
        """
        engine = new_engine(self.url)
        try:
            with engine.connect() as connection:
                found = revision_at(connection)
        except DBAPIError as error:
            engine.dispose()
            raise translated(error) from None  # the original's text may quote a row
        if found != revision_wanted():
            engine.dispose()
            raise StoreNotMigrated(f"the database is at {found or 'nothing'}, this program needs {revision_wanted()}")
        self._writes = threading.Lock() if engine.dialect.name == "sqlite" else None
        self._engine = engine

    def close(self) -> None:
        """Let all connections go."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """A unit of work that may change things; committed when the block ends, undone if it raises.

        Raises:
            StoreBusy: somebody was in the way; do the same again.
            StoreUnavailable: the database cannot be reached or written.
            StoreError: anything else the database refused.
        """
        with self._turn(), _translating(), self.engine.begin() as connection:
            yield UnitOfWork(connection)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The thread's turn to write, where there is one at a time."""
        if self._writes is None:
            yield
            return
        if not self._writes.acquire(timeout=limits.WRITE_WAIT_S_MAX):
            raise StoreBusy("no turn to write came in time")
        try:
            yield
        finally:
            self._writes.release()

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A unit of work that sees one consistent moment. It is never committed; PostgreSQL refuses writes in it.

        Raises:
            StoreBusy: somebody was in the way; do the same again.
            StoreUnavailable: the database cannot be reached.
        """
        options: dict[str, object] = {BEGIN: "BEGIN"}
        if self.engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _translating(), self.engine.connect().execution_options(**options) as connection:
            guarded = connection.dialect.name == "sqlite"
            transaction = connection.begin()
            if guarded:
                connection.execute(text("PRAGMA query_only=ON"))
            try:
                yield UnitOfWork(connection)
            finally:
                if guarded:
                    connection.execute(text("PRAGMA query_only=OFF"))
                transaction.rollback()

    @property
    def engine(self) -> Engine:
        """The open engine, for the store's own tests and migrations."""
        assert self._engine is not None, "the store is not open"
        return self._engine


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        raise translated(error) from None  # the original's text may quote a row
