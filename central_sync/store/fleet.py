"""Repositories of the fleet: hospitals, invitations, certificates, HID leases, the feed, the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from central_sync.limits import AUDIT_ROWS_MAX, FEED_ROWS_MAX
from central_sync.store import tables as t
from central_sync.store.prepared import Prepared, keyed
from central_sync.store.records import AuditRow, Certificate, FeedRow, Institution, Invitation, Lease
from central_sync.store.statements import insert_new, next_of

HID_COUNTER = "hid"
_INSTITUTION = Prepared(
    select(*(t.institution.c[name] for name in Institution.__slots__)).where(*keyed(t.institution, "code"))
)
_CERTIFICATES = Prepared(
    select(*(t.certificate.c[name] for name in Certificate.__slots__))
    .where(*keyed(t.certificate, "institution"))
    .order_by(t.certificate.c.issued_at)
)


class Institutions:
    """The hospitals."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Institution) -> bool:
        """Add a hospital; ``False`` if its code is taken."""
        values = {name: getattr(row, name) for name in Institution.__slots__}
        return insert_new(self._connection, t.institution, values)

    def get(self, code: str) -> Institution | None:
        """The hospital of ``code``."""
        row = _INSTITUTION.row(self._connection, {"key_code": code})
        return Institution(*row) if row else None

    def all(self) -> list[Institution]:
        """Every hospital, by code."""
        rows = self._connection.execute(select(t.institution).order_by(t.institution.c.code))
        return [Institution(**row) for row in rows.mappings()]


class Invitations:
    """One-time enrolment codes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Invitation) -> None:
        """Keep a new invitation."""
        self._connection.execute(
            t.invitation.insert().values(
                secret_hash=row.secret_hash, institution=row.institution, expires_at=row.expires_at, used_at=row.used_at
            )
        )

    def use(self, secret_hash: bytes, now: datetime) -> str | None:
        """Use an invitation up: its institution, or ``None`` if it is unknown, used or expired. Only one caller ever gets it."""
        c = t.invitation.c
        statement = (
            update(t.invitation)
            .where(c.secret_hash == secret_hash, c.used_at.is_(None), c.expires_at > now)
            .values(used_at=now)
            .returning(c.institution)
        )
        return self._connection.execute(statement).scalar_one_or_none()

    def withdraw(self, secret_hash: bytes, institution: str, now: datetime) -> bool:
        """End a good invitation of an institution; ``False`` if it is none, was used or has expired."""
        c = t.invitation.c
        mine = and_(c.secret_hash == secret_hash, c.institution == institution)
        good = update(t.invitation).where(mine, c.used_at.is_(None), c.expires_at > now)
        return self._connection.execute(good.values(expires_at=now)).rowcount == 1


class Certificates:
    """The edges' certificates, as issued and revoked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Certificate) -> None:
        """Keep a certificate that was just issued."""
        self._connection.execute(
            t.certificate.insert().values(**{name: getattr(row, name) for name in Certificate.__slots__})
        )

    def get(self, serial: str) -> Certificate | None:
        """The certificate with this serial."""
        row = (
            self._connection.execute(select(t.certificate).where(t.certificate.c.serial == serial))
            .mappings()
            .one_or_none()
        )
        return Certificate(**row) if row else None

    def of(self, institution: str) -> list[Certificate]:
        """An institution's certificates, oldest first."""
        return [Certificate(*row) for row in _CERTIFICATES.rows(self._connection, {"key_institution": institution})]

    def revoke(self, institution: str, now: datetime) -> int:
        """Revoke all of an institution's certificates; returns how many were still good."""
        c = t.certificate.c
        statement = (
            update(t.certificate).where(c.institution == institution, c.revoked_at.is_(None)).values(revoked_at=now)
        )
        return self._connection.execute(statement).rowcount

    def revoke_these(self, serials: Sequence[str], now: datetime) -> int:
        """Revoke certificates by their serials; returns how many were still good."""
        c = t.certificate.c
        good = update(t.certificate).where(c.serial.in_(list(serials)), c.revoked_at.is_(None))
        return self._connection.execute(good.values(revoked_at=now)).rowcount


class Leases:
    """Blocks of HID serials. The counter is one row that every grant counts up: blocks never overlap, whoever grants."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def grant(self, institution: str, serials: int, now: datetime) -> Lease:
        """Lease the next ``serials`` serials to ``institution``."""
        last = next_of(self._connection, HID_COUNTER, serials)
        row = Lease(institution, last - serials + 1, last, now)
        self._connection.execute(t.lease.insert().values(**{name: getattr(row, name) for name in Lease.__slots__}))
        return row

    def holds(self, institution: str, serial: int) -> bool:
        """Whether ``serial`` lies in a block leased to ``institution``."""
        c = t.lease.c
        statement = select(c.first).where(c.institution == institution, c.first <= serial, c.last >= serial).limit(1)
        return self._connection.execute(statement).one_or_none() is not None

    def of(self, institution: str) -> list[Lease]:
        """An institution's blocks, first serial first."""
        c = t.lease.c
        rows = self._connection.execute(select(t.lease).where(c.institution == institution).order_by(c.first))
        return [Lease(**row) for row in rows.mappings()]


class Feeds:
    """What waits for the edges. A cursor is counted up in the unit of work that adds the item and its row stays locked until
    the commit: cursors of one institution appear in order, and no reader can ever step over one.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, institution: str, body: bytes, now: datetime) -> int:
        """Append a packed ``FeedBody``; returns its cursor."""
        cursor = next_of(self._connection, f"feed:{institution}", 1)
        self._connection.execute(t.feed.insert().values(institution=institution, cursor=cursor, at=now, body=body))
        return cursor

    def after(self, institution: str, cursor: int, rows_max: int = FEED_ROWS_MAX) -> list[FeedRow]:
        """What came after ``cursor``, in order."""
        c = t.feed.c
        statement = (
            select(t.feed).where(c.institution == institution, c.cursor > cursor).order_by(c.cursor).limit(rows_max)
        )
        return [FeedRow(**row) for row in self._connection.execute(statement).mappings()]

    def head(self, institution: str) -> int:
        """The newest cursor of an institution, 0 if there is none: one cheap look for a long poll."""
        statement = select(t.counter.c.value).where(t.counter.c.name == f"feed:{institution}")
        return self._connection.execute(statement).scalar_one_or_none() or 0


class Audit:
    """Who did what. Rows are only ever added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, now: datetime, actor: str, action: str, subject: str, detail: str = "") -> None:
        """Note that ``actor`` did ``action`` to ``subject``; none of the texts holds personal data."""
        self._connection.execute(
            t.audit.insert().values(at=now, actor=actor, action=action, subject=subject, detail=detail)
        )

    def latest(self, rows_max: int = AUDIT_ROWS_MAX) -> list[AuditRow]:
        """The newest rows, oldest of them first."""
        rows = self._connection.execute(select(t.audit).order_by(t.audit.c.id.desc()).limit(rows_max)).mappings().all()
        return [AuditRow(**row) for row in reversed(rows)]
