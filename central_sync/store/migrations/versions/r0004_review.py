"""Deferred shares, the hub's own audit, and the review queue. Revision 0004, after 0003."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from central_sync.store.types import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one. Settlements of before are not audited anew."""
    op.create_table(
        "payer_share",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("settlement_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("layer", sa.String(length=40), nullable=False),
        sa.Column("scheme", sa.String(length=80), nullable=False),
        sa.Column("payer", sa.String(length=80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rulebook", sa.String(length=80), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("signer", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member", "settlement_id", "place", "round", name=op.f("pk_payer_share")),
    )
    op.create_index("ix_payer_share_due", "payer_share", ["payer", "next_at"], unique=False)
    op.create_table(
        "settled_audit",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("settlement_id", sa.String(length=40), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("hid", sa.String(length=16), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(length=64), nullable=False),
        sa.Column("judged_at", Instant(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("deduction", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("member", "settlement_id", name=op.f("pk_settled_audit")),
    )
    op.create_index("ix_settled_audit_due", "settled_audit", ["due_at"], unique=False)
    op.create_table(
        "review_entry",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("settlement_id", sa.String(length=40), nullable=False),
        sa.Column("hid", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("waits_for", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reruns", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_entry")),
    )
    op.create_index(op.f("ix_review_entry_settlement_id"), "review_entry", ["settlement_id"], unique=False)
    op.create_index("ix_review_entry_waits", "review_entry", ["waits_for", "state"], unique=False)
    op.create_index("ix_review_entry_state", "review_entry", ["state"], unique=False)
    op.create_table(
        "review_step",
        sa.Column("entry", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry", "number", name=op.f("pk_review_step")),
    )


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
