"""Which payers have been given up is found at once. Revision 0012, after 0011."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    where = sa.text("next_at IS NULL AND state IN ('asking', 'taking_back')")
    op.create_index(
        "ix_payer_share_given_up",
        "payer_share",
        ["payer", "tries"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
