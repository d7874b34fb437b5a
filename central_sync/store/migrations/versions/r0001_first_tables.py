"""The first tables: fleet, intake, members, cases, settlements. Revision 0001, after nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from central_sync.store.types import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the revision before to this one."""
    op.create_table(
        "accumulator",
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("layer", sa.String(length=40), nullable=False),
        sa.Column("scheme", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "layer", "scheme", "name", "year", name=op.f("pk_accumulator")),
    )
    op.create_table(
        "accumulator_owner",
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_accumulator_owner")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "certificate",
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("not_after", Instant(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certificate")),
    )
    op.create_index(op.f("ix_certificate_institution"), "certificate", ["institution"], unique=False)

    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "cover",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("layer", sa.String(length=40), nullable=False),
        sa.Column("scheme", sa.String(length=80), nullable=False),
        sa.Column("contract", sa.String(length=80), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("member", "place", name=op.f("pk_cover")),
    )
    op.create_table(
        "cycle",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("workstation", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("institution", "number", name=op.f("pk_cycle")),
    )
    op.create_index(op.f("ix_cycle_institution_business_day"), "cycle", ["institution", "business_day"], unique=False)

    op.create_table(
        "fee_line",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("hid", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=30), nullable=False),
        sa.Column("item", sa.String(length=50), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.String(length=20), nullable=False),
        sa.Column("unit_price", sa.String(length=24), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("charged_by", sa.String(length=64), nullable=False),
        sa.Column("cancelled_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("member", "hid", "place", name=op.f("pk_fee_line")),
    )
    op.create_index(
        "uq_fee_line_serial",
        "fee_line",
        ["member", "hid", "serial"],
        unique=True,
        sqlite_where=sa.text("cancelled_by = ''"),
        postgresql_where=sa.text("cancelled_by = ''"),
    )

    op.create_table(
        "feed",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "cursor", name=op.f("pk_feed")),
    )
    op.create_table(
        "hid_use",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("hid", sa.String(length=16), nullable=False),
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("care", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("institution", "hid", name=op.f("pk_hid_use")),
    )
    op.create_table(
        "institution",
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("calendar", sa.String(length=20), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_institution")),
    )
    op.create_table(
        "invitation",
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_invitation")),
    )
    op.create_index(op.f("ix_invitation_institution"), "invitation", ["institution"], unique=False)

    op.create_table(
        "lease",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "first", name=op.f("pk_lease")),
    )
    op.create_table(
        "ledger",
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("msgid", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("packet", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("hid", sa.String(length=16), nullable=False),
        sa.Column("settlement_id", sa.String(length=40), nullable=False),
        sa.Column("undone_by", sa.String(length=64), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("workstation", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=True),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "msgid", name=op.f("pk_ledger")),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("sex", sa.String(length=10), nullable=False),
        sa.Column("group_name", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("as_of", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    op.create_table(
        "member_case",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("hid", sa.String(length=16), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("care", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("covered", sa.Boolean(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("doctor", sa.Text(), nullable=False),
        sa.Column("bed", sa.Text(), nullable=False),
        sa.Column("visit_number", sa.Text(), nullable=False),
        sa.Column("complaint", sa.Text(), nullable=False),
        sa.Column("diagnoses", sa.LargeBinary(), nullable=False),
        sa.Column("settlement_id", sa.String(length=40), nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("member", "hid", name=op.f("pk_member_case")),
    )
    op.create_table(
        "member_number",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("kind", "number", name=op.f("pk_member_number")),
    )
    op.create_table(
        "settlement",
        sa.Column("member", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("hid", sa.String(length=16), nullable=False),
        sa.Column("institution", sa.String(length=50), nullable=False),
        sa.Column("msgid", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("funds", sa.BigInteger(), nullable=False),
        sa.Column("patient", sa.BigInteger(), nullable=False),
        sa.Column("confirmation", sa.String(length=10), nullable=False),
        sa.Column("confirmation_before", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("deltas", sa.LargeBinary(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=False),
        sa.Column("undone_by", sa.String(length=64), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("member", "id", name=op.f("pk_settlement")),
    )
    op.create_index("ix_settlement_awaited", "settlement", ["confirmation", "institution"], unique=False)
    op.create_index("ix_settlement_day", "settlement", ["institution", "business_day"], unique=False)


def downgrade() -> None:
    """Released steps are not taken back: restore a backup."""
    raise CommandError("released steps are not taken back: restore a backup")
