"""Bringing a database to the tables of this version, by Alembic and without any file of settings."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from central_sync.store.engine import DATABASE_ERRORS, new_engine, sqlite_path, translated
from central_sync.store.holding import Holding

_FOLDER = Path(__file__).parent / "migrations"
_POSTGRES_LOCK = 0x7069736B  # "pisk": processes that migrate at once wait for each other


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, with the connection to work on."""
    settings = Config()
    settings.set_main_option("script_location", str(_FOLDER))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


@cache
def revision_wanted() -> str:
    """The revision that this program's tables are."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None, "there are no migrations"
    return head


def revision_at(connection: Connection) -> str | None:
    """The revision that a database is at; ``None`` for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(url: str) -> None:
    """Bring the database at ``url`` to this version's tables; does nothing if it is there already.

    Raises:
        StoreTooOld: the SQLite library is not safe.
        StoreUnavailable: the database cannot be reached or written.
    """
    engine = new_engine(url, create=True)
    path = sqlite_path(url)
    holding = Holding(path, serving=False) if path is not None else None
    if holding is not None:
        holding.take()
    try:
        with engine.begin() as connection:  # on SQLite this is BEGIN IMMEDIATE: one migrates, the others wait
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
            command.upgrade(config(connection), "head")
    except DATABASE_ERRORS as error:
        raise translated(error) from None  # the original's text may quote a row
    finally:
        engine.dispose()
        if holding is not None:
            holding.drop()
