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

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, true

from central_sync.store import review_tables as rt
from central_sync.store import tables as t

Scope = frozenset[str] | None


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

    def _up_to(self, statement: Select[Any], counted_max: int) -> int:
        some = statement.limit(counted_max).subquery()
        return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())


def within(scope: Scope, column: Any) -> ColumnElement[bool]:
    """That a row's institution is one that the reader sees."""
    if scope is None:
        return true()
    found: ColumnElement[bool] = column.in_(sorted(scope))
    return found
