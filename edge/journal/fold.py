"""From the log into the tables: what stands after a tail, in one transaction of few statements; the log itself before that, in portions.

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
from edge.limits import FOLD_PORTION_BYTES
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
_OLDER_AT_ONCE = 512
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
_STAND = (  # by the codes of outcomes: 0, 1, 2
    "update state set value = case name when 'open' then value + ? when 'final' then value + ? when 'refused' then value + ? else ? end"
    " where name in ('open', 'final', 'refused', 'folded')"
)


def fold(c: Connection, vault: Vault, tail: Tail, commits: Sequence[Sealed], *, portions: bool) -> None:
    """Bring ``tail`` into the tables, and the commits in it that stand on the slate (``commits``), in one transaction; with ``portions`` most commits are in
    the log before that, some at a time: what follows ``folded`` there is read as the slate is.

    Raises:
        JournalUnavailable: SQLite has undone the transaction by itself.
    """
    whole, rest = portioned(commits)
    if not portions:
        c.execute("begin immediate")
    for portion in whole:  # a statement each, for after each the interpreter has to be waited for again
        bulk.execute(c, _SEGMENT, portion, _bound)
    if portions:
        c.execute("begin immediate")
    bulk.execute(c, _SEGMENT, rest, _bound)
    counts = _entries(c, tail)
    references = [(key, seq) for key, seqs in tail.references.items() for seq in seqs]
    bulk.execute(c, _REFER, references, tuple)
    _facts(c, vault, tail)
    c.execute(_STAND, (*counts, tail.last))
    if not c.in_transaction:
        raise JournalUnavailable("SQLite gave the fold up")
    c.execute("commit")


def portioned(commits: Sequence[Sealed]) -> tuple[list[Sequence[Sealed]], Sequence[Sealed]]:
    """The commits in their order: portions of FOLD_PORTION_BYTES or half of it more at the most, so many in each as are one statement, or one
    that is longer; and the rest, which is no more than FOLD_PORTION_BYTES.
    """
    whole: list[Sequence[Sealed]] = []
    begin, left = 0, _size(commits)
    while left > FOLD_PORTION_BYTES:
        count, size = 1, _size(commits[begin : begin + 1])
        while 2 * count <= min(bulk.AT_ONCE, len(commits) - begin):
            doubled = size + _size(commits[begin + count : begin + 2 * count])
            if doubled > FOLD_PORTION_BYTES * 3 // 2:
                break
            count, size = 2 * count, doubled
        whole.append(commits[begin : begin + count])
        begin, left = begin + count, left - size
    return whole, commits[begin:]


def _size(commits: Sequence[Sealed]) -> int:
    return sum(len(row.body) for row in commits)


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


def _entries(c: Connection, tail: Tail) -> list[int]:
    """Bring in what the tail has of entries; by how much the count of each outcome changes, by its code."""
    counts = [0, 0, 0]
    older = sorted(tail.touched() - tail.entries.keys())
    for begin in range(0, len(older), _OLDER_AT_ONCE):
        changed = []
        for seq, old in look.rows(c, older[begin : begin + _OLDER_AT_ONCE]).items():
            row = row_in(tail, old)
            if row != old:
                counts[old.outcome] -= 1
                counts[row.outcome] += 1
                changed.append((seq, *_state(row)))
        bulk.execute(c, _CHANGE, changed, tuple)
    happened = {*tail.verdicts, *tail.moves, *tail.parked}
    opened, fresh = list(tail.entries.items()), []
    if happened:
        fresh = [pair for pair in opened if pair[0] in happened]
        opened = [pair for pair in opened if pair[0] not in happened]
    counts[OPEN] += len(opened)
    bulk.execute(c, _ENTER_OPEN, opened, lambda pair: _born(*pair))

    def entered(pair: tuple[int, r.Entry]) -> Sequence[Any]:
        row = row_in(tail, born_row(*pair))
        counts[row.outcome] += 1
        return *_born(*pair), *_state(row)

    bulk.execute(c, _ENTER, fresh, entered)
    return counts


def _born(seq: int, entry: r.Entry) -> Sequence[Any]:
    """What of its row is known at birth."""
    return (
        seq, r.msgid_key(entry.msgid), r.lane_key(entry.lane), entry.number, len(entry.packet), entry.recorded_at,
        digest_number(entry.digest),
    )  # fmt: skip


def _state(row: Row) -> Sequence[Any]:
    """What happens to it later."""
    return row.outcome, row.place, row.ix, row.confirmation, row.before, row.moved, row.parked


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
