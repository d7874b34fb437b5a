"""Repository of the rulebooks that were in use, and of their publications. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from central_sync.store import tables as t
from central_sync.store.records import KeptRulebook, Publication
from central_sync.store.statements import insert_new, next_of

PUBLICATION_COUNTER = "publication"


class Rulebooks:
    """The rulebooks, by version, and their publications, by number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, row: KeptRulebook) -> bool:
        """Keep a rulebook; ``False`` if its version is kept already."""
        return insert_new(self._connection, t.rulebook, {name: getattr(row, name) for name in KeptRulebook.__slots__})

    def get(self, version: str) -> KeptRulebook | None:
        """The rulebook of exactly this version."""
        row = self._connection.execute(select(t.rulebook).where(t.rulebook.c.version == version)).mappings()
        found = row.one_or_none()
        return KeptRulebook(**found) if found else None

    def named(self, beginning: str) -> list[str]:
        """The versions of those whose version, or that of their law or audit rules, begins so (``beginning`` is hexadecimal digits)."""
        c = t.rulebook.c
        statement = select(c.version).where(or_(*(name.startswith(beginning) for name in (c.version, c.law, c.audit))))
        return list(self._connection.execute(statement.order_by(c.version)).scalars())

    def publish(self, row: Publication) -> bool:
        """Add a publication; ``False`` if its number is taken ."""
        return insert_new(self._connection, t.publication, {name: getattr(row, name) for name in Publication.__slots__})

    def take_turn(self) -> None:
        """Be the only one who publishes until the unit of work ends."""
        next_of(self._connection, PUBLICATION_COUNTER, 1)

    def newest(self) -> Publication | None:
        """The publication with the highest number, whether its time has come or not."""
        return self._one(select(t.publication))

    def in_force(self, now: datetime) -> Publication | None:
        """The publication whose time has come last; of several of one instant that with the highest number."""
        c = t.publication.c
        return self._one(select(t.publication).where(c.from_at <= now).order_by(c.from_at.desc()))

    def highest(self, now: datetime) -> Publication | None:
        """The publication with the highest number whose time has come."""
        return self._one(select(t.publication).where(t.publication.c.from_at <= now))

    def publications(self) -> list[Publication]:
        """All of them, the newest first."""
        rows = self._connection.execute(select(t.publication).order_by(t.publication.c.number.desc()))
        return [Publication(**row) for row in rows.mappings()]

    def _one(self, statement: Select[Any]) -> Publication | None:
        row = (
            self._connection.execute(statement.order_by(t.publication.c.number.desc()).limit(1))
            .mappings()
            .one_or_none()
        )
        return Publication(**row) if row else None
