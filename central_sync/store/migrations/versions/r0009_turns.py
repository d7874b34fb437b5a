"""In which order settlements came to each owner of accumulators. Revision 0009, after 0008.

Settlements of before get their turns in the order of their instants, at the owners that they have changed.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000
_TURN = sa.table(
    "settlement_turn",
    *(sa.column(name) for name in ("member", "settlement_id", "owner", "turn")),
)
_OWNER = sa.table("accumulator_owner", sa.column("owner"), sa.column("turn"))


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    turn = sa.Column("turn", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    op.add_column("accumulator_owner", turn)
    op.create_table(
        "settlement_turn",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("settlement_id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "settlement_id", "owner", name=op.f("pk_settlement_turn")),
    )
    _turns_of_before()
    op.create_index("ix_settlement_turn_owner", "settlement_turn", ["owner", "turn"], unique=False)


def _turns_of_before() -> None:
    connection, turns = op.get_bind(), Counter[str]()
    statement = sa.text("SELECT member, id, deltas FROM settlement ORDER BY settled_at, id")
    rows = connection.execute(statement, execution_options={"yield_per": _AT_ONCE})
    for some in rows.partitions():
        taken = []
        for member, key, packed in some:
            for owner in sorted({row[0] for row in msgspec.msgpack.decode(packed)} if packed else ()):
                turns[owner] += 1
                taken.append({"member": member, "settlement_id": key, "owner": owner, "turn": turns[owner]})
        if taken:
            connection.execute(_TURN.insert(), taken)
    last = [{"key": owner, "last": turn} for owner, turn in turns.items()]
    if last:
        numbered = _OWNER.update().where(_OWNER.c.owner == sa.bindparam("key")).values(turn=sa.bindparam("last"))
        connection.execute(numbered, last)


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
