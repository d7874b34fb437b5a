"""How a database is opened: SQLite through pysqlite3, or PostgreSQL through psycopg 3.

SQLite: write-ahead mode, ``synchronous=FULL``, transactions begun by ourselves (``BEGIN IMMEDIATE`` for work that writes), never a
library older than the safe one. PostgreSQL: READ COMMITTED with explicit row locks, REPEATABLE READ for reads.
Parameters never appear in error texts (``hide_parameters``), and database errors are translated to the hub's own.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from pysqlite3 import dbapi2 as pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from central_sync import limits
from central_sync.errors import StoreBusy, StoreError, StoreTooOld, StoreUnavailable

_BUSY_STATES = frozenset({"40001", "40P01", "55P03"})


def parsed(url: str) -> URL:
    """``url`` with our driver in it.

    Raises:
        StoreUnavailable: neither SQLite (a file) nor PostgreSQL.
    """
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreUnavailable("the database's URL cannot be read") from None  # it may hold a password
    match found.get_backend_name():
        case "sqlite" if found.database and found.database != ":memory:":
            return found.set(drivername="sqlite+pysqlite")
        case "postgresql":
            return found.set(drivername="postgresql+psycopg")
        case _:
            raise StoreUnavailable("the database is a SQLite file or PostgreSQL")


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database that may be written; ``None`` for PostgreSQL, and for a file that is only to be read.

    Raises:
        StoreUnavailable: neither.
    """
    where = parsed(url)
    if where.get_backend_name() != "sqlite" or where.query.get("mode") == "ro" or "immutable" in where.query:
        return None
    return Path(str(where.database).removeprefix("file:")).absolute()


def new_engine(url: str, *, create: bool = False, use: str = "all") -> Engine:
    """An engine for ``url``; opens nothing yet. Only with ``create`` does a SQLite file that is not there come to be. ``use`` of a
    SQLite database: ``reading`` connections cannot write, ``writing`` has one connection, ``all`` does what it is told.

    Raises:
        StoreTooOld: the SQLite library is not safe.
        StoreUnavailable: the URL is neither SQLite nor PostgreSQL, or a file would be made where one was lost.
    """
    where = parsed(url)
    pool: dict[str, Any] = {
        "pool_size": limits.POOL_CONNECTIONS_MAX,
        "max_overflow": limits.POOL_OVERFLOW_CONNECTIONS_MAX,
        "pool_timeout": limits.POOL_WAIT_S_MAX,
        "hide_parameters": True,
    }
    if where.get_backend_name() == "postgresql":
        return create_engine(
            where, **pool, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=_postgresql_arguments()
        )
    if pysqlite3.sqlite_version_info < limits.SQLITE_VERSION_MIN:
        raise StoreTooOld(f"SQLite {pysqlite3.sqlite_version} is too old: {limits.SQLITE_VERSION_MIN} is needed")
    if use == "writing":
        pool |= {"pool_size": 1, "max_overflow": 0}
    engine = create_engine(_sqlite_file(where, create=create), module=pysqlite3, **pool)
    event.listen(engine, "connect", partial(_prepare_sqlite, use))
    event.listen(engine, "begin", partial(_begin_sqlite, "BEGIN" if use == "reading" else "BEGIN IMMEDIATE"))
    return engine


def _sqlite_file(where: URL, *, create: bool) -> URL:
    """The file, made if ``create`` says so. SQLite makes an empty database wherever it finds none and throws away the write-ahead
    file beside it, which holds what a killed hub had committed last: so a lost file (a late mount, a slip of the hand) must
    stay lost until somebody restores it.
    """
    name = str(where.database)
    if name.startswith("file:"):
        return where  # a URI says itself how it is opened
    path = Path(name)
    if not path.exists():
        if not create:
            raise StoreUnavailable(f"there is no database at {path}: run init, or restore the file")
        if path.with_name(f"{path.name}-wal").exists():
            raise StoreUnavailable(f"beside {path} lies its write-ahead file, but the database is gone: restore it")
        path.parent.mkdir(parents=True, exist_ok=True)
        return where
    return where.set(database=f"file:{quote(str(path.absolute()))}", query={**where.query, "mode": "rw", "uri": "true"})


def _postgresql_arguments() -> dict[str, Any]:
    """Both ends find out soon that the other is gone: a dead server holds up no thread, a dead hub's locks hold up no other hub."""
    silent, probes = limits.PEER_SILENT_S_MAX, 3
    server = {
        "lock_timeout": limits.LOCK_WAIT_MS_MAX,
        "idle_in_transaction_session_timeout": limits.IDLE_IN_TRANSACTION_MS_MAX,
        "tcp_keepalives_idle": silent // 2,
        "tcp_keepalives_interval": silent // 2 // probes,
        "tcp_keepalives_count": probes,
        "tcp_user_timeout": silent * 1000,
    }
    return {
        "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
        "connect_timeout": limits.CONNECT_S_MAX,
        "keepalives_idle": silent // 2,
        "keepalives_interval": silent // 2 // probes,
        "keepalives_count": probes,
        "tcp_user_timeout": silent * 1000,
    }


def _prepare_sqlite(use: str, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: see _begin_sqlite
    for pragma in (
        f"busy_timeout={limits.SQLITE_BUSY_MS_MAX}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "wal_autocheckpoint=0",  # checkpoints are the writer's: see writing.py
        *_PRAGMAS[use],
    ):
        connection.execute(f"PRAGMA {pragma}").close()


_PRAGMAS = {
    "reading": ("query_only=ON",),
    "writing": (f"cache_size=-{limits.WRITER_CACHE_KB}",),
    "all": (),
}


def _begin_sqlite(how: str, connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(how).close()


DATABASE_ERRORS: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout, pysqlite3.Error, psycopg.Error)
"""What a database may raise, through SQLAlchemy or, for prepared statements, straight from its driver."""


def translated(error: Exception) -> StoreError:
    """The hub's error for a database's, holding its class and SQLSTATE but none of its text, which may quote a row."""
    if isinstance(error, PoolTimeout):
        return StoreBusy("no database connection was free in time")
    original = error.orig if isinstance(error, DBAPIError) else error
    state = str(getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None) or "")
    what = f"{type(original).__name__} {state}".strip()
    if state in _BUSY_STATES or state.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusy(what)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if lost or isinstance(original, _UNAVAILABLE):
        return StoreUnavailable(what)
    return StoreError(what)


_UNAVAILABLE = (
    pysqlite3.OperationalError,
    pysqlite3.InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
