"""Repository of the review queue and of the history of its entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from central_sync.store.prepared import Prepared, keyed
from central_sync.store.review_records import ReviewEntry, ReviewStep
from central_sync.store.review_tables import review_entry as entry
from central_sync.store.review_tables import review_step as step
from central_sync.store.statements import insert_new

_NAMES = tuple(ReviewEntry.__slots__)
_OF = Prepared(select(*(entry.c[name] for name in _NAMES)).where(*keyed(entry, "settlement_id")).order_by(entry.c.id))


class Reviews:
    """What was pended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: ReviewEntry) -> bool:
        """Keep a new entry; ``False`` if there is one of that id."""
        return insert_new(self._connection, entry, {name: getattr(row, name) for name in ReviewEntry.__slots__})

    def get(self, key: str, *, lock: bool = False) -> ReviewEntry | None:
        """The entry; with ``lock``, nobody else changes it until the unit of work ends."""
        statement = select(entry).where(entry.c.id == key)
        row = self._connection.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
        return ReviewEntry(**row) if row else None

    def change(self, key: str, **values: Any) -> None:
        """Set columns of a locked entry."""
        self._connection.execute(update(entry).where(entry.c.id == key).values(**values))

    def of_settlement(self, settlement_id: str) -> list[ReviewEntry]:
        """The entries of one settlement, by id."""
        return [ReviewEntry(*row) for row in _OF.rows(self._connection, {"key_settlement_id": settlement_id})]

    def waiting_for(self, what: str, states: Sequence[str], rows_max: int) -> list[ReviewEntry]:
        """Some entries in those states that wait for ``what``, by id."""
        statement = select(entry).where(entry.c.waits_for == what, entry.c.state.in_(states)).order_by(entry.c.id)
        statement = statement.limit(rows_max)
        return [ReviewEntry(**row) for row in self._connection.execute(statement).mappings()]

    def listed(self, states: Sequence[str], reason: str, institution: str, rows_max: int) -> list[ReviewEntry]:
        """Entries in those states, of one reason or institution if they are named, oldest first."""
        statement = select(entry).where(entry.c.state.in_(states))
        if reason:
            statement = statement.where(entry.c.reason == reason)
        if institution:
            statement = statement.where(entry.c.institution == institution)
        statement = statement.order_by(entry.c.opened_at, entry.c.id).limit(rows_max)
        return [ReviewEntry(**row) for row in self._connection.execute(statement).mappings()]

    def count(self, states: Sequence[str]) -> int:
        """How many entries are in those states."""
        statement = select(func.count()).select_from(entry).where(entry.c.state.in_(states))
        return int(self._connection.execute(statement).scalar_one())

    def stepped(self, key: str, at: datetime, event: str, state: str, actor: str, detail: str) -> None:
        """Add a step to the history of a locked entry."""
        last = select(func.coalesce(func.max(step.c.number), 0)).where(step.c.entry == key)
        number = int(self._connection.execute(last).scalar_one()) + 1
        values = {"entry": key, "number": number, "at": at, "event": event, "state": state, "actor": actor}
        self._connection.execute(step.insert().values(**values, detail=detail))

    def history(self, key: str) -> list[ReviewStep]:
        """The steps of an entry, in order."""
        rows = self._connection.execute(select(step).where(step.c.entry == key).order_by(step.c.number))
        return [ReviewStep(**row) for row in rows.mappings()]
