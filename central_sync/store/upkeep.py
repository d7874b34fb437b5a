"""Repository for the hub's own housekeeping: looks over all institutions at once, and what may be deleted by age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from central_sync.store import tables as t
from central_sync.store.records import Certificate

_FEED = "feed:"


class Upkeep:
    """Counting and pruning."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def feed_heads(self, institutions: Sequence[str]) -> dict[str, int]:
        """The newest feed cursor of each institution, 0 where there is none: one look for all long polls of a process."""
        c = t.counter.c
        statement = select(c.name, c.value).where(c.name.in_([_FEED + code for code in institutions]))
        found = {row.name.removeprefix(_FEED): int(row.value) for row in self._connection.execute(statement)}
        return {code: found.get(code, 0) for code in institutions}

    def certificates_ending(self, now: datetime, until: datetime) -> list[Certificate]:
        """Good certificates that end between ``now`` and ``until``, the next to end first."""
        c = t.certificate.c
        statement = select(t.certificate).where(c.revoked_at.is_(None), c.not_after > now, c.not_after <= until)
        rows = self._connection.execute(statement.order_by(c.not_after))
        return [Certificate(**row) for row in rows.mappings()]

    def prune_invitations(self, before: datetime) -> int:
        """Delete invitations that expired before then, used or not; returns how many."""
        return self._connection.execute(delete(t.invitation).where(t.invitation.c.expires_at < before)).rowcount

    def prune_audit(self, before: datetime) -> int:
        """Delete audit rows from before then; returns how many."""
        return self._connection.execute(delete(t.audit).where(t.audit.c.at < before)).rowcount

    def counts(self) -> dict[str, int]:
        """How many rows the main tables hold (scans: for the status page)."""
        tables = {
            "hospitals": t.institution,
            "members": t.member,
            "transactions": t.ledger,
            "cases": t.member_case,
        }
        return {
            name: int(self._connection.execute(select(func.count()).select_from(table)).scalar_one())
            for name, table in tables.items()
        }
