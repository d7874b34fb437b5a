"""Evidence: whose keys signed, the lives of the edges' journals, and the roots of their days; what was recorded when. Revision 0002, after 0001."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from central_sync.store.types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    op.add_column("certificate", sa.Column("enrolled_at", Instant(), nullable=True))
    op.add_column("certificate", sa.Column("public_key", sa.LargeBinary(), nullable=True))
    op.create_index("ix_ledger_recorded", "ledger", ["institution", "recorded_at"])
    op.create_table(
        "journal_life",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("life", sa.LargeBinary(length=16), nullable=False),
        sa.Column("run", sa.LargeBinary(length=8), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("leases_from", Instant(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("institution", "life", name=op.f("pk_journal_life")),
    )
    op.create_table(
        "day_root",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("life", sa.LargeBinary(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("signer", sa.String(length=16), nullable=False),
        sa.Column("countersignature", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "life", "day", name=op.f("pk_day_root")),
    )
    op.create_table(
        "signer",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_signer")),
    )


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
