"""What is pended is read by state, the oldest first. Revision 0015, after 0014."""

from __future__ import annotations

from alembic import op
from alembic.util import CommandError

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    op.create_index("ix_review_entry_open", "review_entry", ["state", "opened_at", "id"])
    op.drop_index("ix_review_entry_state", table_name="review_entry")


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
