"""Repository of what alarms, and of what is told of it.

Of several processes that raise the same alert one succeeds: there is one open alert of a rule and a subject. Whoever is about to deliver a
message takes it first: its ``next_at`` moves into the future, so that nobody else sends it meanwhile, and so that it is sent again if the
process dies.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, text, update

from central_sync.store import fleet_tables as f
from central_sync.store import tables as t
from central_sync.store.fleet_records import Alert, AlertMessage
from central_sync.store.statements import insert

_ALERT = tuple(Alert.__slots__)
_MESSAGE = tuple(AlertMessage.__slots__)
_OPEN = text("cleared_at IS NULL")


class Alerts:
    """What alarms."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def raise_(self, rule: str, subject: str, institution: str, severity: str, value: float, now: datetime) -> bool:
        """Raise an alert; ``False`` if it is open already."""
        values = {
            "rule": rule, "subject": subject, "institution": institution, "severity": severity, "value": value, "raised_at": now,
            "untold": True,
        }  # fmt: skip
        statement = insert(self._connection, f.alert).values(**values)
        statement = statement.on_conflict_do_nothing(index_elements=["rule", "subject"], index_where=_OPEN)
        return self._connection.execute(statement.returning(f.alert.c.id)).first() is not None

    def clear(self, rule: str, subject: str, now: datetime) -> bool:
        """Clear the open alert; ``False`` if there is none."""
        c = f.alert.c
        still = update(f.alert).where(c.rule == rule, c.subject == subject, c.cleared_at.is_(None))
        return bool(self._connection.execute(still.values(cleared_at=now, untold=True)).rowcount)

    def open_keys(self) -> list[tuple[str, str]]:
        """Rule and subject of every open alert."""
        c = f.alert.c
        rows = self._connection.execute(select(c.rule, c.subject).where(c.cleared_at.is_(None)))
        return [(row.rule, row.subject) for row in rows]

    def get(self, alert_id: int) -> Alert | None:
        """The alert of this number."""
        row = self._connection.execute(_alerts().where(f.alert.c.id == alert_id)).one_or_none()
        return Alert(*row) if row else None

    def acknowledge(self, alert_id: int, by: str, note: str, now: datetime) -> bool:
        """Somebody sees to an open alert; ``False`` if it is not open, or somebody did before."""
        c = f.alert.c
        fresh = update(f.alert).where(c.id == alert_id, c.cleared_at.is_(None), c.acknowledged_at.is_(None))
        values = {"acknowledged_at": now, "acknowledged_by": by, "note": note}
        return bool(self._connection.execute(fresh.values(values)).rowcount)

    def page(
        self,
        *,
        still_open: bool,
        scope: Collection[str] | None,
        before: tuple[datetime, int] | None,
        rows_max: int,
        institution: str = "",
    ) -> list[Alert]:
        """Alerts, the newest first, behind ``before`` (an alert's ``raised_at`` and ``id``): those that are open, or those that are over;
        with a ``scope``, of its hospitals alone; of one ``institution`` alone if it is named.
        """
        c = f.alert.c
        statement = _alerts().where(c.cleared_at.is_(None) if still_open else c.cleared_at.is_not(None))
        if scope is not None:
            statement = statement.where(c.institution.in_(sorted(scope)))
        if institution:
            statement = statement.where(c.institution == institution)
        if before is not None:
            at, number = before
            statement = statement.where(or_(c.raised_at < at, and_(c.raised_at == at, c.id < number)))
        rows = self._connection.execute(statement.order_by(c.raised_at.desc(), c.id.desc()).limit(rows_max))
        return [Alert(*row) for row in rows]

    def counts(self, scope: Collection[str] | None) -> dict[str, int]:
        """How many are open, by severity."""
        c = f.alert.c
        statement = select(c.severity, func.count()).where(c.cleared_at.is_(None)).group_by(c.severity)
        if scope is not None:
            statement = statement.where(c.institution.in_(sorted(scope)))
        return {severity: int(count) for severity, count in self._connection.execute(statement)}

    def newest_open(self, scope: Collection[str] | None) -> int:
        """The number of the alert that was raised last and is open; 0: none is."""
        c = f.alert.c
        statement = select(func.coalesce(func.max(c.id), 0)).where(c.cleared_at.is_(None))
        if scope is not None:
            statement = statement.where(c.institution.in_(sorted(scope)))
        return int(self._connection.execute(statement).scalar_one())

    def any_untold(self) -> bool:
        """Whether anything was raised or cleared since anybody was told."""
        return self._connection.execute(select(f.alert.c.id).where(text("untold")).limit(1)).first() is not None

    def take_untold(self) -> list[Alert]:
        """What was raised or cleared since, oldest first; it counts as told from now on."""
        taken = update(f.alert).where(text("untold")).values(untold=False)
        rows = self._connection.execute(taken.returning(*(f.alert.c[name] for name in _ALERT)))
        return sorted((Alert(*row) for row in rows), key=lambda row: row.id)

    def prune(self, before: datetime) -> int:
        """Delete those that were cleared before then; returns how many."""
        return self._connection.execute(f.alert.delete().where(f.alert.c.cleared_at < before)).rowcount

    # -- what only the database knows ---------------------------------------------------------------------------

    def awaited_since(self) -> dict[str, date]:
        """The oldest business day with a settlement that awaits its confirmation, of each hospital that has one."""
        c = t.settlement.c
        statement = select(c.institution, func.min(c.business_day)).where(c.confirmation == "awaited")
        return {row[0]: row[1] for row in self._connection.execute(statement.group_by(c.institution))}


