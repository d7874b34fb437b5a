"""Accounts of the hub's console with a first password, and disabled ones. Revision 0014, after 0013."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from central_sync.store.types import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    op.add_column("console_account", sa.Column("once_until", Instant(), nullable=True))
    op.add_column("console_account", sa.Column("disabled_at", Instant(), nullable=True))


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
