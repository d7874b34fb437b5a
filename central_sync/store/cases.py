"""Repositories of cases and of the lines of their bills.

Whoever changes a case locks it first (``cases.get(..., lock=True)``): all that stands on it waits for the unit of work.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, select, update

from central_sync.store import tables as t
from central_sync.store.prepared import Changes, Prepared, columns, keyed
from central_sync.store.records import Case, FeeLine

_CASE = tuple(Case.__slots__)
_LINE = tuple(FeeLine.__slots__)
_USE = Prepared(
    lambda insert: (
        insert(t.hid_use).values(columns(t.hid_use)).on_conflict_do_nothing(index_elements=["institution", "hid"])
    )
)
_OPEN = Prepared(t.member_case.insert().values(columns(t.member_case)))
_OWNER = Prepared(select(t.hid_use.c.member).where(*keyed(t.hid_use, "institution", "hid")))
_ROW = select(*(t.member_case.c[name] for name in _CASE)).where(*keyed(t.member_case, "member", "hid", "institution"))
_GET, _LOCK = Prepared(_ROW), Prepared(_ROW.with_for_update())
_CHANGES = Changes(t.member_case, "member", "hid")
_BEFORE = (
    select(*(t.member_case.c[name] for name in _CASE))
    .where(
        *keyed(t.member_case, "member"),
        t.member_case.c.hid != bindparam("hid", type_=t.member_case.c.hid.type),
        t.member_case.c.opened_on <= bindparam("until", type_=t.member_case.c.opened_on.type),
        t.member_case.c.state != "cancelled",
    )
    .order_by(t.member_case.c.opened_on.desc(), t.member_case.c.hid)
    .limit(bindparam("rows_max", type_=Integer))
)
_OTHERS = Prepared(_BEFORE)
_OTHERS_OF = Prepared(_BEFORE.where(t.member_case.c.care == bindparam("care", type_=t.member_case.c.care.type)))
_OF_CASE = keyed(t.fee_line, "member", "hid")
_STANDING = Prepared(
    select(*(t.fee_line.c[name] for name in _LINE))
    .where(*_OF_CASE, t.fee_line.c.cancelled_by == "")
    .order_by(t.fee_line.c.place)
)
_SERIALS = Prepared(select(t.fee_line.c.serial).where(*_OF_CASE, t.fee_line.c.cancelled_by == ""))
_LAST = Prepared(select(func.max(t.fee_line.c.place)).where(*_OF_CASE))
_ADD = Prepared(t.fee_line.insert().values(columns(t.fee_line)))


class Cases:
    """Visits and admissions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, row: Case) -> bool:
        """Use a HID up for a new case; ``False`` if it was used before (then nothing was written)."""
        use = {"institution": row.institution, "hid": row.hid, "member": row.member, "care": row.care}
        if _USE.run(self._connection, use) == 0:
            return False
        _OPEN.run(self._connection, {name: getattr(row, name) for name in _CASE})
        return True

    def get(self, institution: str, hid: str, *, lock: bool = False) -> Case | None:
        """An institution's own case; a stranger's HID finds nothing. With ``lock``, nobody else changes it until the unit of work ends."""
        owner = _OWNER.row(self._connection, {"key_institution": institution, "key_hid": hid})
        if owner is None:
            return None
        key = {"key_member": owner[0], "key_hid": hid, "key_institution": institution}
        row = (_LOCK if lock else _GET).row(self._connection, key)
        return Case(*row) if row else None

    def others(self, member: str, hid: str, until: date, care: str, rows_max: int) -> list[Case]:
        """A member's other cases of that care (empty: of any), at any institution, that began until that day; the newest first."""
        values = {"key_member": member, "hid": hid, "until": until, "care": care, "rows_max": rows_max}
        return [Case(*row) for row in (_OTHERS_OF if care else _OTHERS).rows(self._connection, values)]

    def change(self, case: Case, **values: Any) -> None:
        """Set columns of a locked case."""
        _CHANGES.run(self._connection, (case.member, case.hid), values)


class Fees:
    """The lines of the cases' bills."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def standing(self, case: Case) -> list[FeeLine]:
        """The lines that are not cancelled, in the order in which they came."""
        return [FeeLine(*row) for row in _STANDING.rows(self._connection, _key(case))]

    def items_of(self, member: str, hids: Sequence[str], items: Sequence[str]) -> dict[str, set[str]]:
        """Which of ``items`` stand on the bills of some of a member's cases, by HID."""
        c = t.fee_line.c
        statement = select(c.hid, c.item).where(c.member == member, c.hid.in_(hids), c.item.in_(items))
        statement = statement.where(c.cancelled_by == "").distinct()
        found: dict[str, set[str]] = {}
        for hid, item in self._connection.execute(statement) if hids else ():
            found.setdefault(hid, set()).add(item)
        return found

    def serials(self, case: Case) -> set[str]:
        """The serials of the lines that are not cancelled."""
        return {serial for (serial,) in _SERIALS.rows(self._connection, _key(case))}

    def places(self, case: Case) -> int:
        """How many lines the case ever had, cancelled ones too; the next line's ``place``."""
        ((last,),) = _LAST.rows(self._connection, _key(case))
        return 0 if last is None else int(last) + 1

    def add(self, rows: Sequence[FeeLine]) -> None:
        """Add lines to a locked case."""
        _ADD.run_many(self._connection, [{name: getattr(row, name) for name in _LINE} for row in rows])

    def settle(self, case: Case, settlement_id: str, until: date) -> None:
        """Give the lines of a locked case up to and with that day that no interim settlement holds to this one."""
        c = t.fee_line.c
        self._connection.execute(
            update(t.fee_line)
            .where(c.member == case.member, c.hid == case.hid, c.cancelled_by == "", c.settled_by == "")
            .where(c.service_date <= until)
            .values(settled_by=settlement_id)
        )

    def resettle(self, case: Case, before: str, settlement_id: str) -> None:
        """Give the lines of a locked case that one interim settlement holds to the one that replaces it."""
        c = t.fee_line.c
        self._connection.execute(
            update(t.fee_line)
            .where(c.member == case.member, c.hid == case.hid, c.settled_by == before)
            .values(settled_by=settlement_id)
        )

    def unsettle(self, case: Case, settlement_id: str) -> None:
        """Take the lines of a locked case from an interim settlement that is no longer in force."""
        c = t.fee_line.c
        self._connection.execute(
            update(t.fee_line)
            .where(c.member == case.member, c.hid == case.hid, c.settled_by == settlement_id)
            .values(settled_by="")
        )

    def cancel(self, case: Case, places: Sequence[int], msgid: str) -> None:
        """Take lines of a locked case off its bill, naming the transaction that did it."""
        c = t.fee_line.c
        self._connection.execute(
            update(t.fee_line)
            .where(c.member == case.member, c.hid == case.hid, c.place.in_(places))
            .values(cancelled_by=msgid)
        )


def _key(case: Case) -> dict[str, str]:
    return {"key_member": case.member, "key_hid": case.hid}