class AlertMessages:
    """What is told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: AlertMessage) -> None:
        """Keep a new one."""
        self._connection.execute(f.alert_message.insert().values(**{name: getattr(row, name) for name in _MESSAGE}))

    def made_since(self, channel: str, since: datetime) -> list[datetime]:
        """When the messages of a channel were made, from then on."""
        c = f.alert_message.c
        rows = self._connection.execute(select(c.made_at).where(c.channel == channel, c.made_at >= since))
        return sorted(rows.scalars())

    def take(self, channel: str, now: datetime, until: datetime, rows_max: int) -> list[AlertMessage]:
        """Some that are due, the oldest first; nobody else takes them before ``until``."""
        c = f.alert_message.c
        due = _messages().where(c.channel == channel, c.next_at <= now).order_by(c.next_at, c.made_at).limit(rows_max)
        rows = [AlertMessage(*row) for row in self._connection.execute(due.with_for_update(skip_locked=True))]
        taken = update(f.alert_message).where(c.id.in_([row.id for row in rows]))
        if rows:
            self._connection.execute(taken.values(next_at=until))
        return rows

    def due(self, channel: str, now: datetime) -> bool:
        """Whether any is due."""
        c = f.alert_message.c
        statement = select(c.id).where(c.channel == channel, c.next_at <= now).limit(1)
        return self._connection.execute(statement).first() is not None

    def delivered(self, message_id: str, now: datetime) -> None:
        """It was taken."""
        self._change(message_id, next_at=None, delivered_at=now, fault="")

    def failed(self, message_id: str, tries: int, next_at: datetime | None, fault: str) -> None:
        """It was not taken; again at ``next_at``, or never."""
        self._change(message_id, next_at=next_at, tries=tries, fault=fault)

    def latest(self, rows_max: int) -> list[AlertMessage]:
        """The newest, newest first."""
        rows = self._connection.execute(_messages().order_by(f.alert_message.c.made_at.desc()).limit(rows_max))
        return [AlertMessage(*row) for row in rows]

    def prune(self, before: datetime) -> int:
        """Delete those made before then; returns how many."""
        return self._connection.execute(f.alert_message.delete().where(f.alert_message.c.made_at < before)).rowcount

    def _change(self, message_id: str, **values: Any) -> None:
        self._connection.execute(update(f.alert_message).where(f.alert_message.c.id == message_id).values(**values))


def _alerts() -> Select[Any]:
    return select(*(f.alert.c[name] for name in _ALERT))


def _messages() -> Select[Any]:
    return select(*(f.alert_message.c[name] for name in _MESSAGE))
