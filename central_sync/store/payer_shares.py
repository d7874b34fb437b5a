"""Repository of deferred shares: what is to be asked or told at each payer, and what was answered.

Whoever is about to ask takes rows first: their ``next_at`` moves into the future, so that nobody else asks meanwhile, and so that they
are asked again if the process dies. Nothing is asked while a unit of work is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select, text, tuple_, update

from central_sync.store.prepared import Changes, Prepared, columns, keyed
from central_sync.store.review_records import PayerShare, Unanswered
from central_sync.store.review_tables import payer_share

_NAMES = tuple(PayerShare.__slots__)
_KEY = ("member", "settlement_id", "place", "round")
_ALL = select(*(payer_share.c[name] for name in _NAMES))
_ADD = Prepared(payer_share.insert().values(columns(payer_share)))
_OF = Prepared(
    _ALL.where(*keyed(payer_share, "member", "settlement_id")).order_by(payer_share.c.place, payer_share.c.round)
)
_LOCK = Prepared(_ALL.where(*keyed(payer_share, *_KEY)).with_for_update())
_CHANGES = Changes(payer_share, *_KEY)
_GIVEN_UP = text("next_at IS NULL AND state IN ('asking', 'taking_back')")
_ANSWERED = text("answered_at IS NOT NULL")
"""In the words of their indexes: only so do both databases use them."""


class PayerShares:
    """Deferred shares."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: PayerShare) -> None:
        """Keep a new one."""
        _ADD.run(self._connection, {name: getattr(row, name) for name in _NAMES})

    def of(self, member: str, settlement_id: str) -> list[PayerShare]:
        """Those of one settlement, of all rounds, in order."""
        key = {"key_member": member, "key_settlement_id": settlement_id}
        return [PayerShare(*row) for row in _OF.rows(self._connection, key)]

    def locked(self, row: PayerShare) -> PayerShare:
        """``row`` as it is now; nobody else changes it until the unit of work ends."""
        found = _LOCK.row(self._connection, {f"key_{name}": getattr(row, name) for name in _KEY})
        assert found is not None, "a deferred share is never deleted"
        return PayerShare(*found)

    def change(self, row: PayerShare, **values: Any) -> None:
        """Set columns of a locked row."""
        _CHANGES.run(self._connection, tuple(getattr(row, name) for name in _KEY), values)

    def take(self, payer: str, now: datetime, until: datetime, rows_max: int) -> list[PayerShare]:
        """Some that are due at ``payer``, the longest due first; nobody else takes them before ``until``."""
        c = payer_share.c
        statement = _ALL.where(c.payer == payer, c.next_at <= now).order_by(c.next_at).limit(rows_max)
        rows = [
            PayerShare(**row)
            for row in self._connection.execute(statement.with_for_update(skip_locked=True)).mappings()
        ]
        self._put_off(rows, until)
        return rows

    def due(self, payer: str, now: datetime) -> bool:
        """Whether anything is due at ``payer``."""
        c = payer_share.c
        statement = select(c.place).where(c.payer == payer, c.next_at <= now).limit(1)
        return self._connection.execute(statement).first() is not None

    def put_off(self, rows: Sequence[PayerShare], taken_until: datetime, until: datetime) -> None:
        """Give rows that were taken ``taken_until`` back, to be asked at ``until``; those that changed since are left alone."""
        c = payer_share.c
        keys = [tuple(getattr(row, name) for name in _KEY) for row in rows]
        if keys:
            here = and_(tuple_(*(c[name] for name in _KEY)).in_(keys), c.next_at == taken_until)
            self._connection.execute(update(payer_share).where(here).values(next_at=until))

    def wake(self, payer: str, now: datetime, states: Sequence[str], rows_max: int) -> int:
        """Make some of what still waits for ``payer`` after a try that failed due; returns how many."""
        c = payer_share.c
        waiting = and_(c.payer == payer, c.state.in_(states), c.tries > 0, c.next_at.is_distinct_from(now))
        keys = tuple_(*(c[name] for name in _KEY))
        some = select(*(c[name] for name in _KEY)).where(waiting).limit(rows_max)
        return self._connection.execute(update(payer_share).where(keys.in_(some)).values(next_at=now)).rowcount

    def given_up(self, payer: str) -> bool:
        """Whether anything is open at ``payer`` that no clock will bring back."""
        statement = select(payer_share.c.place).where(payer_share.c.payer == payer, _GIVEN_UP).limit(1)
        return self._connection.execute(statement).first() is not None

    def payers(self) -> list[str]:
        """Whose shares there are, by code. Each is one step in an index, however many shares it has."""
        found: list[str] = []
        while True:
            statement = select(func.min(payer_share.c.payer)).where(payer_share.c.payer > (found[-1] if found else ""))
            code = self._connection.execute(statement).scalar()
            if code is None:
                return found
            found.append(code)

    def unanswered(self, payer: str, before: datetime) -> list[Unanswered]:
        """What is open at ``payer`` of what was settled until ``before``, by institution. What has an answer has no ``next_at``: by the indexes of what is
        due and of what was given up only open shares are gone through.
        """
        c, found = payer_share.c, dict[str, Unanswered]()
        last = self._connection.execute(select(func.max(c.answered_at)).where(c.payer == payer, _ANSWERED)).scalar()
        silent = c.tries > 0 if last is None else and_(c.tries > 0, c.signed_at > last)
        one, tries, signed = (
            func.sum(case((silent, 1), else_=0)),
            func.sum(case((silent, c.tries), else_=0)),
            func.min(case((silent, c.signed_at))),
        )
        for open_ in (c.next_at.is_not(None), _GIVEN_UP):
            statement = select(c.institution, func.min(c.signed_at), func.count(), one, tries, signed)
            statement = statement.where(c.payer == payer, open_, c.signed_at <= before).group_by(c.institution)
            for row in map(Unanswered._make, self._connection.execute(statement)):
                known = found.get(row.institution)
                found[row.institution] = row if known is None else _together(known, row)
        return list(found.values())

    def probe(self, payer: str, at: datetime) -> PayerShare | None:
        """Where everything that is open at ``payer`` was given up, have it asked about one share at ``at``, the least often tried; returns
        it. ``None``: nothing was given up, or there is something that will be asked. Of several who want this at once one does it.
        """
        c = payer_share.c
        others = select(c.place).where(c.payer == payer, c.next_at.is_not(None)).limit(1)
        statement = (
            _ALL.where(c.payer == payer, _GIVEN_UP)
            .order_by(c.tries, *(c[name] for name in _KEY))
            .limit(1)
            .with_for_update()
        )
        row = self._connection.execute(statement).mappings().first()
        if row is None or self._connection.execute(others).first() is not None:  # looked at behind the lock
            return None
        self.change(PayerShare(**row), next_at=at)
        return PayerShare(**{**row, "next_at": at})

    def _put_off(self, rows: Sequence[PayerShare], until: datetime) -> None:
        for row in rows:
            self.change(row, next_at=until)


def _together(one: Unanswered, other: Unanswered) -> Unanswered:
    silent = [at for at in (one.silent_since, other.silent_since) if at is not None]
    return Unanswered(
        one.institution,
        min(one.since, other.since),
        one.shares + other.shares,
        one.claims + other.claims,
        int(one.tries) + int(other.tries),
        min(silent, default=None),
    )
