"""Repositories of the intake: the ledger of transactions, and the business cycles.

A unit of work first *claims* its (institution, msgid): of two copies, or of a copy and an ask, exactly one inserts the row;
the other waits for it and then reads what it decided. The row is written whole in the same unit of work.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from central_sync.store import tables as t
from central_sync.store.records import Cycle, LedgerRow
from central_sync.store.statements import insert_new

_COLUMNS = tuple(LedgerRow.__slots__)


class Ledger:
    """Every transaction ever seen, by institution and msgid."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, row: LedgerRow) -> bool:
        """Insert ``row`` unless the msgid is known. ``True``: it is ours, and nobody else's until the unit of work ends."""
        return insert_new(self._connection, t.ledger, {name: getattr(row, name) for name in _COLUMNS})

    def get(self, institution: str, msgid: str, *, lock: bool = False) -> LedgerRow | None:
        """The transaction, if it was ever seen; with ``lock`` nobody else decides on it until the unit of work ends."""
        c = t.ledger.c
        statement = select(t.ledger).where(c.institution == institution, c.msgid == msgid)
        row = self._connection.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
        return LedgerRow(**row) if row else None

    def decide(self, row: LedgerRow) -> None:
        """Write what was decided over a claimed row."""
        self.change(row.institution, row.msgid, **{name: getattr(row, name) for name in _COLUMNS[2:]})

    def change(self, institution: str, msgid: str, **values: Any) -> None:
        """Set columns of a claimed or locked row."""
        c = t.ledger.c
        self._connection.execute(
            update(t.ledger).where(c.institution == institution, c.msgid == msgid).values(**values)
        )

    def count(self, institution: str) -> int:
        """How many transactions of an institution are known (a scan: for status pages)."""
        statement = select(func.count()).select_from(t.ledger).where(t.ledger.c.institution == institution)
        return int(self._connection.execute(statement).scalar_one())


class Cycles:
    """Business cycles, opened and closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, row: Cycle) -> None:
        """Keep a cycle that was just opened."""
        self._connection.execute(t.cycle.insert().values(**{name: getattr(row, name) for name in Cycle.__slots__}))

    def close(self, institution: str, day: date, workstation: str, operator: str, now: datetime) -> int:
        """Close whatever is open of one workstation and operator on ``day``; returns how many were."""
        c = t.cycle.c
        statement = (
            update(t.cycle)
            .where(
                c.institution == institution,
                c.business_day == day,
                c.workstation == workstation,
                c.operator == operator,
                c.closed_at.is_(None),
            )
            .values(closed_at=now)
        )
        return self._connection.execute(statement).rowcount

    def of(self, institution: str, day: date) -> list[Cycle]:
        """An institution's cycles of one business day, in the order of opening."""
        c = t.cycle.c
        statement = select(t.cycle).where(c.institution == institution, c.business_day == day)
        return [Cycle(**row) for row in self._connection.execute(statement.order_by(c.opened_at, c.number)).mappings()]
