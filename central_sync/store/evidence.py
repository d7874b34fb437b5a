"""Repositories of the evidence: the lives of the edges' journals, and the signed roots of their days."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from central_sync.store import tables as t
from central_sync.store.records import JournalLife, SignedRoot
from central_sync.store.statements import insert_new


class Lives:
    """The lives of each institution's journal, one of them present."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def present(self, institution: str) -> JournalLife | None:
        """The life that has not ended."""
        c = t.journal_life.c
        statement = select(t.journal_life).where(c.institution == institution, c.ended_at.is_(None))
        row = self._connection.execute(statement.order_by(c.began_at.desc()).limit(1)).mappings().one_or_none()
        return JournalLife(**row) if row else None

    def get(self, institution: str, life: bytes) -> JournalLife | None:
        """One life, ended or not."""
        c = t.journal_life.c
        statement = select(t.journal_life).where(c.institution == institution, c.life == life)
        row = self._connection.execute(statement).mappings().one_or_none()
        return JournalLife(**row) if row else None

    def count(self, institution: str) -> int:
        """How many lives there were; more than one: a box was restored, set back or exchanged."""
        statement = select(func.count()).where(t.journal_life.c.institution == institution)
        return int(self._connection.execute(statement).scalar_one())

    def begin(self, row: JournalLife) -> bool:
        """Begin a life and end whichever was present; ``False`` if it is known already (then nothing was changed)."""
        if not insert_new(self._connection, t.journal_life, {n: getattr(row, n) for n in JournalLife.__slots__}):
            return False
        c = t.journal_life.c
        others = update(t.journal_life).where(
            c.institution == row.institution, c.life != row.life, c.ended_at.is_(None)
        )
        self._connection.execute(others.values(ended_at=row.began_at))
        return True

    def tell(self, institution: str, life: bytes, run: bytes, head: int, now: datetime) -> None:
        """Keep what an edge told of its life; a head never falls."""
        c = t.journal_life.c
        own = update(t.journal_life).where(c.institution == institution, c.life == life)
        self._connection.execute(own.values(run=run, told_at=now))
        self._connection.execute(own.where(c.head < head).values(head=head))


class Roots:
    """The signed roots. Rows are only ever added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: SignedRoot) -> bool:
        """Keep a root; ``False`` if there is one of that life and day already."""
        return insert_new(self._connection, t.day_root, {name: getattr(row, name) for name in SignedRoot.__slots__})

    def get(self, institution: str, life: bytes, day: date) -> SignedRoot | None:
        """The root of one day of one life."""
        c = t.day_root.c
        statement = select(t.day_root).where(c.institution == institution, c.life == life, c.day == day)
        row = self._connection.execute(statement).mappings().one_or_none()
        return SignedRoot(**row) if row else None

    def of_day(self, institution: str, day: date) -> SignedRoot | None:
        """The root of one day, of the life that had it signed last."""
        c = t.day_root.c
        statement = select(t.day_root).where(c.institution == institution, c.day == day).order_by(c.signed_at.desc())
        row = self._connection.execute(statement.limit(1)).mappings().first()
        return SignedRoot(**row) if row else None

    def newest(self, institution: str) -> date | None:
        """The newest day of which there is a root, of whichever life."""
        statement = select(func.max(t.day_root.c.day)).where(t.day_root.c.institution == institution)
        newest: date | None = self._connection.execute(statement).scalar_one()
        return newest


class Signers:
    """Certificates of the hub's signers, by the names that answers give them. Rows are only ever added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, certificate: str, now: datetime) -> bool:
        """Keep a certificate (PEM); ``False`` if it is known already."""
        return insert_new(self._connection, t.signer, {"name": name, "certificate": certificate, "added_at": now})

    def all(self) -> dict[str, str]:
        """Every certificate by name."""
        rows = self._connection.execute(select(t.signer.c.name, t.signer.c.certificate).order_by(t.signer.c.name))
        return {row.name: row.certificate for row in rows}
