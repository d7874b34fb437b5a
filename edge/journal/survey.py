"""Looks over many entries at once: lists, counts, and whether the tables agree with the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from central_sync.wire.catalogue import BY_NUMBER, ROWS, Resolution
from edge.journal import look
from edge.journal import records as r
from edge.journal.fold import born_row, digest_number, row_in
from edge.journal.sealing import Vault
from edge.journal.shapes import Pending, Standing, Stats
from edge.journal.standing import standing_of
from edge.journal.tail import FINAL, OPEN, Tail
from edge.outcome import Confirmation

Connection = Any  # pysqlite3 has no types

_CHECK_ROWS = 20
_OLDEST_ROWS_MAX = 2_000
CUT_FACT = ("journal", "cut_link")
"""The link of the last segment that was pruned."""
_AT_ONCE = 500
_LOOKED_ROWS = 2_000
_FENCES = tuple(sorted(number for row in ROWS if row.resolution is Resolution.FENCE for number in row.numbers))
_MARKS = ", ".join("?" * len(_FENCES))
_AWAITED = "select seq from entry where confirmation = 1 order by seq desc limit ?"
_NEWEST = f"select seq from entry where outcome = {OPEN} order by seq desc limit ?"  # noqa: S608 -- our own text
_PARKED = f"select seq from entry where parked = 1 and outcome = {OPEN} order by seq desc limit ?"  # noqa: S608 -- our own text
_OPENED = f"select seq, number from entry where outcome = {OPEN} order by seq {{}}"  # noqa: S608 -- our own text
_FENCES_OF = f"select seq from ({_OPENED}) where number in ({_MARKS}) order by seq desc limit ?"  # noqa: S608 -- our own text


def open_or_awaited(c: Connection, limit: int) -> list[int]:
    """Seqs of folded entries that are open or await their confirmation, oldest first."""
    seqs: set[int] = set()
    for where in (f"outcome = {OPEN}", "confirmation = 1"):
        rows = c.execute(f"select seq from entry where {where} order by seq limit ?", (limit,))  # noqa: S608 -- our own text
        seqs.update(seq for (seq,) in rows.fetchall())
    return sorted(seqs)[:limit]


def unfinished(c: Connection, tail: Tail, limit: int) -> list[int]:
    """Seqs of what is open or awaits its confirmation now, oldest first. Not more than ``limit`` of each kind, the newest: what awaits its confirmation, what is
    parked, fences, and the rest. Fences are looked for among the oldest and the newest of a long backlog: they are made while there is a line.
    """
    touched = tail.touched()
    older = look.rows(c, touched)
    now = {
        seq: row_in(tail, older.get(seq) or born_row(seq, tail.entries[seq]))
        for seq in touched
        if seq in older or seq in tail.entries
    }
    more = limit + len(older)  # what the tail has closed must not shorten a list
    kinds: tuple[tuple[str, tuple[Any, ...]], ...] = (
        (_AWAITED, (more,)),
        (_PARKED, (more,)),
        (_FENCES_OF.format("limit ?"), (_LOOKED_ROWS, *_FENCES, more)),
        (_FENCES_OF.format("desc limit ?"), (_LOOKED_ROWS, *_FENCES, more)),
        (_NEWEST, (more,)),
    )
    fits: tuple[Callable[[look.Row], bool], ...] = (
        lambda row: row.confirmation == 1,
        lambda row: row.parked == 1 and row.outcome == OPEN,
        lambda row: row.outcome == OPEN and row.number in _FENCES,
        lambda row: row.outcome == OPEN and row.number in _FENCES,
        lambda row: row.outcome == OPEN,
    )
    found: set[int] = set()
    for (text, values), fit in zip(kinds, fits, strict=True):
        kept = {seq for (seq,) in c.execute(text, values) if seq not in now}
        found.update(sorted(kept | {seq for seq, row in now.items() if fit(row)})[-limit:])
    return sorted(found)


def waiting(
    tail: Tail, page: Callable[[int], list[look.Row]], after: int, fits: Callable[[int, int], bool], limit: int
) -> list[Pending]:
    """What is open beyond ``after``, in order, of the folded rows (``page``: the next ``limit`` of them beyond a seq) and of the tail, if its
    seq and lane ``fit``. Fewer than ``limit`` only if there are no more: what the tail has closed does not shorten it.
    """
    found: dict[int, look.Row] = {}
    at, more = after, True
    while more and len(found) < limit:
        rows = page(at)
        found |= {row.seq: now for row in rows if not (now := row_in(tail, row)).outcome}
        more = len(rows) == limit  # while there are more, what is in the tail lies beyond
        at = rows[-1].seq if rows else at
    if not more:
        for seq, entry in list(tail.entries.items()):
            row = born_row(seq, entry)
            if seq > after and seq not in found and fits(seq, row.lane) and not (now := row_in(tail, row)).outcome:
                found[seq] = now
    return [
        Pending(seq=row.seq, lane=row.lane, number=row.number, size=row.size, parked=bool(row.parked))
        for row in sorted(found.values(), key=lambda row: row.seq)[:limit]
    ]


def latest(c: Connection, limit: int) -> list[int]:
    """Seqs of the newest folded entries."""
    return [seq for (seq,) in c.execute("select seq from entry order by seq desc limit ?", (limit,)).fetchall()]


def standings(c: Connection, vault: Vault, tail: Tail, seqs: Sequence[int]) -> list[Standing]:
    """How those entries stand, in order; what is no entry is left out."""
    return [standing for _, standing in with_entries(c, vault, tail, seqs)]


def with_entries(c: Connection, vault: Vault, tail: Tail, seqs: Sequence[int]) -> Iterator[tuple[r.Entry, Standing]]:
    """The same, each with its entry."""
    for at in range(0, len(seqs), _AT_ONCE):
        yield from _with_entries(c, vault, tail, seqs[at : at + _AT_ONCE])


def _with_entries(c: Connection, vault: Vault, tail: Tail, seqs: Sequence[int]) -> Iterator[tuple[r.Entry, Standing]]:
    rows = look.rows(c, seqs)
    places = {row.place for row in rows.values() if row.outcome != OPEN}
    kept = look.records_of(c, vault, sorted({*places, *(seq for seq in seqs if seq not in tail.entries)}))
    for seq in seqs:
        entry = tail.entries.get(seq) or kept.get(seq)
        if isinstance(entry, r.Entry):
            row = row_in(tail, rows.get(seq) or born_row(seq, entry))
            yield entry, standing_of(c, vault, [tail], seq, entry, row, kept)


def is_open(standing: Standing) -> bool:
    """Whether somebody has to do something about it: it has no last word, or its confirmation is awaited."""
    return not standing.outcome.decided or standing.confirmation is Confirmation.AWAITED


def stats(c: Connection, path: Path, tail: Tail, hids_left: int, commits: int, done: int) -> Stats:
    """From the counts that the fold keeps, and the tail."""
    state = look.state(c)
    counts = {"open": state["open"], "final": state["final"], "refused": state["refused"]}
    older = look.rows(c, tail.touched())
    for seq in tail.touched():
        entry = tail.entries.get(seq)
        before = older.get(seq) or (born_row(seq, entry) if entry else None)
        if before is None:
            continue
        if seq in older:
            counts[_name(before.outcome)] -= 1
        counts[_name(row_in(tail, before).outcome)] += 1
    (awaited,) = c.execute("select count(*) from entry where confirmation = 1").fetchone()
    (parked,) = c.execute(f"select count(*) from entry where parked = 1 and outcome = {OPEN}").fetchone()  # noqa: S608 -- our own text
    for seq in tail.touched():
        entry = tail.entries.get(seq)
        before = older.get(seq) or (born_row(seq, entry) if entry else None)
        if before is not None:
            now = row_in(tail, before)
            awaited += (now.confirmation == 1) - (seq in older and before.confirmation == 1)
            parked += bool(now.parked and now.outcome == OPEN) - (
                seq in older and bool(before.parked and before.outcome == OPEN)
            )
    log = path.with_name(path.name + "-wal")
    pending = _oldest_open(c, tail)
    doubts = [at for number, at in pending if BY_NUMBER[number].resolution is Resolution.FENCE]
    return Stats(
        entries={name: count for name, count in counts.items() if count},
        pending=counts["open"],
        parked=parked,
        awaited=awaited,
        hids_left=hids_left,
        commits=commits,
        operations=done,
        file_bytes=path.stat().st_size,
        wal_bytes=log.stat().st_size if log.exists() else 0,
        oldest_at=r.instant(pending[0][1]) if pending else None,
        in_doubt=len(doubts),
        in_doubt_since=r.instant(min(doubts)) if doubts else None,
    )


def _oldest_open(c: Connection, tail: Tail) -> list[tuple[str, int]]:
    """Number and time (microseconds) of what is open, the oldest first; of a long backlog only the first."""
    rows = c.execute(
        f"select seq, number, at from entry where outcome = {OPEN} order by seq limit ?",  # noqa: S608 -- our own text
        (_OLDEST_ROWS_MAX,),
    ).fetchall()
    touched = look.rows(c, [seq for seq, _, _ in rows if seq in tail.verdicts])
    found = [
        (number, at) for seq, number, at in rows if seq not in touched or row_in(tail, touched[seq]).outcome == OPEN
    ]
    seqs = {seq for seq, _, _ in rows}
    found += [
        (entry.number, entry.recorded_at)
        for seq, entry in list(tail.entries.items())
        if seq not in seqs and row_in(tail, born_row(seq, entry)).outcome == OPEN
    ]
    return found


def check(c: Connection, vault: Vault) -> list[str]:
    """SQLite's own check of the whole file; the chain; and whether the tables say what the log says. For files that fit a coffee break."""
    found = [str(row[0]) for row in c.execute(f"pragma integrity_check({_CHECK_ROWS})")]
    found = [line for line in found if line != "ok"]
    state = look.state(c)
    tail = Tail()
    link, head = begin(c, vault, state["cut"])
    for segment in look.segments_after(c, vault, state["cut"]):
        if segment.first != head + 1:
            found.append(f"records between {head} and {segment.first} are missing")
        link = r.link(link, segment.header, r.leaves(segment.salts, segment.records))
        if link != segment.link:
            found.append(f"the chain is broken at {segment.first}")
            link = segment.link
        head = segment.first + segment.count - 1
        for place, data in enumerate(segment.records):
            if segment.first + place <= state["folded"]:
                tail.apply(segment.first + place, r.decoded(data))
    rows = look.rows(c, tail.entries)
    for seq, entry in tail.entries.items():
        if rows.get(seq) != row_in(tail, born_row(seq, entry)):
            found.append(f"the tables disagree with the log on {seq}")
    found += _names_wrong(c, tail)
    counted = dict(c.execute("select outcome, count(*) from entry group by outcome").fetchall())
    told = {code: state[name] for code, name in enumerate(("open", "final", "refused")) if state[name]}
    return found + (["the counts disagree with the tables"] if counted != told else [])


def _names_wrong(c: Connection, tail: Tail) -> list[str]:
    """Transactions that would not be found by their names, or be taken for another: the columns that no row of :mod:`look` has."""
    kept = {seq: (key, digest) for seq, key, digest in c.execute("select seq, key, digest from entry")}
    wrong = [
        f"the tables name {seq} otherwise than the log"
        for seq, entry in tail.entries.items()
        if kept.get(seq) != (r.msgid_key(entry.msgid), digest_number(entry.digest))
    ]
    references = set(c.execute("select key, seq from reference"))
    missing = {(key, seq) for key, seqs in tail.references.items() for seq in seqs} - references
    return wrong + [f"the reference of {seq} is missing" for _, seq in sorted(missing)]


def begin(c: Connection, vault: Vault, cut: int) -> tuple[bytes, int]:
    """Link and seq that the first segment follows."""
    kind, name = CUT_FACT
    row = c.execute("select value from fact where kind = ? and key = ?", (kind, name)).fetchone() if cut else None
    return (look.open_fact(vault, kind, name, row[0]) if row else r.FIRST_LINK), cut


def _name(outcome: int) -> str:
    return "open" if outcome == OPEN else "final" if outcome == FINAL else "refused"
