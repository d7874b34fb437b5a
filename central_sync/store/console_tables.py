"""The tables of the hub's console: who may sign in, who is signed in, and who has to wait. None of them is hot; none holds a patient.

A password stands here as Argon2id keeps it, a token, a recovery code and a browser's mark as a digest, a second factor's secret sealed with a key that is not in
the database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from central_sync.store.review_tables import payer_share
from central_sync.store.tables import audit, invitation, ledger, metadata, settlement
from central_sync.store.types import Instant

console_account = Table(
    "console_account",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("bound", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("factor", LargeBinary),
    Column("factor_step", BigInteger, nullable=False),
    Column("once_until", Instant),
    Column("disabled_at", Instant),
)
"""``once_until``: its password is a first one, good until then and only to choose another. ``disabled_at``: nobody signs in with it since then.
``bound``: it sees the institutions of ``console_scope`` alone, else all. ``factor``: the sealed secret of its second factor; ``factor_step``: the
time step of the last code that was taken, which no code may equal or precede again.
"""

console_scope = Table(
    "console_scope",
    metadata,
    Column("account", String(40), nullable=False),
    Column("institution", String(50), nullable=False),
    PrimaryKeyConstraint("account", "institution"),
)

console_recovery = Table(
    "console_recovery",
    metadata,
    Column("account", String(40), nullable=False),
    Column("code_hash", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("account", "code_hash"),
)
"""Codes that stand in for a lost second factor; each is deleted when it is used."""

console_session = Table(
    "console_session",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("account", String(40), nullable=False, index=True),
    Column("stage", String(10), nullable=False),
    Column("form_key", String(40), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("pending", LargeBinary),
)
"""``stage``: whether the second factor is still to come. ``pending``: the sealed secret of a second factor that is being set up."""

console_browser = Table(
    "console_browser",
    metadata,
    Column("mark_hash", LargeBinary(32), primary_key=True),
    Column("account", String(40), nullable=False, index=True),
    Column("until", Instant, nullable=False),
)
"""Browsers from which an account has signed in: strangers' wrong passwords do not make these wait."""

console_wait = Table(
    "console_wait",
    metadata,
    Column("about", LargeBinary(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Instant, nullable=False),
    Column("forgotten_at", Instant, nullable=False, index=True),
)
"""Wrong passwords by what they were about (a digest of account, address, browser), and until when the next one waits."""

Index("ix_audit_subject", audit.c.subject, audit.c.id)
Index("ix_audit_actor", audit.c.actor, audit.c.id)
Index("ix_audit_action", audit.c.action, audit.c.id)
Index("ix_settlement_open", settlement.c.confirmation, settlement.c.settled_at, settlement.c.id)
Index("ix_payer_share_open", payer_share.c.state, payer_share.c.signed_at, payer_share.c.settlement_id)
Index(
    "ix_ledger_case",
    ledger.c.institution,
    ledger.c.hid,
    sqlite_where=text("hid <> ''"),
    postgresql_where=text("hid <> ''"),
)
Index(
    "ix_invitation_open",
    invitation.c.expires_at,
    sqlite_where=text("used_at IS NULL"),
    postgresql_where=text("used_at IS NULL"),
)
