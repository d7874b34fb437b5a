"""From the log into the tables: what stands after a tail, in one transaction of few statements.

Each entry's row is made from the row that is there, its verdict and its moves, in their order, by the tables in ``edge/outcome.py``; what these
forbid changes nothing and is told.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from edge.errors import IllegalEvent, JournalUnavailable
from edge.journal import bulk, look
from edge.journal import records as r
from edge.journal.bulk import Statement
from edge.journal.frames import Sealed
from edge.journal.look import Row
from edge.journal.sealing import Vault
from edge.journal.tail import CONFIRMATION_CODES, FINAL, OPEN, REFUSED, Tail, Verdict
from edge.outcome import Confirmation, Mark, Outcome, after, born, marked

Connection = Any  # pysqlite3 has no types

_log = structlog.get_logger(__name__)
CODES = {confirmation: code for code, confirmation in enumerate(CONFIRMATION_CODES)}
"""How the tables write a confirmation."""
OUTCOME_CODES = {Outcome.FINAL: FINAL, Outcome.REFUSED: REFUSED}
"""How the tables write what is decided."""

_FIELDS = (
    "seq", "key", "lane", "number", "size", "at", "digest", "outcome", "place", "ix", "confirmation", "before", "moved", "parked",
)  # fmt: skip
_NUMBER = struct.Struct(">q")
_BORN = 7
"""So many of them are known at birth; the others are 0 then."""


def _enter(given: int) -> Statement:
    row = ", ".join(["?"] * given + ["0"] * (len(_FIELDS) - given))
    return Statement(f"insert into entry ({', '.join(_FIELDS)}) values {{}}", f"({row})")  # noqa: S608 -- our own names


_ENTER_OPEN, _ENTER = _enter(_BORN), _enter(len(_FIELDS))
_CHANGE = Statement(
    "with n (seq, outcome, place, ix, confirmation, before, moved, parked) as (values {}) update entry set outcome = n.outcome, place = n.place,"
    " ix = n.ix, confirmation = n.confirmation, before = n.before, moved = n.moved, parked = n.parked from n where entry.seq = n.seq",
    "(?, ?, ?, ?, ?, ?, ?, ?)",
)
_REFER = Statement("insert or ignore into reference (key, seq) values {}", "(?, ?)")
_SEGMENT = Statement(
    "insert or ignore into segment (first, count, at, key, nonce, link, body) values {}", "(?, ?, ?, ?, ?, ?, ?)"
)
_STAND = (
    "update state set value = case name when 'open' then value + ? when 'final' then value + ? when 'refused' then value + ? else ? end"
    " where name in ('open', 'final', 'refused', 'folded')"
)


def fold(c: Connection, vault: Vault, tail: Tail, commits: Sequence[Sealed]) -> None:
    """Bring ``tail`` into the tables, and the commits in it that stand on the slate (``commits``), in one transaction.

    Raises:
        JournalUnavailable: SQLite has undone the transaction by itself.
    """
    c.execute("begin immediate")
    bulk.execute(c, _SEGMENT, [_bound(row) for row in commits])
    before = tail.touched() - tail.entries.keys()
    older = look.rows(c, before) if before else {}
    opened, fresh, changed, counts = _rows(tail, older)
    for statement, rows in ((_ENTER_OPEN, opened), (_ENTER, fresh), (_CHANGE, changed)):
        bulk.execute(c, statement, rows)
    bulk.execute(c, _REFER, [(key, seq) for key, seqs in tail.references.items() for seq in seqs])
    _facts(c, vault, tail)
    c.execute(_STAND, (counts["open"], counts["final"], counts["refused"], tail.last))
    if not c.in_transaction:
        raise JournalUnavailable("SQLite gave the fold up")
    c.execute("commit")


def _bound(row: Sealed) -> tuple[int, int, int, int, bytearray, bytearray, bytearray]:
    """As pysqlite3 binds it soonest: of each value that is ``bytes`` it asks first whether somebody adapts it, which costs more than to keep it."""
    first, count, at, key, nonce, link, body = row
    return first, count, at, key, bytearray(nonce), bytearray(link), bytearray(body)


def row_after(row: Row, verdict: Verdict | None, moves: Sequence[tuple[int, Mark]]) -> Row:
    """``row`` after what the tail has of it."""
    outcome, place, ix, confirmation, moved = row.outcome, row.place, row.ix, row.confirmation, row.moved
    before, known = row.before, row.moved
    if verdict is not None and (outcome == OPEN or (verdict.place, verdict.ix) != (place, ix)):
        state = (born(row.number), Outcome.FINAL, Outcome.REFUSED)[outcome]
        try:
            state = after(state, verdict.decision.event)
        except IllegalEvent:
            if verdict.ix >= 0 or outcome == OPEN:
                _log.error("the hub's answer contradicts what the journal has", number=row.number, seq=row.seq)
        else:
            if outcome == OPEN:
                outcome, place, ix = OUTCOME_CODES[state], verdict.place, verdict.ix
                confirmation = CODES[verdict.decision.confirmation]
    for at, mark in moves:
        if at <= known:  # the row has it; of several in one record each counts
            continue
        then = remarked(confirmation, before, mark)
        if then is not None:
            (confirmation, before), moved = then, at
    return Row(row.seq, row.lane, row.number, row.size, row.parked, outcome, place, ix, confirmation, before, moved)


def remarked(confirmation: int, before: int, mark: Mark) -> tuple[int, int] | None:
    """The codes of a confirmation, and of what it was before that, after ``mark``; ``None``: it changes nothing."""
    now = CONFIRMATION_CODES[confirmation]
    if now is Confirmation.NONE:
        return None
    try:
        then = marked(now, mark, CONFIRMATION_CODES[before])
    except IllegalEvent:
        return None
    return CODES[then], confirmation if mark is Mark.UNDO and now is not Confirmation.UNDONE else before


def born_row(seq: int, entry: r.Entry) -> Row:
    """The row of an entry before anything happened to it."""
    return Row(seq, r.lane_key(entry.lane), entry.number, len(entry.packet))


def row_in(tail: Tail, row: Row) -> Row:
    """``row`` as the tail leaves it."""
    parked = tail.parked.get(row.seq)
    now = row_after(row, tail.verdicts.get(row.seq), tail.moves.get(row.seq, ()))
    return now if parked is None else msgspec.structs.replace(now, parked=int(parked))


def _rows(tail: Tail, older: dict[int, Row]) -> tuple[list[Any], list[Any], list[Any], dict[str, int]]:
    """New rows of what is open and what is not, changed rows, and how the counts change."""
    opened, fresh, changed = [], [], []
    counts = {"open": 0, "final": 0, "refused": 0}
    names = ("open", "final", "refused")
    happened = {*tail.verdicts, *tail.moves, *tail.parked}
    for seq, entry in tail.entries.items():
        key = r.msgid_key(entry.msgid)
        if seq not in happened:
            opened.append((
                seq, key, r.lane_key(entry.lane), entry.number, len(entry.packet), entry.recorded_at,
                digest_number(entry.digest),
            ))  # fmt: skip
            continue
        row = row_in(tail, born_row(seq, entry))
        counts[names[row.outcome]] += 1
        fresh.append((
            seq, key, row.lane, entry.number, row.size, entry.recorded_at, digest_number(entry.digest), row.outcome,
            row.place, row.ix, row.confirmation, row.before, row.moved, row.parked,
        ))  # fmt: skip
    for seq, old in older.items():
        row = row_in(tail, old)
        if row != old:
            counts[names[old.outcome]] -= 1
            counts[names[row.outcome]] += 1
            changed.append((seq, row.outcome, row.place, row.ix, row.confirmation, row.before, row.moved, row.parked))
    counts["open"] += len(opened)
    return opened, fresh, changed, counts


def _facts(c: Connection, vault: Vault, tail: Tail) -> None:
    for (kind, name), value in tail.facts.items():
        if value is None:
            c.execute("delete from fact where kind = ? and key = ?", (kind, name))
        else:
            sealed = look.seal_fact(vault, os.urandom(look.FACT_NONCE_BYTES), kind, name, value)
            c.execute("insert or replace into fact (kind, key, value) values (?, ?, ?)", (kind, name, sealed))


def digest_number(digest: bytes) -> int:
    """The first 64 bits of a digest as SQLite has a number."""
    number: int = _NUMBER.unpack_from(digest if len(digest) >= _NUMBER.size else digest.ljust(_NUMBER.size, b"\0"))[0]
    return number
