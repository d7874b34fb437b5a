"""Repository for finding one transaction, case or settlement again by an id that somebody holds.

A msgid is an institution's own: without its institution it is looked for at each (a look by the primary key: ten thousand take milliseconds, and
the ledger needs no index that every transaction would pay for).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, literal, or_, select, union_all

from central_sync.store import tables as t
from central_sync.store.console_records import FoundTransaction
from central_sync.store.lookups import Scope, within
from central_sync.store.records import Case, Settlement

_TRANSACTION = tuple(name for name in FoundTransaction.__slots__ if name != "known")
_CASE = tuple(Case.__slots__)
_CODES = select(t.institution.c.code).order_by(t.institution.c.code)
CODES_AT_ONCE = 500


class Finding:
    """Looks by id, within a scope."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def transactions(self, msgid: str, scope: Scope, rows_max: int) -> list[FoundTransaction]:
        """The transactions of that msgid, of whichever institution."""
        c, found = t.ledger.c, list[FoundTransaction]()
        for codes in self._institutions(scope):
            statement = _listed().where(c.institution.in_(codes), c.msgid == msgid).order_by(c.institution)
            found += self._found(statement.limit(rows_max - len(found)))
            if len(found) >= rows_max:
                break
        return found

    def of_case(
        self, institution: str, hid: str, after: tuple[datetime, str] | None, rows_max: int
    ) -> list[FoundTransaction]:
        """The transactions of one case, as they were decided."""
        c = t.ledger.c
        statement = _listed().where(c.institution == institution, c.hid == hid, c.hid != "")
        if after is not None:
            at = literal(after[0], c.decided_at.type)
            statement = statement.where(or_(c.decided_at > at, and_(c.decided_at == at, c.msgid > after[1])))
        return self._found(statement.order_by(c.decided_at, c.msgid).limit(rows_max))

    def latest(self, institutions: Sequence[str], rows_max: int) -> list[FoundTransaction]:
        """The transactions that the edges of ``institutions`` (at most ``CODES_AT_ONCE``) recorded last, the newest first: of each so many by its own
        index, then the newest of those.
        """
        c = t.ledger.c
        listed = _listed().where(c.recorded_at.is_not(None)).order_by(c.recorded_at.desc()).limit(rows_max)
        each = [select(listed.where(c.institution == code).subquery()) for code in sorted(institutions)[:CODES_AT_ONCE]]
        if not each:
            return []
        whole = union_all(*each).subquery()
        return self._found(select(whole).order_by(whole.c.recorded_at.desc(), whole.c.msgid).limit(rows_max))

    def cases(self, hid: str, scope: Scope, rows_max: int) -> list[Case]:
        """The cases of that HID, of whichever institution."""
        c, own, found = t.hid_use.c, t.member_case.c, list[Case]()
        used = t.hid_use.join(t.member_case, and_(own.member == c.member, own.hid == c.hid))
        for codes in self._institutions(scope):
            statement = select(*(own[name] for name in _CASE)).select_from(used)
            statement = statement.where(c.institution.in_(codes), c.hid == hid).limit(rows_max - len(found))
            found += [Case(**row) for row in self._connection.execute(statement).mappings()]
            if len(found) >= rows_max:
                break
        return found

    def settlement(self, settlement_id: str, scope: Scope) -> Settlement | None:
        """The settlement of that id."""
        c = t.settlement.c
        statement = select(t.settlement).where(c.id == settlement_id, within(scope, c.institution))
        row = self._connection.execute(statement.limit(1)).mappings().first()
        return Settlement(**row) if row else None

    def members(self, number: str, kinds: Sequence[str]) -> list[str]:
        """The members to whom that whole number belongs, of whichever kind."""
        c = t.member_number.c
        statement = select(c.member).where(c.kind.in_(list(kinds)), c.number == number).order_by(c.kind)
        return list(self._connection.execute(statement).scalars())

    def cases_of(self, member: str, scope: Scope, after: tuple[date, str] | None, rows_max: int) -> list[Case]:
        """A member's cases, the newest first."""
        c = t.member_case.c
        statement = select(*(c[name] for name in _CASE)).where(c.member == member, within(scope, c.institution))
        if after is not None:
            day = literal(after[0], c.opened_on.type)
            statement = statement.where(or_(c.opened_on < day, and_(c.opened_on == day, c.hid > after[1])))
        statement = statement.order_by(c.opened_on.desc(), c.hid).limit(rows_max)
        return [Case(**row) for row in self._connection.execute(statement).mappings()]

    def _institutions(self, scope: Scope) -> Iterator[list[str]]:
        """The codes to look at, some at a time: a join would leave it to the database's guess which of the two tables it walks through."""
        codes = sorted(scope) if scope is not None else list(self._connection.execute(_CODES).scalars())
        for start in range(0, len(codes), CODES_AT_ONCE):
            yield codes[start : start + CODES_AT_ONCE]

    def _found(self, statement: Select[Any]) -> list[FoundTransaction]:
        return [FoundTransaction(**row) for row in self._connection.execute(statement).mappings()]


def _listed() -> Select[Any]:
    c = t.ledger.c
    return select(*(c[name] for name in _TRANSACTION), c.digest.is_not(None).label("known"))
