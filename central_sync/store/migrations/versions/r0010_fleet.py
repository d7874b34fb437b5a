"""How the edges are: reports, their history, outages, alerts and what is told of them. Revision 0010, after 0009."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from central_sync.store.types import Instant, SerialKey

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    _of_edges()
    _of_alerts()


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")


def _of_edges() -> None:
    op.create_table(
        "edge_report",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("rises", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("institution", name=op.f("pk_edge_report")),
    )
    op.create_index(op.f("ix_edge_report_at"), "edge_report", ["at"])
    op.create_table(
        "edge_history",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("begins_at", Instant(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("oldest_s", sa.BigInteger(), nullable=False),
        sa.Column("skew_ms", sa.BigInteger(), nullable=False),
        sa.Column("hours_left", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("institution", "slot", name=op.f("pk_edge_history")),
    )
    op.create_table(
        "edge_outage",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("to_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("institution", "from_at", name=op.f("pk_edge_outage")),
    )
    op.create_index("ix_edge_outage_from_at", "edge_outage", ["from_at", "institution"])


def _of_alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", SerialKey, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=90), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("cleared_at", Instant(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("untold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index("ix_alert_raised_at", "alert", ["raised_at", "id"])
    untold = sa.text("untold")
    op.create_index("ix_alert_untold", "alert", ["id"], sqlite_where=untold, postgresql_where=untold)
    still_open = sa.text("cleared_at IS NULL")
    op.create_index(
        "uq_alert_open",
        "alert",
        ["rule", "subject"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "alert_message",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("fault", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_message")),
    )
    op.create_index(op.f("ix_alert_message_next_at"), "alert_message", ["next_at"])
