"""Repositories of cases and of the lines of their bills.

Whoever changes a case locks it first (``cases.get(..., lock=True)``): all that stands on it waits for the unit of work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, update

from central_sync.store import tables as t
from central_sync.store.records import Case, FeeLine
from central_sync.store.statements import insert_new

_CASE = tuple(Case.__slots__)
_LINE = tuple(FeeLine.__slots__)


class Cases:
    """Visits and admissions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, row: Case) -> bool:
        """Use a HID up for a new case; ``False`` if it was used before (then nothing was written)."""
        use = {"institution": row.institution, "hid": row.hid, "member": row.member, "care": row.care}
        if not insert_new(self._connection, t.hid_use, use):
            return False
        self._connection.execute(t.member_case.insert().values(**{name: getattr(row, name) for name in _CASE}))
        return True

    def get(self, institution: str, hid: str, *, lock: bool = False) -> Case | None:
        """An institution's own case; a stranger's HID finds nothing. With ``lock``, nobody else changes it until the unit of work ends."""
        u = t.hid_use.c
        key = select(u.member).where(u.institution == institution, u.hid == hid)
        member = self._connection.execute(key).scalar_one_or_none()
        if member is None:
            return None
        c = t.member_case.c
        statement = select(t.member_case).where(c.member == member, c.hid == hid, c.institution == institution)
        row = self._connection.execute(statement.with_for_update() if lock else statement).mappings().one_or_none()
        return Case(**row) if row else None

    def change(self, case: Case, **values: Any) -> None:
        """Set columns of a locked case."""
        c = t.member_case.c
        self._connection.execute(
            update(t.member_case).where(c.member == case.member, c.hid == case.hid).values(**values)
        )


class Fees:
    """The lines of the cases' bills."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def standing(self, case: Case) -> list[FeeLine]:
        """The lines that are not cancelled, in the order in which they came."""
        c = t.fee_line.c
        statement = (
            select(t.fee_line).where(c.member == case.member, c.hid == case.hid, c.cancelled_by == "").order_by(c.place)
        )
        return [FeeLine(**row) for row in self._connection.execute(statement).mappings()]

    def places(self, case: Case) -> int:
        """How many lines the case ever had, cancelled ones too; the next line's ``place``."""
        c = t.fee_line.c
        statement = select(func.count()).where(c.member == case.member, c.hid == case.hid)
        return int(self._connection.execute(statement).scalar_one())

    def add(self, rows: Sequence[FeeLine]) -> None:
        """Add lines to a locked case."""
        self._connection.execute(t.fee_line.insert(), [{name: getattr(row, name) for name in _LINE} for row in rows])

    def cancel(self, case: Case, places: Sequence[int], msgid: str) -> None:
        """Take lines of a locked case off its bill, naming the transaction that did it."""
        c = t.fee_line.c
        self._connection.execute(
            update(t.fee_line)
            .where(c.member == case.member, c.hid == case.hid, c.place.in_(places))
            .values(cancelled_by=msgid)
        )
