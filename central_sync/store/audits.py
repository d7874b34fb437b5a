"""Repository of the hub's own audits of settlements: the mark that one is to be judged, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, or_, select, tuple_, update

from central_sync.store.prepared import Prepared, columns, keyed
from central_sync.store.review_records import SettledAudit
from central_sync.store.review_tables import settled_audit as table

_NAMES = tuple(SettledAudit.__slots__)
_KEY = ("member", "settlement_id")
_ALL = select(*(table.c[name] for name in _NAMES))
_GET = Prepared(_ALL.where(*keyed(table, *_KEY)))
_WANT = Prepared(
    lambda insert: (
        insert(table)
        .values(
            **{name: bindparam(name, type_=table.c[name].type) for name in (*_KEY, "institution", "hid", "due_at")},
            wanted=1,
            tries=0,
            rules="",
            total=0,
            deduction=0,
            findings=b"",
        )
        .on_conflict_do_update(
            index_elements=list(_KEY),
            set_={
                "wanted": table.c.wanted + 1,
                "due_at": bindparam("due_at", type_=table.c.due_at.type),
                "tries": 0,
            },
        )
    )
)
_AGAIN = Prepared(
    update(table)
    .where(table.c.member == bindparam("key_member", type_=table.c.member.type))
    .values(wanted=table.c.wanted + 1, due_at=bindparam("due_at", type_=table.c.due_at.type), tries=0)
)
_JUDGED = Prepared(
    update(table)
    .where(*keyed(table, *_KEY, "wanted"), table.c.due_at.is_not(None))
    .values(due_at=None, tries=0, **columns(table, "rules", "judged_at", "total", "deduction", "findings"))
)


class Audits:
    """Audits of settlements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def want(self, member: str, settlement_id: str, institution: str, hid: str, now: datetime) -> None:
        """Mark a settlement to be judged (again)."""
        values = {
            "member": member,
            "settlement_id": settlement_id,
            "institution": institution,
            "hid": hid,
            "due_at": now,
        }
        _WANT.run(self._connection, values)

    def want_of_member(self, member: str, now: datetime) -> int:
        """Mark all settlements of a member to be judged again; returns how many there are."""
        return _AGAIN.run(self._connection, {"key_member": member, "due_at": now})

    def want_other_rules(self, rules: str, since: datetime, now: datetime, rows_max: int) -> int:
        """Mark some of what other rules than these judged last, since then; returns how many."""
        c = table.c
        others = and_(c.due_at.is_(None), c.rules != rules, or_(c.judged_at.is_(None), c.judged_at >= since))
        some = select(c.member, c.settlement_id).where(others).limit(rows_max).with_for_update(skip_locked=True)
        other = update(table).where(tuple_(c.member, c.settlement_id).in_(some))
        return self._connection.execute(other.values(wanted=c.wanted + 1, due_at=now, tries=0)).rowcount

    def get(self, member: str, settlement_id: str) -> SettledAudit | None:
        """What was found in a settlement."""
        row = _GET.row(self._connection, {"key_member": member, "key_settlement_id": settlement_id})
        return SettledAudit(*row) if row else None

    def due(self, now: datetime, rows_max: int) -> list[SettledAudit]:
        """Some that are to be judged now, what was marked last first: a patient's settlement of today goes before last year's under new rules."""
        statement = _ALL.where(table.c.due_at <= now).order_by(table.c.due_at.desc()).limit(rows_max)
        return [SettledAudit(**row) for row in self._connection.execute(statement).mappings()]

    def take(self, now: datetime, until: datetime, rows_max: int) -> list[SettledAudit]:
        """The same, for this process alone until then."""
        c = table.c
        statement = _ALL.where(c.due_at <= now).order_by(c.due_at.desc()).limit(rows_max)
        taken = self._connection.execute(statement.with_for_update(skip_locked=True)).mappings()
        rows = [SettledAudit(**row) for row in taken]
        keys = [(row.member, row.settlement_id) for row in rows]
        if keys:
            mine = tuple_(c.member, c.settlement_id).in_(keys)
            self._connection.execute(update(table).where(mine).values(due_at=until))
        return rows

    def free(self, rows: Sequence[SettledAudit]) -> list[SettledAudit]:
        """Those of ``rows`` whose marks nobody else holds now; they are held until the unit of work ends. A member file holds many marks for
        long: whoever waited for one of them while it holds others would be waited for in turn.
        """
        c = table.c
        keys = [(row.member, row.settlement_id) for row in rows]
        if not keys:
            return []
        statement = select(c.member, c.settlement_id).where(tuple_(c.member, c.settlement_id).in_(keys))
        held = {tuple(row) for row in self._connection.execute(statement.with_for_update(skip_locked=True))}
        return [row for row, key in zip(rows, keys, strict=True) if key in held]

    def judged(self, row: SettledAudit, rules: str, now: datetime, total: int, deduction: int, findings: bytes) -> bool:
        """Keep what was found, and take the mark away; ``False`` (and nothing kept) if it was marked anew meanwhile."""
        found = {"rules": rules, "judged_at": now, "total": total, "deduction": deduction, "findings": findings}
        key = {"key_member": row.member, "key_settlement_id": row.settlement_id, "key_wanted": row.wanted}
        return _JUDGED.run(self._connection, {**key, **found}) == 1

    def failed(self, row: SettledAudit, due_at: datetime | None) -> None:
        """One try more that came to nothing; the next is at ``due_at``, or never."""
        c = table.c
        same = update(table).where(c.member == row.member, c.settlement_id == row.settlement_id, c.wanted == row.wanted)
        self._connection.execute(same.values(tries=c.tries + 1, due_at=due_at))
