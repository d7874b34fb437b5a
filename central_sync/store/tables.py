"""Every table of the hub, once, but for those of ``review_tables.py``. The migrations must arrive at exactly this; a test holds them to it.

Rules
    * Hot tables lead with the member's key (the intake ledger with the institution) in their primary key and in every unique
      key, so that they can be distributed by it later without a redesign.
    * Money is BIGINT in smallest coins. Instants are UTC. Answers and deltas are kept as the bytes they were given as.
    * Nothing is deleted by the desk: what is taken back is marked, with the msgid that did it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

from central_sync.store.types import Instant, SerialKey

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# -- fleet --------------------------------------------------------------------------------------------------------

institution = Table(
    "institution",
    metadata,
    Column("code", String(50), primary_key=True),
    Column("name", Text, nullable=False),
    Column("region", String(20), nullable=False),
    Column("tier", String(20), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("calendar", String(20), nullable=False),
    Column("added_at", Instant, nullable=False),
)

invitation = Table(
    "invitation",
    metadata,
    Column("secret_hash", LargeBinary(32), primary_key=True),
    Column("institution", String(50), nullable=False, index=True),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

certificate = Table(
    "certificate",
    metadata,
    Column("serial", String(64), primary_key=True),
    Column("institution", String(50), nullable=False, index=True),
    Column("not_after", Instant, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("enrolled_at", Instant),
    Column("public_key", LargeBinary),
)
"""``enrolled_at``: of a renewed one, when its line of renewals began. ``public_key`` is DER; NULL for what was issued before it was kept."""

counter = Table(
    "counter",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Numbers that several processes count up: ``hid`` (the last serial leased) and ``feed:<institution>`` (its last cursor)."""

lease = Table(
    "lease",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("granted_at", Instant, nullable=False),
    PrimaryKeyConstraint("institution", "first"),
)

