"""When a payer answered last, and which invitations are open, is found at once. Revision 0016, after 0015."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    answered, unused = sa.text("answered_at IS NOT NULL"), sa.text("used_at IS NULL")
    op.create_index(
        "ix_payer_share_answered",
        "payer_share",
        ["payer", "answered_at"],
        unique=False,
        sqlite_where=answered,
        postgresql_where=answered,
    )
    op.create_index(
        "ix_invitation_open",
        "invitation",
        ["expires_at"],
        unique=False,
        sqlite_where=unused,
        postgresql_where=unused,
    )


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
