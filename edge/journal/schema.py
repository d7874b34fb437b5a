"""The tables of the journal's file, and the only home of sqlite-utils.

``user_version`` is the format's number (3 while there is a slate in front, 2 without); ``application_id`` says whose file it is. ``segment`` is the log; the others are folded from it
and hold no person's data: numbers, 64-bit keys, and facts under seal.
"""

from __future__ import annotations

from typing import Any

APPLICATION_ID = 0x50534B4A  # "PSKJ"
FORMAT = 3
"""With a slate in front, which may hold what the tables do not."""
FORMAT_WHOLE = 2
"""Without one: all of it is in the tables. A journal that is closed in good order is so, and one that an older edge has made."""

TABLES: dict[str, dict[str, type]] = {
    "segment": {
        "first": int,
        "count": int,
        "at": int,
        "key": int,
        "nonce": bytes,
        "link": bytes,
        "body": bytes,
    },
    "entry": {
        "seq": int,
        "key": int,
        "lane": int,
        "number": str,
        "size": int,
        "at": int,
        "digest": int,
        "outcome": int,
        "place": int,
        "ix": int,
        "confirmation": int,
        "before": int,
        "moved": int,
        "parked": int,
    },
    "fact": {"kind": str, "key": str, "value": bytes},
    "state": {"name": str, "value": int},
}
KEYS: dict[str, str | tuple[str, ...]] = {
    "segment": "first",
    "entry": "seq",
    "fact": ("kind", "key"),
    "state": "name",
}
REFERENCE = (
    "create table reference (key integer not null, seq integer not null, primary key (key, seq)) strict, without rowid"
)
SPAN_BITS = 14
"""Records whose numbers are the same above these bits are one span. Keys are scattered: over all of a journal each new one would touch a page of its own, over the last
span they share a few. So a fold costs what it brings, and not what there is; who looks for a key looks into each span.
"""
SPAN = f"{{}} >> {SPAN_BITS}"
_SPANNED = {
    "msgid": f"create index msgid on entry ({SPAN.format('seq')}, key)",
    "open_lane": f"create index open_lane on entry ({SPAN.format('seq')}, lane, seq) where outcome = 0",
}
INDEXES = (
    *_SPANNED.values(),
    # what has no receipt is all that this one and open_lane hold: they stay small however old the journal is
    "create index open_seq on entry (seq) where outcome = 0",
    "create index awaited on entry (seq) where confirmation = 1",
    "create index parked on entry (seq) where parked = 1 and outcome = 0",
    "create index recorded on entry (at)",
)
STATE = ("folded", "cut", "open", "final", "refused")
"""Names in ``state``: the last record folded, the last one pruned, and how many entries stand how."""


def create(connection: Any) -> None:
    """Make every table in the empty file behind ``connection``."""
    import sqlite_utils  # only a new journal needs it: a start would wait for it
    from sqlite_utils.db import Table

    db = sqlite_utils.Database(connection)
    for name, columns in TABLES.items():
        Table(db, name).create(columns, pk=KEYS[name], not_null=set(columns), strict=True)
    db.execute(REFERENCE)
    for index in INDEXES:
        db.execute(index)
    connection.executemany("insert into state (name, value) values (?, 0)", [(name,) for name in STATE])
    db.execute(f"pragma application_id = {APPLICATION_ID}")
    db.execute(f"pragma user_version = {FORMAT_WHOLE}")


def bring_up(connection: Any) -> bool:
    """Make the indexes anew that an older edge has made otherwise, in one transaction; whether there were any."""
    # SQLite writes the first words of a text in its own way
    rows = connection.execute("select name, lower(sql) from sqlite_master where type = 'index' and tbl_name = 'entry'")
    there = dict(rows.fetchall())
    old = [name for name, text in _SPANNED.items() if there.get(name) != text]
    if not old:
        return False
    connection.execute("begin immediate")
    for name in old:
        connection.execute(f"drop index if exists {name}")
        connection.execute(_SPANNED[name])
    connection.execute("commit")
    return True
