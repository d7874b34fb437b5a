"""The tables of how the edges are: what they report, when they were silent, what alarms; with those of ``tables.py`` they are all there are.

They keep the rules that stand there. Of each edge the newest report is kept whole, and of the time before one row for each slot of a ring: the
tables grow with the number of edges and of alerts, not with time.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from central_sync.store.tables import metadata
from central_sync.store.types import Instant, SerialKey

edge_report = Table(
    "edge_report",
    metadata,
    Column("institution", String(50), primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("rises", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""``at``: by the hub's clock. ``rises``: reports in a row in which more waited than in the one before. ``body``: the report, MessagePack."""

edge_history = Table(
    "edge_history",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("slot", Integer, nullable=False),
    Column("begins_at", Instant, nullable=False),
    Column("pending", BigInteger, nullable=False),
    Column("oldest_s", BigInteger, nullable=False),
    Column("skew_ms", BigInteger, nullable=False),
    Column("hours_left", Float),
    PrimaryKeyConstraint("institution", "slot"),
)
"""The worst of each half hour; ``slot`` is its number modulo the ring's length, so that a week later it is written over."""

edge_outage = Table(
    "edge_outage",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("to_at", Instant),
    PrimaryKeyConstraint("institution", "from_at"),
    Index("ix_edge_outage_from_at", "from_at", "institution"),
    Index(
        "ix_edge_outage_open",
        "institution",
        "from_at",
        sqlite_where=text("to_at IS NULL"),
        postgresql_where=text("to_at IS NULL"),
    ),
)
"""When an edge was silent; ``to_at`` is NULL while it is. The institution ``*`` is the hub itself."""

alert = Table(
    "alert",
    metadata,
    Column("id", SerialKey, primary_key=True, autoincrement=True),
    Column("rule", String(40), nullable=False),
    Column("subject", String(90), nullable=False),
    Column("institution", String(50), nullable=False),
    Column("severity", String(10), nullable=False),
    Column("value", Float, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("cleared_at", Instant),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", String(80), nullable=False, server_default=text("''")),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("untold", Boolean, nullable=False),
    Index("ix_alert_untold", "id", sqlite_where=text("untold"), postgresql_where=text("untold")),
    Index("ix_alert_raised_at", "raised_at", "id"),
    Index(
        "uq_alert_open",
        "rule",
        "subject",
        unique=True,
        sqlite_where=text("cleared_at IS NULL"),
        postgresql_where=text("cleared_at IS NULL"),
    ),
)
"""``institution``: whose scope it falls into; empty: the hub's own. One open alert of a rule and a subject. ``untold``: it was raised or cleared
since anybody was told."""

alert_message = Table(
    "alert_message",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("next_at", Instant, index=True),
    Column("tries", Integer, nullable=False),
    Column("delivered_at", Instant),
    Column("fault", String(80), nullable=False),
)
"""What is to be told to whom (``channel``: a name of the settings), and what came of it; ``next_at`` is NULL when it is done or given up."""
