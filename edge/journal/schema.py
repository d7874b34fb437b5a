"""The tables of the journal's file, and the only home of sqlite-utils.

``user_version`` is the format's number; ``application_id`` says whose file it is.
"""

from __future__ import annotations

from typing import Any

import sqlite_utils
from sqlite_utils.db import Table

APPLICATION_ID = 0x50534B4A  # "PSKJ"
FORMAT = 1

TABLES: dict[str, dict[str, type]] = {
    "entry": {
        "seq": int,
        "uuid": bytes,
        "institution": str,
        "msgid": str,
        "number": str,
        "digest": bytes,
        "hid": str,
        "lane": str,
        "packet": bytes,
        "operator": str,
        "workstation": str,
        "recorded_at": int,
        "business_day": str,
    },
    "verdict": {
        "seq": int,
        "outcome": str,
        "answer": bytes,
        "code": str,
        "detail": str,
        "confirmation": str,
        "confirmation_before": str,
        "reference": str,
        "changed_at": int,
    },
    "pending": {"seq": int, "lane": str, "size": int},
    "awaited": {"seq": int},
    "hid_block": {"first": int, "last": int, "next": int},
    "fact": {"kind": str, "key": str, "value": bytes},
}
KEYS: dict[str, str | tuple[str, ...]] = {
    "entry": "seq",
    "verdict": "seq",
    "pending": "seq",
    "awaited": "seq",
    "hid_block": "first",
    "fact": ("kind", "key"),
}


STANDING = """
    select e.seq, e.institution, e.msgid, e.number, e.digest, e.hid, e.lane, e.recorded_at,
           v.outcome, v.answer, v.code, v.detail, v.confirmation, v.reference
    from entry e join verdict v on v.seq = e.seq
"""


def create(connection: Any) -> None:
    """Make every table in the empty file behind ``connection``."""
    db = sqlite_utils.Database(connection)
    for name, columns in TABLES.items():
        Table(db, name).create(columns, pk=KEYS[name], not_null=set(columns), strict=True)
    Table(db, "entry").create_index(["institution", "msgid"], unique=True)
    # settlements are found by the hub's id of them, when a cancel names it; most entries have none
    db.execute("create index verdict_reference on verdict (reference) where reference <> ''")
    db.create_view("standing", STANDING)
    db.execute(f"pragma application_id = {APPLICATION_ID}")
    db.execute(f"pragma user_version = {FORMAT}")