feed = Table(
    "feed",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("institution", "cursor"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", SerialKey, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(80), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
)

# -- evidence -----------------------------------------------------------------------------------------------------

journal_life = Table(
    "journal_life",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("life", LargeBinary(16), nullable=False),
    Column("run", LargeBinary(8), nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("leases_from", Instant, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("ended_at", Instant),
    PrimaryKeyConstraint("institution", "life"),
)
"""The lives of an edge's journal; the present one has no end. ``head``: the highest that was told, by the program's start ``run``."""

day_root = Table(
    "day_root",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("life", LargeBinary(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("serial", String(64), nullable=False),
    Column("signer", String(16), nullable=False),
    Column("countersignature", LargeBinary, nullable=False),
    Column("signed_at", Instant, nullable=False),
    PrimaryKeyConstraint("institution", "life", "day"),
)
"""What a journal held of one day, signed by its edge (with the key of certificate ``serial``) and by the hub. Never changed."""

signer = Table(
    "signer",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("certificate", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
)
"""Certificates (PEM) of the keys with which any hub on this database signs or has signed; kept for ever."""

# -- intake -------------------------------------------------------------------------------------------------------

ledger = Table(
    "ledger",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("msgid", String(64), nullable=False),
    Column("number", String(10), nullable=False),
    Column("digest", LargeBinary(32)),
    Column("verdict", String(10), nullable=False),
    Column("packet", LargeBinary, nullable=False),
    Column("code", String(50), nullable=False),
    Column("detail", Text, nullable=False),
    Column("member", String(40), nullable=False),
    Column("hid", String(16), nullable=False),
    Column("settlement_id", String(40), nullable=False),
    Column("undone_by", String(64), nullable=False),
    Column("business_day", Date),
    Column("operator", Text, nullable=False),
    Column("workstation", Text, nullable=False),
    Column("recorded_at", Instant),
    Column("decided_at", Instant, nullable=False),
    Column("card_read", String(64), nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("institution", "msgid"),
    Index("ix_ledger_recorded", "institution", "recorded_at"),
)
"""One row for each transaction ever seen, kept for ever. ``digest`` is NULL where a reversal came first."""

cycle = Table(
    "cycle",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("number", String(40), nullable=False),
    Column("business_day", Date, nullable=False),
    Column("workstation", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    PrimaryKeyConstraint("institution", "number"),
    Index(None, "institution", "business_day"),
)

# -- members ------------------------------------------------------------------------------------------------------

member = Table(
    "member",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("number", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("sex", String(10), nullable=False),
    Column("group_name", String(40), nullable=False),
    Column("region", String(20), nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("approvals", LargeBinary),
)
"""``approvals``: MessagePack of what the insurer has approved or filed; NULL: nothing."""

member_number = Table(
    "member_number",
    metadata,
    Column("kind", String(40), nullable=False),
    Column("number", String(64), nullable=False),
    Column("member", String(40), nullable=False),
    PrimaryKeyConstraint("kind", "number"),
)
"""Who a number belongs to: the way from a person's identifier to the member's key."""

cover = Table(
    "cover",
    metadata,
    Column("member", String(40), nullable=False),
    Column("place", Integer, nullable=False),
    Column("layer", String(40), nullable=False),
    Column("scheme", String(80), nullable=False),
    Column("contract", String(80), nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("family", String(80), nullable=False, server_default=text("''")),
    Column("deposited", BigInteger, nullable=False, server_default=text("0")),
    Column("own_group", String(40), nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("member", "place"),
)

# -- cases --------------------------------------------------------------------------------------------------------

hid_use = Table(
    "hid_use",
    metadata,
    Column("institution", String(50), nullable=False),
    Column("hid", String(16), nullable=False),
    Column("member", String(40), nullable=False),
    Column("care", String(20), nullable=False),
    PrimaryKeyConstraint("institution", "hid"),
)
"""Which HIDs are used, and whose case each names: a HID is used once, and only its own institution finds it."""

member_case = Table(
    "member_case",
    metadata,
    Column("member", String(40), nullable=False),
    Column("hid", String(16), nullable=False),
    Column("institution", String(50), nullable=False),
    Column("care", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("covered", Boolean, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("discharged_on", Date),
    Column("way", String(20), nullable=False),
    Column("department", Text, nullable=False),
    Column("doctor", Text, nullable=False),
    Column("bed", Text, nullable=False),
    Column("visit_number", Text, nullable=False),
    Column("complaint", Text, nullable=False),
    Column("diagnoses", LargeBinary, nullable=False),
    Column("settlement_id", String(40), nullable=False),
    Column("opened_by", String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("marks", Text, nullable=False, server_default=text("''")),
    Column("interim_id", String(40), nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("member", "hid"),
)

fee_line = Table(
    "fee_line",
    metadata,
    Column("member", String(40), nullable=False),
    Column("hid", String(16), nullable=False),
    Column("place", Integer, nullable=False),
    Column("serial", String(30), nullable=False),
    Column("item", String(50), nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", String(20), nullable=False),
    Column("unit_price", String(24), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("service_date", Date, nullable=False),
    Column("charged_by", String(64), nullable=False),
    Column("cancelled_by", String(64), nullable=False),
    Column("settled_by", String(40), nullable=False, server_default=text("''")),
    Column("facts", LargeBinary),
    PrimaryKeyConstraint("member", "hid", "place"),
)
Index(
    "uq_fee_line_serial",
    fee_line.c.member,
    fee_line.c.hid,
    fee_line.c.serial,
    unique=True,
    sqlite_where=text("cancelled_by = ''"),
    postgresql_where=text("cancelled_by = ''"),
)

settlement = Table(
    "settlement",
    metadata,
    Column("member", String(40), nullable=False),
    Column("id", String(40), nullable=False),
    Column("hid", String(16), nullable=False),
    Column("institution", String(50), nullable=False),
    Column("msgid", String(64), nullable=False),
    Column("number", String(10), nullable=False),
    Column("business_day", Date, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("funds", BigInteger, nullable=False),
    Column("patient", BigInteger, nullable=False),
    Column("confirmation", String(10), nullable=False),
    Column("confirmation_before", String(10), nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("deltas", LargeBinary, nullable=False),
    Column("invoice", Text, nullable=False),
    Column("settled_at", Instant, nullable=False),
    Column("undone_by", String(64), nullable=False),
    Column("undone_at", Instant),
    Column("until", Date),
    Column("after", String(40), nullable=False, server_default=text("''")),
    Column("replaces", String(40), nullable=False, server_default=text("''")),
    Column("replaced_by", String(40), nullable=False, server_default=text("''")),
    Column("patient_due", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("member", "id"),
    Index("ix_settlement_id", "id"),
    Index("ix_settlement_day", "institution", "business_day"),
    Index("ix_settlement_awaited", "confirmation", "institution"),
)

settlement_turn = Table(
    "settlement_turn",
    metadata,
    Column("member", String(40), nullable=False),
    Column("settlement_id", String(40), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("turn", BigInteger, nullable=False),
    PrimaryKeyConstraint("member", "settlement_id", "owner"),
    Index("ix_settlement_turn_owner", "owner", "turn"),
)
"""In which order settlements came to each owner of accumulators: the owner's turn that each of them had."""

accumulator_owner = Table(
    "accumulator_owner",
    metadata,
    Column("owner", String(100), primary_key=True),
    Column("turn", BigInteger, nullable=False, server_default=text("0")),
)
"""One row for each owner of accumulators: what a unit of work locks before it reads them. ``turn`` counts who has locked it."""

accumulator = Table(
    "accumulator",
    metadata,
    Column("owner", String(100), nullable=False),
    Column("layer", String(40), nullable=False),
    Column("scheme", String(80), nullable=False),
    Column("name", String(80), nullable=False),
    Column("year", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("owner", "layer", "scheme", "name", "year"),
)

# -- rulebooks ----------------------------------------------------------------------------------------------------

rulebook = Table(
    "rulebook",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("law", String(64), nullable=False),
    Column("audit", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept_at", Instant, nullable=False),
)
"""Every compiled rulebook that was ever published here, for ever: what an answer names can be computed again."""

publication = Table(
    "publication",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("version", String(64), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", String(80), nullable=False),
    Column("shipped", Boolean, nullable=False),
)
"""Which rulebook is in force: that whose time has come last. Rows are only ever added."""
