"""The tables of what other payers say and of what waits for a person; with those of ``tables.py`` they are all there are.

They keep the rules that stand there. The review queue is no hot table: it is read by people, and its rows are found by their id.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
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
from central_sync.store.types import Instant

payer_share = Table(
    "payer_share",
    metadata,
    Column("member", String(40), nullable=False),
    Column("settlement_id", String(40), nullable=False),
    Column("place", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("institution", String(50), nullable=False),
    Column("layer", String(40), nullable=False),
    Column("scheme", String(80), nullable=False),
    Column("payer", String(80), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("day", Date, nullable=False),
    Column("rulebook", String(80), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("signer", String(16), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Instant),
    Column("reason", Text, nullable=False),
    Column("answered_at", Instant),
    Column("answer", LargeBinary, nullable=False),
    PrimaryKeyConstraint("member", "settlement_id", "place", "round"),
    Index("ix_payer_share_due", "payer", "next_at"),
)
Index(
    "ix_payer_share_given_up",
    payer_share.c.payer,
    payer_share.c.tries,
    sqlite_where=text("next_at IS NULL AND state IN ('asking', 'taking_back')"),
    postgresql_where=text("next_at IS NULL AND state IN ('asking', 'taking_back')"),
)
Index(
    "ix_payer_share_answered",
    payer_share.c.payer,
    payer_share.c.answered_at,
    sqlite_where=text("answered_at IS NOT NULL"),
    postgresql_where=text("answered_at IS NOT NULL"),
)
"""Shares that were deferred, and what their payers said since. ``next_at`` is NULL when nobody is to be asked. ``round``: a settlement that
was taken back and put in force again asks anew.
"""

settled_audit = Table(
    "settled_audit",
    metadata,
    Column("member", String(40), nullable=False),
    Column("settlement_id", String(40), nullable=False),
    Column("institution", String(50), nullable=False),
    Column("hid", String(16), nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("due_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("rules", String(64), nullable=False),
    Column("judged_at", Instant),
    Column("total", BigInteger, nullable=False),
    Column("deduction", BigInteger, nullable=False),
    Column("findings", LargeBinary, nullable=False),
    PrimaryKeyConstraint("member", "settlement_id"),
    Index("ix_settled_audit_due", "due_at"),
)
"""The hub's own audit of each settlement. ``due_at`` is the mark that it is to be judged (again), NULL when it was; ``wanted`` counts the
marks, so that one which comes while it is judged is not lost.
"""

review_entry = Table(
    "review_entry",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("institution", String(50), nullable=False),
    Column("member", String(40), nullable=False),
    Column("settlement_id", String(40), nullable=False),
    Column("hid", String(16), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("waits_for", String(120), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reruns", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("decision", String(10), nullable=False),
    Column("decided_by", String(200), nullable=False),
    Index(None, "settlement_id"),
    Index("ix_review_entry_waits", "waits_for", "state"),
    Index("ix_review_entry_open", "state", "opened_at", "id"),
)
"""What was pended: why, what it waits for, and how it stands."""

review_step = Table(
    "review_step",
    metadata,
    Column("entry", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("event", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("entry", "number"),
)
"""The history of each entry; rows are only ever added."""
