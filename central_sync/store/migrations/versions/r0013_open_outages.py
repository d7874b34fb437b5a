"""Which edges are silent now is found at once, however many outages are over. Revision 0013, after 0012."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    where = sa.text("to_at IS NULL")
    op.create_index(
        "ix_edge_outage_open",
        "edge_outage",
        ["institution", "from_at"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
