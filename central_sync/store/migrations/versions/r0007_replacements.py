"""Settlements that were made again. Revision 0007, after 0006."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    for name in ("replaces", "replaced_by"):
        column = sa.Column(name, sa.String(length=40), nullable=False, server_default=sa.text("''"))
        op.add_column("settlement", column)
    due = sa.Column("patient_due", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    op.add_column("settlement", due)
    op.create_index("ix_settlement_id", "settlement", ["id"], unique=False)


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
