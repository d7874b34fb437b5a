"""The store and its units of work.

A unit of work is one database transaction: all of it is kept, or nothing. Its repositories are its attributes, one for each
topic. ``write`` units of work are serialised on SQLite, all on one connection; on PostgreSQL they run side by side and take row locks.
``read`` units of work see one consistent moment and can change nothing. Units of work are used by one thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from central_sync.errors import StoreNotMigrated
from central_sync.store.alerts import AlertMessages, Alerts
from central_sync.store.audits import Audits
from central_sync.store.cases import Cases, Fees
from central_sync.store.console_accounts import ConsoleAccounts
from central_sync.store.console_sessions import ConsoleSessions, ConsoleWaits
from central_sync.store.engine import DATABASE_ERRORS, new_engine, sqlite_path, translated
from central_sync.store.evidence import Lives, Roots, Signers
from central_sync.store.finding import Finding
from central_sync.store.fleet import Audit, Certificates, Feeds, Institutions, Invitations, Leases
from central_sync.store.holding import Holding
from central_sync.store.ledger import Cycles, Ledger
from central_sync.store.lookups import Lookups
from central_sync.store.members import Members
from central_sync.store.migrate import revision_at, revision_wanted
from central_sync.store.payer_shares import PayerShares
from central_sync.store.reports import Reports
from central_sync.store.reviews import Reviews
from central_sync.store.rulebooks import Rulebooks
from central_sync.store.settlements import Accumulators, Settlements
from central_sync.store.upkeep import Upkeep
from central_sync.store.writing import Writing


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
        self.signers = Signers(connection)
        self.ledger = Ledger(connection)
        self.cycles = Cycles(connection)
        self.members = Members(connection)
        self.cases = Cases(connection)
        self.fees = Fees(connection)
        self.settlements = Settlements(connection)
        self.accumulators = Accumulators(connection)
        self.payer_shares = PayerShares(connection)
        self.audits = Audits(connection)
        self.reviews = Reviews(connection)
        self.rulebooks = Rulebooks(connection)
        self.reports = Reports(connection)
        self.alerts = Alerts(connection)
        self.alert_messages = AlertMessages(connection)
        self.upkeep = Upkeep(connection)
        self.lookups = Lookups(connection)
        self.finding = Finding(connection)
        self.console_accounts = ConsoleAccounts(connection)
        self.console_sessions = ConsoleSessions(connection)
        self.console_waits = ConsoleWaits(connection)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone if it raises; the unit of work itself goes on, unless it is the database that failed.

        Raises:
            StoreError: the database did not do its part; the unit of work has to end.
        """
        with _translating():
            driver: Any = self._connection.connection.driver_connection
            driver.execute("SAVEPOINT inside").close()
            try:
                yield
            except BaseException:  # whatever it was, it is raised again; only what happened inside is undone
                driver.execute("ROLLBACK TO SAVEPOINT inside").close()
                driver.execute("RELEASE SAVEPOINT inside").close()
                raise
            driver.execute("RELEASE SAVEPOINT inside").close()


class Store:
    """One database, for all threads of one process. ``serving``: the process is a hub, and no other may serve the same SQLite file."""

    def __init__(self, url: str, *, serving: bool = False) -> None:
        self.url = url
        self._serving = serving
        self._engine: Engine | None = None
        self._writing: Writing | None = None
        self._holding: Holding | None = None

    def open(self) -> None:
        """Connect, and check that the tables are those of this version.

        Raises:
            StoreTooOld: the SQLite library is not safe.
            StoreUnavailable: the database cannot be reached, or another hub serves its file.
            StoreNotMigrated: its tables are older or newer than this program.
        """
        path = sqlite_path(self.url)
        engine = new_engine(self.url, use="reading" if path else "all")
        if path is not None:
            self._holding = Holding(path, serving=self._serving)
            self._holding.take()
        try:
            with engine.connect() as connection:
                found = revision_at(connection)
            if found != revision_wanted():
                raise StoreNotMigrated(
                    f"the database is at {found or 'nothing'}, this program needs {revision_wanted()}"
                )
        except DATABASE_ERRORS as error:
            engine.dispose()
            self.close()
            raise translated(error) from None  # the original's text may quote a row
        except StoreNotMigrated:
            engine.dispose()
            self.close()
            raise
        self._writing = Writing(new_engine(self.url, use="writing"), path) if path is not None else None
        self._engine = engine

    def close(self) -> None:
        """Let all connections go, the writing one last."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._writing is not None:
            self._writing.close()
            self._writing = None
        if self._holding is not None:
            self._holding.drop()
            self._holding = None

    @contextmanager
    def write(self, *, urgent: bool = True, lock_wait_ms: int | None = None) -> Iterator[UnitOfWork]:
        """A unit of work that may change things; committed when the block ends, undone if it raises. Where one writes at a time,
        urgent units of work go ahead of those that are not; where several do, ``lock_wait_ms`` is how long it waits for a row.

        Raises:
            StoreBusy: somebody was in the way; do the same again.
            StoreUnavailable: the database cannot be reached or written.
            StoreError: anything else the database refused.
        """
        with _translating():
            transaction = self._writing.unit(urgent=urgent) if self._writing is not None else self.engine.begin()
            with transaction as connection:
                if self._writing is None and lock_wait_ms is not None:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {lock_wait_ms:d}")
                yield UnitOfWork(connection)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """A unit of work that sees one consistent moment. It is never committed; PostgreSQL refuses writes in it.

        Raises:
            StoreBusy: somebody was in the way; do the same again.
            StoreUnavailable: the database cannot be reached.
        """
        options: dict[str, object] = {}
        if self.engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _translating(), self.engine.connect().execution_options(**options) as connection:
            transaction = connection.begin()
            try:
                yield UnitOfWork(connection)
            finally:
                transaction.rollback()

    @property
    def shared(self) -> bool:
        """Whether several hub processes may serve it: on SQLite only one does."""
        return self._writing is None

    @property
    def engine(self) -> Engine:
        """The open engine: the one for reading, where reading and writing are apart."""
        assert self._engine is not None, "the store is not open"
        return self._engine


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except DATABASE_ERRORS as error:
        raise translated(error) from None  # the original's text may quote a row
