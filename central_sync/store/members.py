"""Repository of members: persons, their numbers and their covers."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from central_sync.store import tables as t
from central_sync.store.records import Cover, Member
from central_sync.store.statements import insert

_OWN = tuple(name for name in Member.__slots__ if name not in ("group", "covers"))


class Members:
    """Persons as their insurers vouch for them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, kind: str, number: str) -> Member | None:
        """The member with a (normal, checked) identifier."""
        c = t.member_number.c
        statement = select(c.member).where(c.kind == kind, c.number == number)
        key = self._connection.execute(statement).scalar_one_or_none()
        return self.get(key) if key is not None else None

    def get(self, key: str) -> Member | None:
        """The member with this key."""
        row = self._connection.execute(select(t.member).where(t.member.c.id == key)).mappings().one_or_none()
        if row is None:
            return None
        c = t.cover.c
        statement = select(c.layer, c.scheme, c.contract, c.from_day, c.to_day).where(c.member == key).order_by(c.place)
        covers = tuple(Cover(**cover) for cover in self._connection.execute(statement).mappings())
        own = {name: row[name] for name in _OWN}
        return Member(**own, group=row["group_name"], covers=covers)

    def put(self, row: Member) -> bool:
        """Add a member, or replace what is known of one with the same kind and number (its key stays). ``True``: added."""
        connection = self._connection
        names = {"kind": row.kind, "number": row.number}
        known = insert(connection, t.member_number).values(**names, member=row.id)
        known = known.on_conflict_do_update(index_elements=["kind", "number"], set_={"number": row.number})
        key = connection.execute(known.returning(t.member_number.c.member)).scalar_one()
        values = {name: getattr(row, name) for name in _OWN} | {"group_name": row.group, "id": key}
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
