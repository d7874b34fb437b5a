"""Repository of what edges report: the newest of each, the worst of each half hour of a week, and when they were silent.

Reports come in batches, sorted by institution, so that two processes that write at once never wait for each other in a circle. An older
report never takes the place of a newer one, whichever process had it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, or_, select, update

from central_sync.store import fleet_tables as f
from central_sync.store.fleet_records import HUB, HistoryRow, Outage, ReportRow
from central_sync.store.prepared import Prepared, columns
from central_sync.store.statements import insert_new

_REPORT = tuple(ReportRow.__slots__)
_HISTORY = tuple(HistoryRow.__slots__)
_OUTAGE = tuple(Outage.__slots__)


def _keep_report(insert: Any) -> Any:
    made = insert(f.edge_report).values(columns(f.edge_report))
    newer = made.excluded.at > f.edge_report.c.at
    taken = {name: made.excluded[name] for name in ("at", "rises", "body")}
    return made.on_conflict_do_update(index_elements=["institution"], set_=taken, where=newer)


def _keep_history(insert: Any) -> Any:
    """The worse of both if it is the same half hour, else the new one: the ring has come round."""
    made, c = insert(f.edge_history).values(columns(f.edge_history)), f.edge_history.c
    new = made.excluded
    same = c.begins_at == new.begins_at

    def worse(name: str, *, least: bool = False) -> Any:
        beyond = new[name] < c[name] if least else new[name] > c[name]
        return case((same & (c[name].is_not(None)) & ~func.coalesce(beyond, False), c[name]), else_=new[name])

    taken = {
        "begins_at": new.begins_at,
        **{name: worse(name) for name in ("pending", "oldest_s", "skew_ms")},
        "hours_left": worse("hours_left", least=True),
    }
    return made.on_conflict_do_update(index_elements=["institution", "slot"], set_=taken)


_KEEP_REPORT = Prepared(_keep_report)
_KEEP_HISTORY = Prepared(_keep_history)


class Reports:
    """What edges report."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, rows: Sequence[ReportRow]) -> None:
        """Keep the newest of each edge."""
        ordered = sorted(rows, key=lambda row: row.institution)
        _KEEP_REPORT.run_many(self._connection, [{name: getattr(row, name) for name in _REPORT} for row in ordered])

    def since(self, at: datetime | None) -> list[ReportRow]:
        """The newest report of every edge that reported at ``at`` or later; ``None``: of all."""
        statement = select(*(f.edge_report.c[name] for name in _REPORT))
        if at is not None:
            statement = statement.where(f.edge_report.c.at >= at)
        return [ReportRow(*row) for row in self._connection.execute(statement)]

    def of(self, institution: str) -> ReportRow | None:
        """The newest of one edge."""
        statement = select(*(f.edge_report.c[name] for name in _REPORT)).where(
            f.edge_report.c.institution == institution
        )
        row = self._connection.execute(statement).one_or_none()
        return ReportRow(*row) if row else None

    def newest_at(self) -> datetime | None:
        """When any edge was last heard."""
        newest: datetime | None = self._connection.execute(
            select(f.edge_report.c.at).order_by(f.edge_report.c.at.desc()).limit(1)
        ).scalar_one_or_none()
        return newest

    def keep_history(self, rows: Sequence[HistoryRow]) -> None:
        """Let each row be the worst of its slot, if it is."""
        ordered = sorted(rows, key=lambda row: (row.institution, row.slot))
        _KEEP_HISTORY.run_many(self._connection, [{name: getattr(row, name) for name in _HISTORY} for row in ordered])

    def history(self, institution: str, since: datetime) -> list[HistoryRow]:
        """What is kept of one edge, oldest first."""
        c = f.edge_history.c
        statement = select(*(c[name] for name in _HISTORY)).where(c.institution == institution, c.begins_at >= since)
        return [HistoryRow(*row) for row in self._connection.execute(statement.order_by(c.begins_at))]

    def begin_outage(self, institution: str, from_at: datetime) -> bool:
        """An edge is silent since then; ``False`` if that is known."""
        return insert_new(
            self._connection, f.edge_outage, {"institution": institution, "from_at": from_at, "to_at": None}
        )

    def end_outage(self, institution: str, to_at: datetime) -> int:
        """An edge was heard again; how many outages that ends."""
        c = f.edge_outage.c
        still = update(f.edge_outage).where(c.institution == institution, c.to_at.is_(None), c.from_at < to_at)
        return self._connection.execute(still.values(to_at=to_at)).rowcount

    def add_outage(self, row: Outage) -> None:
        """Keep one that is over."""
        insert_new(self._connection, f.edge_outage, {name: getattr(row, name) for name in _OUTAGE})

    def silent(self) -> dict[str, datetime]:
        """Who is silent, and since when."""
        c = f.edge_outage.c
        rows = self._connection.execute(select(c.institution, c.from_at).where(c.to_at.is_(None)))
        return {row.institution: row.from_at for row in rows}

    def outages(self, since: datetime, until: datetime, institution: str = "", rows_max: int = 1000) -> list[Outage]:
        """Outages that touch that time, the newest first: of one institution, or of all and the hub."""
        c = f.edge_outage.c
        statement = select(*(c[name] for name in _OUTAGE)).where(
            c.from_at < until, or_(c.to_at.is_(None), c.to_at > since)
        )
        if institution:
            statement = statement.where(c.institution.in_((institution, HUB)))
        rows = self._connection.execute(statement.order_by(c.from_at.desc(), c.institution).limit(rows_max))
        return [Outage(*row) for row in rows]

    def prune_outages(self, before: datetime) -> int:
        """Delete those that ended before then; returns how many."""
        c = f.edge_outage.c
        return self._connection.execute(f.edge_outage.delete().where(c.to_at < before)).rowcount
