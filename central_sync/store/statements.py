"""The few statements that SQLite and PostgreSQL spell in their own dialect modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from central_sync.store import tables as t


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT of the connection's own dialect, which knows ON CONFLICT (typed ``Any``: the two have no common base)."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted. Waits for another unit of work that is inserting the same key."""
    key = [column.name for column in table.primary_key]
    statement = insert(connection, table).values(**values).on_conflict_do_nothing(index_elements=key)
    return connection.execute(statement.returning(table.c[key[0]])).first() is not None


def next_of(connection: Connection, name: str, step: int) -> int:
    """Count the counter ``name`` up by ``step`` and return its new value. Its row is locked until the unit of work ends."""
    statement = insert(connection, t.counter).values(name=name, value=step)
    statement = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": t.counter.c.value + step}
    ).returning(t.counter.c.value)
    return int(connection.execute(statement).scalar_one())
