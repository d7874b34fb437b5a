"""Statements that are built once and handed straight to the driver.

SQLAlchemy builds, hashes and looks up a statement each time it is executed, which costs about ten times what SQLite needs to carry
it out. What the intake does for every item is therefore written once, as a Core statement with named parameters (so that
both databases are still spelled by SQLAlchemy, types included), and kept as the text and the converters of each dialect.

Rules
    * Every value comes through a ``bindparam`` whose name the caller gives; there are no lists in it (``IN``).
    * It runs inside a unit of work: the transaction is SQLAlchemy's, the cursor is ours.
    * It raises the driver's own errors; the store translates them where a unit of work ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.schema import Table

Converter = Callable[[Any], Any]
Row = tuple[Any, ...]
Build = Callable[[Any], Executable]
"""Makes the statement out of the dialect's own ``insert`` (the two have no common base, hence ``Any``)."""


class Prepared:
    """One statement. ``statement`` is it, or makes it for a dialect."""

    def __init__(self, statement: Executable | Build) -> None:
        self._statement = statement
        self._spelled: dict[str, _Spelled] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """Run it and take all its rows, values converted as SQLAlchemy would."""
        return self._of(connection.dialect).rows(connection.connection.driver_connection, values)

    def each(self, connection: Connection, values: Mapping[str, Any]) -> Iterator[Row]:
        """Run it and give its rows one by one, for results that are long."""
        yield from self._of(connection.dialect).each(connection.connection.driver_connection, values)

    def row(self, connection: Connection, values: Mapping[str, Any]) -> Row | None:
        """The only row, if there is one."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it for what it does; returns how many rows it changed."""
        return self._of(connection.dialect).run(connection.connection.driver_connection, values)

    def run_many(self, connection: Connection, rows: list[Mapping[str, Any]]) -> None:
        """Run it once for each of ``rows``."""
        self._of(connection.dialect).run_many(connection.connection.driver_connection, rows)

    def _of(self, dialect: Dialect) -> _Spelled:
        found = self._spelled.get(dialect.name)
        if found is None:
            statement = self._statement
            if not isinstance(statement, Executable):
                statement = statement(postgresql.insert if dialect.name == "postgresql" else sqlite.insert)
            found = self._spelled[dialect.name] = _Spelled(statement, dialect)
        return found


class _Spelled:
    """The text of a statement in one dialect, and how values go in and come out."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._constants = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._into = {
            name: converter
            for name, bind in compiled.binds.items()
            if (converter := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._places: list[tuple[str, Converter | None]] | None = None
        if compiled.positional:
            self._places = [(name, self._into.get(name)) for name in compiled.positiontup or ()]
        out = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.exported_columns
        ]
        self._out: list[tuple[int, Converter]] = [
            (place, found) for place, found in enumerate(out) if found is not None
        ]

    def _bound(self, values: Mapping[str, Any]) -> Any:
        given = {**self._constants, **values} if self._constants else values
        if self._places is not None:
            return [given[name] if into is None else into(given[name]) for name, into in self._places]
        return {**given, **{name: into(given[name]) for name, into in self._into.items()}}

    def each(self, driver: Any, values: Mapping[str, Any]) -> Iterator[Row]:
        cursor = driver.execute(self._text, self._bound(values))
        try:
            for row in cursor:
                yield self._converted(row)
        finally:
            cursor.close()

    def rows(self, driver: Any, values: Mapping[str, Any]) -> list[Row]:
        cursor = driver.execute(self._text, self._bound(values))
        found: list[Row] = cursor.fetchall()
        cursor.close()
        if not self._out:
            return found
        return [self._converted(row) for row in found]

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for place, converter in self._out:
            values[place] = converter(values[place])
        return tuple(values)

    def run(self, driver: Any, values: Mapping[str, Any]) -> int:
        cursor = driver.execute(self._text, self._bound(values))
        count: int = cursor.rowcount
        cursor.close()
        return count

    def run_many(self, driver: Any, rows: list[Mapping[str, Any]]) -> None:
        cursor = driver.cursor()
        cursor.executemany(self._text, [self._bound(row) for row in rows])
        cursor.close()


class Changes:
    """UPDATEs of one table's row by its key, one prepared statement for each set of columns that is ever set."""

    def __init__(self, table: Table, *key: str) -> None:
        self._table = table
        self._key = key
        self._prepared: dict[tuple[str, ...], Prepared] = {}

    def run(self, connection: Connection, key: Sequence[Any], values: Mapping[str, Any]) -> None:
        """Set ``values`` in the row whose key columns are ``key``."""
        names = tuple(values)
        found = self._prepared.get(names)
        if found is None:
            statement = update(self._table).where(*keyed(self._table, *self._key)).values(columns(self._table, *names))
            found = self._prepared[names] = Prepared(statement)
        keys = {f"key_{name}": value for name, value in zip(self._key, key, strict=True)}
        found.run(connection, {**values, **keys})


def columns(table: Table, *names: str) -> dict[str, Any]:
    """A parameter for each of those columns (all, if none is named), of the column's type and name."""
    return {name: bindparam(name, type_=table.c[name].type) for name in names or table.c.keys()}


def keyed(table: Table, *names: str) -> list[Any]:
    """The conditions ``column = :key_column``; an UPDATE keeps the plain names for what it sets."""
    return [table.c[name] == bindparam(f"key_{name}", type_=table.c[name].type) for name in names]
