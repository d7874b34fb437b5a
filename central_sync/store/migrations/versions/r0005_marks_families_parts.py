"""What insurers vouch for (families, accounts, approvals), what hospitals say of a case, stays settled in parts. Revision 0005, after 0004."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    op.add_column("member", sa.Column("approvals", sa.LargeBinary(), nullable=True))
    for name, length in (("family", 80), ("own_group", 40)):
        op.add_column("cover", sa.Column(name, sa.String(length=length), nullable=False, server_default=sa.text("''")))
    op.add_column("cover", sa.Column("deposited", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    for table, name in (("member_case", "interim_id"), ("fee_line", "settled_by"), ("settlement", "after")):
        op.add_column(table, sa.Column(name, sa.String(length=40), nullable=False, server_default=sa.text("''")))
    op.add_column("settlement", sa.Column("until", sa.Date(), nullable=True))
    op.add_column("member_case", sa.Column("marks", sa.Text(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
