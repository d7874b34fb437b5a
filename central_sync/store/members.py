"""Repository of members: persons, their numbers and their covers."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, func, select

from central_sync.store import tables as t
from central_sync.store.prepared import Prepared, keyed
from central_sync.store.records import Approval, Cover, Member
from central_sync.store.statements import insert

_OWN = tuple(name for name in Member.__slots__ if name not in ("group", "covers", "approvals"))
_COVER = tuple(Cover.__slots__)
_FIND = Prepared(select(t.member_number.c.member).where(*keyed(t.member_number, "kind", "number")))
_GET = Prepared(
    select(
        *(t.member.c[name] for name in _OWN),
        t.member.c.group_name,
        t.member.c.approvals,
        *(t.cover.c[name].label(f"cover_{name}") for name in _COVER),
    )
    .outerjoin(t.cover, t.cover.c.member == t.member.c.id)
    .where(*keyed(t.member, "id"))
    .order_by(t.cover.c.place)
)
"""One statement: an import that commits between two could leave the old group beside the new covers."""


class Members:
    """Persons as their insurers vouch for them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, kind: str, number: str) -> Member | None:
        """The member with a (normal, checked) identifier."""
        found = _FIND.row(self._connection, {"key_kind": kind, "key_number": number})
        return self.get(found[0]) if found is not None else None

    def get(self, key: str) -> Member | None:
        """The member with this key."""
        rows = _GET.rows(self._connection, {"key_id": key})
        if not rows:
            return None
        own, first = len(_OWN), len(_OWN) + 2
        return Member(
            **dict(zip(_OWN, rows[0], strict=False)),
            group=rows[0][own],
            covers=tuple(Cover(*row[first:]) for row in rows if row[first] is not None),
            approvals=_approvals(rows[0][own + 1]),
        )

    def put(self, row: Member) -> bool:
        """Add a member, or replace what is known of one with the same kind and number (its key stays). ``True``: added."""
        connection = self._connection
        names = {"kind": row.kind, "number": row.number}
        known = insert(connection, t.member_number).values(**names, member=row.id)
        known = known.on_conflict_do_update(index_elements=["kind", "number"], set_={"number": row.number})
        key = connection.execute(known.returning(t.member_number.c.member)).scalar_one()
        approvals = msgspec.msgpack.encode(row.approvals) if row.approvals else None
        values = {name: getattr(row, name) for name in _OWN}
        values |= {"group_name": row.group, "approvals": approvals, "id": key}
        statement = insert(connection, t.member).values(**values)
        rest = {name: value for name, value in values.items() if name != "id"}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=rest))
        connection.execute(delete(t.cover).where(t.cover.c.member == key))
        if row.covers:
            connection.execute(
                t.cover.insert(),
                [
                    {"member": key, "place": place} | {name: getattr(cover, name) for name in Cover.__slots__}
                    for place, cover in enumerate(row.covers)
                ],
            )
        return bool(key == row.id)

    def count(self) -> int:
        """How many members are known."""
        return int(self._connection.execute(select(func.count()).select_from(t.member)).scalar_one())


def _approvals(packed: bytes | None) -> tuple[Approval, ...]:
    return msgspec.msgpack.decode(packed, type=tuple[Approval, ...]) if packed else ()
