"""What the repository of the edges' states gives and takes: one frozen record for each table's row, without any database in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

HUB = "*"
"""The institution of the hub's own outages."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """The newest report of an edge: when the hub took it, how often in a row its backlog had grown, and the report in MessagePack."""

    institution: str
    at: datetime
    rises: int
    body: bytes


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """The worst that an edge reported in one slot of time."""

    institution: str
    slot: int
    begins_at: datetime
    pending: int
    oldest_s: int
    skew_ms: int
    hours_left: float | None


@dataclass(frozen=True, slots=True)
class Outage:
    """An edge was silent, from when it was last heard until it was heard again; ``None``: it still is."""

    institution: str
    from_at: datetime
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that alarmed: which rule, about what (``institution``: in whose scope it lies; empty: nobody's alone), and what became of it."""

    id: int
    rule: str
    subject: str
    institution: str
    severity: str
    value: float
    raised_at: datetime
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    note: str = ""
    untold: bool = True


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What is to be told over a channel, and what came of it; ``next_at`` is ``None`` when it is done or given up."""

    id: str
    channel: str
    body: str
    made_at: datetime
    next_at: datetime | None
    tries: int = 0
    delivered_at: datetime | None = None
    fault: str = ""
