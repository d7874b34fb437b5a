"""Reading the tables and opening segments: plain SQL on a connection, whoever's it is.

What goes over thousands of rows is one statement that gives one value (JSON made and read by SQLite), so that a busy event loop does
not have to be waited for at each row.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from edge.errors import JournalDamaged
from edge.journal import records as r
from edge.journal import schema
from edge.journal.days import Head
from edge.journal.sealing import Vault
from edge.journal.tail import OPEN

Connection = Any  # pysqlite3 has no types

FACT_NONCE_BYTES = r.NONCE_BYTES


class Row(Struct, frozen=True, array_like=True):
    """An entry as the tables have it, at first as at its birth; ``outcome`` and ``confirmation`` as :mod:`edge.journal.tail` writes them."""

    seq: int
    lane: int
    number: str
    size: int
    parked: int = 0
    outcome: int = OPEN
    place: int = 0
    ix: int = 0
    confirmation: int = 0
    before: int = 0
    moved: int = 0


class Segment(Struct, frozen=True):
    """One commit, opened. ``records`` are the bytes of each, ``salts`` theirs."""

    first: int
    count: int
    at: int
    key: int
    nonce: bytes
    link: bytes
    salts: bytes
    records: list[bytes]

    @property
    def header(self) -> bytes:
        """What is bound to it."""
        return r.header(self.first, self.count, self.at, self.key)


_COLUMNS = ", ".join(Row.__struct_fields__)
_ROWS = f"select json_group_array(json_array({_COLUMNS})) from entry where seq in (select value from json_each(?))"  # noqa: S608 -- our own names
_OPEN_COLUMNS = "seq, lane, number, size, parked"
_OPEN_ROWS = f"select {_OPEN_COLUMNS} from entry where outcome = {OPEN} and seq > ? order by seq limit ?"  # noqa: S608 -- our own text
_SPANS = (
    f"with recursive span (n, last) as (select {schema.SPAN.format('(select min(seq) from entry{0})')},"  # noqa: S608 -- our own text
    f" {schema.SPAN.format('(select max(seq) from entry{0})')} union all select n + 1, last from span where n < last)"
)
"""Those of the rows for which a condition holds. Of a least and a greatest in one ``select`` SQLite would read all rows."""
_IN_SPAN = f"from span cross join entry on {schema.SPAN.format('seq')} = n"
_OF_MSGID = f"{_SPANS.format('')} select seq {_IN_SPAN} and key = ?"
_OF_MSGIDS = f"{_SPANS.format('')} select json_group_array(json_array(key, seq)) {_IN_SPAN} and key in (select value from json_each(?))"  # noqa: S608 -- our own text
_OF_REFERENCES = (
    "select json_group_array(json_array(key, seq)) from reference where key in (select value from json_each(?))"
)
_OPEN_IN_LANE = (
    f"{_SPANS.format(f' where outcome = {OPEN} and seq > ?2 and seq < ?3')} select {_OPEN_COLUMNS} {_IN_SPAN}"
    f" and outcome = {OPEN} and lane = ?1 and seq > ?2 and seq < ?3 limit ?4"
)
"""Span after span, and by the index in each: in order already; to sort them would be to read all of a lane."""
_rows = msgspec.json.Decoder(list[Row])
_seq = attrgetter("seq")
_SEGMENT = "select first, count, at, key, nonce, link, body from segment"
_state = msgspec.json.Decoder(dict[str, int])
_STATE = frozenset(schema.STATE)
_keys = msgspec.json.Decoder(list[int])
_pairs = msgspec.json.Decoder(list[tuple[int, int]])


def rows(c: Connection, seqs: Iterable[int]) -> dict[int, Row]:
    """The folded rows of those entries."""
    (text,) = c.execute(_ROWS, (_numbers(seqs),)).fetchone()
    return {row.seq: row for row in _rows.decode(text)}


def with_msgids(c: Connection, keys: Collection[int]) -> dict[int, list[int]]:
    """The seqs of entries under each msgid's key; keys that are not there are left out."""
    if len(keys) == 1:  # the clerk who is alone: a third of the time
        (key,) = keys
        seqs = [seq for (seq,) in c.execute(_OF_MSGID, (key,))]
        return {key: seqs} if seqs else {}
    return _by_key(c, _OF_MSGIDS, keys)


def with_references(c: Connection, keys: Iterable[int]) -> dict[int, list[int]]:
    """The seqs of entries whose answer names the settlement under each key."""
    return _by_key(c, _OF_REFERENCES, keys)


def _by_key(c: Connection, pairs: str, keys: Iterable[int]) -> dict[int, list[int]]:
    (text,) = c.execute(pairs, (_numbers(keys),)).fetchone()
    by_key: dict[int, list[int]] = {}
    for key, seq in _pairs.decode(text):
        by_key.setdefault(key, []).append(seq)
    return by_key


def keys_after(c: Connection, after: int, limit: int) -> tuple[list[int], int]:
    """The keys of the msgids of the next entries beyond ``after``, and how far they go."""
    text, last = c.execute(
        "select json_group_array(key), max(seq) from (select seq, key from entry where seq > ? order by seq limit ?)",
        (after, limit),
    ).fetchone()
    return _keys.decode(text), last or after


def open_rows(c: Connection, after: int, limit: int) -> list[Row]:
    """Open entries beyond ``after``, in order."""
    return _open_rows(c, _OPEN_ROWS, (after, limit))


