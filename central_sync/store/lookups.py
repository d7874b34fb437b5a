"""Repository for people who look: lists through all institutions or those of a scope, page by page.

Rules
    * A page begins behind a key (``after``) and has at most ``rows_max`` rows; nothing is skipped over by counting, and each order is an index's.
    * ``scope`` is the institutions that the reader sees, ``None`` for all; it is part of every statement.
    * What is counted is counted up to a bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, true, tuple_, union_all

from central_sync.store import fleet_tables as ft
from central_sync.store import review_tables as rt
from central_sync.store import tables as t
from central_sync.store.console_records import OpenEntry, OpenInvitation, OpenSettlement, OpenShare, SignedTo
from central_sync.store.records import AuditRow, Certificate

Scope = frozenset[str] | None
ShareKey = tuple[datetime, str, int, int]


class Lookups:
    """The lists."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(
        self, scope: Scope, now: datetime, shares: Sequence[str], entries: Sequence[str], counted_max: int
    ) -> dict[str, int]:
        """How much wants to be seen to, ``shares`` and ``entries`` being the states that do; ``counted_max`` means so many or more."""
        settled, asked, entry, code = t.settlement.c, rt.payer_share.c, rt.review_entry.c, t.invitation.c
        wanted = {
            "awaited": (t.settlement, settled.confirmation == "awaited", settled.institution),
            "deferred": (rt.payer_share, asked.state.in_(shares), asked.institution),
            "pended": (rt.review_entry, entry.state.in_(entries), entry.institution),
            "invited": (t.invitation, code.used_at.is_(None) & (code.expires_at > now), code.institution),
        }
        return {
            name: self._up_to(select(literal(1)).select_from(table).where(which, within(scope, column)), counted_max)
            for name, (table, which, column) in wanted.items()
        }

    def awaited(self, scope: Scope, after: tuple[datetime, str] | None, rows_max: int) -> list[OpenSettlement]:
        """Settlements that await their confirmation, oldest first."""
        c = t.settlement.c
        statement = select(*(c[name] for name in OpenSettlement.__slots__)).where(c.confirmation == "awaited")
        if after is not None:
            statement = statement.where(tuple_(c.settled_at, c.id) > _values(after, c.settled_at, c.id))
        statement = statement.where(within(scope, c.institution)).order_by(c.settled_at, c.id).limit(rows_max)
        return [OpenSettlement(**row) for row in self._connection.execute(statement).mappings()]

    def shares(self, scope: Scope, state: str, after: ShareKey | None, rows_max: int) -> list[OpenShare]:
        """Deferred shares in one state, oldest first."""
        c = rt.payer_share.c
        order = (c.signed_at, c.settlement_id, c.place, c.round)
        statement = select(*(c[name] for name in OpenShare.__slots__)).where(c.state == state)
        if after is not None:
            statement = statement.where(tuple_(*order) > _values(after, *order))
        statement = statement.where(within(scope, c.institution)).order_by(*order).limit(rows_max)
        return [OpenShare(**row) for row in self._connection.execute(statement).mappings()]

    def entries(self, scope: Scope, state: str, after: tuple[datetime, str] | None, rows_max: int) -> list[OpenEntry]:
        """What was pended and is in one state, oldest first."""
        c = rt.review_entry.c
        statement = select(*(c[name] for name in OpenEntry.__slots__)).where(c.state == state)
        if after is not None:
            statement = statement.where(tuple_(c.opened_at, c.id) > _values(after, c.opened_at, c.id))
        statement = statement.where(within(scope, c.institution)).order_by(c.opened_at, c.id).limit(rows_max)
        return [OpenEntry(**row) for row in self._connection.execute(statement).mappings()]

    def invitations(self, scope: Scope, now: datetime, rows_max: int) -> list[OpenInvitation]:
        """Invitations that are still good, the next to end first. There are few: each is used or ends within days."""
        c = t.invitation.c
        statement = select(*(c[name] for name in OpenInvitation.__slots__)).where(
            c.used_at.is_(None), c.expires_at > now
        )
        statement = statement.where(within(scope, c.institution)).order_by(c.expires_at, c.secret_hash).limit(rows_max)
        return [OpenInvitation(**row) for row in self._connection.execute(statement).mappings()]

    def hospitals(self, scope: Scope, after: str, rows_max: int) -> list[SignedTo]:
        """Hospitals by code, each with its last signed day and its edge's last report."""
        c, newest = t.institution.c, func.max(t.day_root.c.day)
        day = select(newest).where(t.day_root.c.institution == c.code).scalar_subquery()
        report = ft.edge_report.c
        statement = select(c.code, c.name, c.added_at, day.label("day"), report.at, report.body).select_from(
            t.institution.outerjoin(ft.edge_report, report.institution == c.code)
        )
        statement = statement.where(c.code > after, within(scope, c.code)).order_by(c.code).limit(rows_max)
        return [SignedTo(*row) for row in self._connection.execute(statement)]

    def certificates(self, institution: str, rows_max: int) -> list[Certificate]:
        """A hospital's certificates, the newest first."""
        c = t.certificate.c
        statement = select(t.certificate).where(c.institution == institution).order_by(c.issued_at.desc())
        return [Certificate(**row) for row in self._connection.execute(statement.limit(rows_max)).mappings()]

    def trail(
        self, scope: Scope, before: int | None, actor: str, action: str, subject: str, rows_max: int
    ) -> list[AuditRow]:
        """Who did what, the newest first, from the row ``before`` on backwards; empty filters take everything. With a scope, what was done to its
        institutions: of each so many rows by its own index, then the newest of those.
        """
        statement = select(t.audit)
        for column, wanted in ((t.audit.c.actor, actor), (t.audit.c.action, action), (t.audit.c.subject, subject)):
            if wanted:
                statement = statement.where(column == wanted)
        if before is not None:
            statement = statement.where(t.audit.c.id < before)
        statement = statement.order_by(t.audit.c.id.desc()).limit(rows_max)
        if scope is not None:
            if not scope:
                return []
            each = [select(statement.where(t.audit.c.subject == code).subquery()) for code in sorted(scope)]
            whole = union_all(*each).subquery()
            statement = select(whole).order_by(whole.c.id.desc()).limit(rows_max)
        return [AuditRow(**row) for row in self._connection.execute(statement).mappings()]

    def _up_to(self, statement: Select[Any], counted_max: int) -> int:
        some = statement.limit(counted_max).subquery()
        return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())


def within(scope: Scope, column: Any) -> ColumnElement[bool]:
    """That a row's institution is one that the reader sees."""
    if scope is None:
        return true()
    found: ColumnElement[bool] = column.in_(sorted(scope))
    return found


def _values(after: Sequence[Any], *columns: Any) -> Any:
    """A key to compare with, each value of its column's type."""
    return tuple_(*(literal(value, column.type) for value, column in zip(after, columns, strict=True)))
