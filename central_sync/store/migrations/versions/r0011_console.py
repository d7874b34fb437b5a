"""The hub's console: accounts, sessions, waits; and indexes for paging through what people look at. Revision 0011, after 0010."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from central_sync.store.types import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    op.create_table(
        "console_account",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("bound", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("factor", sa.LargeBinary(), nullable=True),
        sa.Column("factor_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_console_account")),
    )
    op.create_table(
        "console_scope",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint("account", "institution", name=op.f("pk_console_scope")),
    )
    op.create_table(
        "console_recovery",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("account", "code_hash", name=op.f("pk_console_recovery")),
    )
    op.create_table(
        "console_session",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("form_key", sa.String(length=40), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_console_session")),
    )
    op.create_index(op.f("ix_console_session_account"), "console_session", ["account"], unique=False)
    op.create_table(
        "console_browser",
        sa.Column("mark_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("mark_hash", name=op.f("pk_console_browser")),
    )
    op.create_index(op.f("ix_console_browser_account"), "console_browser", ["account"], unique=False)
    op.create_table(
        "console_wait",
        sa.Column("about", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("forgotten_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("about", name=op.f("pk_console_wait")),
    )
    op.create_index(op.f("ix_console_wait_forgotten_at"), "console_wait", ["forgotten_at"], unique=False)
    for column in ("subject", "actor", "action"):
        op.create_index(f"ix_audit_{column}", "audit", [column, "id"], unique=False)
    op.create_index("ix_settlement_open", "settlement", ["confirmation", "settled_at", "id"], unique=False)
    op.create_index("ix_payer_share_open", "payer_share", ["state", "signed_at", "settlement_id"], unique=False)
    case = sa.text("hid <> ''")
    op.create_index("ix_ledger_case", "ledger", ["institution", "hid"], sqlite_where=case, postgresql_where=case)


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