def open_rows_in_lane(c: Connection, lane: int, after: int, before: int, limit: int) -> list[Row]:
    """Open entries of one lane beyond ``after`` and below ``before``, in order."""
    return _open_rows(c, _OPEN_IN_LANE, (lane, after, before, limit))


def _open_rows(c: Connection, open_: str, values: tuple[int, ...]) -> list[Row]:
    """What is open has no verdict and no confirmation: half of the columns need not be read."""
    (text,) = c.execute(f"select json_group_array(json_array({_OPEN_COLUMNS})) from ({open_})", values).fetchone()  # noqa: S608 -- our own names
    return sorted(_rows.decode(text), key=_seq)  # they are in order, though SQLite does not promise it


def state(c: Connection) -> dict[str, int]:
    """The small numbers by name.

    Raises:
        JournalDamaged: one is missing.
    """
    (text,) = c.execute("select json_group_object(name, value) from state").fetchone()
    found = _state.decode(text)
    if not found.keys() >= _STATE:
        raise JournalDamaged("the journal's tables have lost a number: keep the file, and restore a backup")
    return found


def opened(row: Sequence[Any], vault: Vault) -> Segment:
    """A row of ``segment``, its body opened.

    Raises:
        JournalDamaged: it was altered.
        JournalError: its key is not there.
    """
    first, count, at, key, nonce, link, body = row
    try:
        salts, data = r.parts(vault.open_sealed(key, nonce, body, r.header(first, count, at, key)))
    except (msgspec.DecodeError, struct.error) as error:
        raise JournalDamaged(f"the journal's segment at {first} cannot be read") from error
    return Segment(first, count, at, key, nonce, link, salts, data)


def segment_of(c: Connection, vault: Vault, seq: int) -> Segment | None:
    """The segment that holds the record ``seq``."""
    row = c.execute(f"{_SEGMENT} where first <= ? order by first desc limit 1", (seq,)).fetchone()
    if row is None or seq >= row[0] + row[1]:
        return None
    return opened(row, vault)


def segments_after(c: Connection, vault: Vault, seq: int) -> Iterator[Segment]:
    """Every segment that begins beyond ``seq``, in order."""
    for row in c.execute(f"{_SEGMENT} where first > ? order by first", (seq,)):
        yield opened(row, vault)


def rows_after(c: Connection, seq: int, limit: int) -> list[Any]:
    """The next rows of ``segment`` beyond ``seq``, still sealed."""
    return list(c.execute(f"{_SEGMENT} where first > ? order by first limit ?", (seq, limit)).fetchall())


def heads_after(c: Connection, seq: int, before: int) -> Iterator[Head]:
    """First, count, time and link of every segment that begins beyond ``seq``, up to the last one from before that time (microseconds)."""
    (last,) = c.execute("select max(first) from segment where first > ? and at < ?", (seq, before)).fetchone()
    rows_ = c.execute(
        "select first, count, at, link from segment where first > ? and first <= ? order by first", (seq, last or 0)
    )
    return (Head(*row) for row in rows_)


def sealed_rows(c: Connection, seqs: Sequence[int]) -> list[Any]:
    """The rows of ``segment`` that hold those records, still sealed; ``seqs`` in ascending order."""
    if not seqs:
        return []
    # from the segment that holds the first one on; those in between that hold none of them are left out
    (begin,) = c.execute("select max(first) from segment where first <= ?", (seqs[0],)).fetchone()
    if begin is None:
        return []
    if seqs[-1] - seqs[0] < 4 * len(seqs) + 64:
        return list(
            c.execute(f"{_SEGMENT} where first >= ? and first <= ? order by first", (begin, seqs[-1])).fetchall()
        )
    firsts = "select (select max(first) from segment where first <= value) from json_each(?)"
    return list(c.execute(f"{_SEGMENT} where first in ({firsts}) order by first", (_numbers(seqs),)).fetchall())


def records_of(c: Connection, vault: Vault, seqs: Sequence[int]) -> dict[int, r.Any]:
    """Those records, decoded; ``seqs`` in ascending order. What is not there is left out."""
    kept: dict[int, r.Any] = {}
    wanted = set(seqs)
    for row in sealed_rows(c, seqs):
        inside = [seq for seq in range(row[0], row[0] + row[1]) if seq in wanted]
        if inside:
            segment = opened(row, vault)
            for seq in inside:
                kept[seq] = r.decoded(segment.records[seq - segment.first])
    return kept


def facts(c: Connection, vault: Vault) -> dict[tuple[str, str], bytes]:
    """Every fact."""
    kept = {}
    for kind, name, value in c.execute("select kind, key, value from fact"):
        kept[kind, name] = open_fact(vault, kind, name, value)
    return kept


def seal_fact(vault: Vault, nonce: bytes, kind: str, name: str, value: bytes) -> bytes:
    """A fact's value as the table has it: key number, nonce, sealed value."""
    key = vault.current
    return key.to_bytes(4, "big") + nonce + vault.seal(key, nonce, value, _bound(kind, name))


def open_fact(vault: Vault, kind: str, name: str, sealed: bytes) -> bytes:
    """The inverse of :func:`seal_fact`.

    Raises:
        JournalDamaged: it was altered.
        JournalError: its key is not there.
    """
    end = 4 + FACT_NONCE_BYTES
    return vault.open_sealed(int.from_bytes(sealed[:4], "big"), sealed[4:end], sealed[end:], _bound(kind, name))


def _bound(kind: str, name: str) -> bytes:
    return f"{kind}\x00{name}".encode()


def _numbers(values: Iterable[int]) -> str:
    return msgspec.json.encode(list(values)).decode()
