"""Repositories of the intake: the ledger of transactions, and the business cycles.

A unit of work first *claims* its (institution, msgid): of two copies, or of a copy and an ask, exactly one inserts the row;
the other waits for it and then reads what it decided. The row is written whole in the same unit of work.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from central_sync.store import tables as t
from central_sync.store.prepared import Changes, Prepared, columns, keyed
from central_sync.store.records import Cycle, LedgerRow
from central_sync.wire.catalogue import ROWS

_COLUMNS = tuple(LedgerRow.__slots__)
_KEY = ("institution", "msgid")
_DECIDED = ("verdict", "packet", "code", "detail", "member", "hid", "settlement_id")
_CLAIM = Prepared(
    lambda insert: insert(t.ledger).values(columns(t.ledger)).on_conflict_do_nothing(index_elements=list(_KEY))
)
_ROW = select(*(t.ledger.c[name] for name in _COLUMNS)).where(*keyed(t.ledger, *_KEY))
_GET, _LOCK = Prepared(_ROW), Prepared(_ROW.with_for_update())
_CHANGES = Changes(t.ledger, *_KEY)
_CONFIRMED = or_(*(t.ledger.c.number == row.number for row in ROWS if row.confirmed))
_WINDOW = and_(
    t.ledger.c.institution == bindparam("institution", type_=t.ledger.c.institution.type),
    t.ledger.c.recorded_at >= bindparam("from_at", type_=t.ledger.c.recorded_at.type),
    t.ledger.c.recorded_at < bindparam("to_at", type_=t.ledger.c.recorded_at.type),
    t.ledger.c.verdict == "final",
)
_COMPARED = Prepared(
    select(t.ledger.c.msgid, t.ledger.c.digest, func.coalesce(t.settlement.c.confirmation, "none"))
    .outerjoin(
        t.settlement,
        and_(_CONFIRMED, t.settlement.c.member == t.ledger.c.member, t.settlement.c.id == t.ledger.c.settlement_id),
    )
    .where(_WINDOW)
)
_NAMED = Prepared(select(t.ledger.c.msgid, t.ledger.c.number, t.ledger.c.recorded_at).where(_WINDOW))
_OPEN = Prepared(t.cycle.insert().values(columns(t.cycle)))


class Ledger:
    """Every transaction ever seen, by institution and msgid."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, row: LedgerRow) -> bool:
        """Insert ``row`` unless the msgid is known. ``True``: it is ours, and nobody else's until the unit of work ends."""
        return _CLAIM.run(self._connection, {name: getattr(row, name) for name in _COLUMNS}) == 1

    def get(self, institution: str, msgid: str, *, lock: bool = False) -> LedgerRow | None:
        """The transaction, if it was ever seen; with ``lock`` nobody else decides on it until the unit of work ends."""
        row = (_LOCK if lock else _GET).row(self._connection, {"key_institution": institution, "key_msgid": msgid})
        return LedgerRow(*row) if row else None

    def decide(self, row: LedgerRow) -> None:
        """Write what was decided over a claimed row; what was claimed stays as it is."""
        self.change(row.institution, row.msgid, **{name: getattr(row, name) for name in _DECIDED})

    def change(self, institution: str, msgid: str, **values: Any) -> None:
        """Set columns of a claimed or locked row."""
        _CHANGES.run(self._connection, (institution, msgid), values)

    def compared(self, institution: str, from_at: datetime, to_at: datetime) -> Iterator[tuple[str, bytes, str]]:
        """(msgid, digest, confirmation) of what is final and was recorded in [``from_at``, ``to_at``), in no order; ``none`` is the
        confirmation of what needs none.
        """
        window = {"institution": institution, "from_at": from_at, "to_at": to_at}
        yield from _COMPARED.each(self._connection, window)

    def named(self, institution: str, from_at: datetime, to_at: datetime) -> Iterator[tuple[str, str, datetime]]:
        """(msgid, number, recorded_at) of the same transactions."""
        window = {"institution": institution, "from_at": from_at, "to_at": to_at}
        yield from _NAMED.each(self._connection, window)

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
        _OPEN.run(self._connection, {name: getattr(row, name) for name in Cycle.__slots__})

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
