"""What a comparison with the hub needs of a stretch of time: how every entry recorded in it stands, without opening any record."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from edge.journal import records as r
from edge.journal.fold import born_row, digest_number, row_in
from edge.journal.look import Row
from edge.journal.shapes import Seen
from edge.journal.tail import CONFIRMATION_CODES, FINAL, REFUSED, Tail

Connection = Any  # pysqlite3 has no types


class _Whole(Struct, frozen=True, array_like=True):
    key: int
    digest: int
    row: Row


_ROW = ", ".join(Row.__struct_fields__)
_WINDOW = f"select json_group_array(json_array(key, digest, json_array({_ROW}))) from entry where at >= ? and at < ?"  # noqa: S608 -- our own names
_whole = msgspec.json.Decoder(list[_Whole])


def seen(c: Connection, tail: Tail, begin: int, end: int) -> list[Seen]:
    """Every entry recorded from ``begin`` on and before ``end`` (microseconds since 1970) that is not refused, in no order."""
    (text,) = c.execute(_WINDOW, (begin, end)).fetchone()
    kept = {one.row.seq: one for one in _whole.decode(text)}
    for seq, entry in list(tail.entries.items()):
        if begin <= entry.recorded_at < end and seq not in kept:
            kept[seq] = _Whole(r.msgid_key(entry.msgid), digest_number(entry.digest), born_row(seq, entry))
    touched = tail.touched()
    rows = ((one, row_in(tail, one.row) if one.row.seq in touched else one.row) for one in kept.values())
    return [
        Seen(
            seq=row.seq,
            key=one.key.to_bytes(8, signed=True),
            digest=one.digest.to_bytes(8, signed=True),
            final=row.outcome == FINAL,
            confirmation=CONFIRMATION_CODES[row.confirmation],
        )
        for one, row in rows
        if row.outcome != REFUSED
    ]


def oldest(c: Connection, tail: Tail) -> int | None:
    """When the oldest entry was recorded that the journal still has; ``None``: it has none."""
    (at,) = c.execute("select min(at) from entry").fetchone()
    return min(
        (at_ for at_ in (at, *(entry.recorded_at for entry in list(tail.entries.values()))) if at_ is not None),
        default=None,
    )
