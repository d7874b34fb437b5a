"""What is done to the tables: plain SQL on a connection, inside whatever transaction the caller has opened.

Those that write are called by the writer alone, each within its own savepoint; the others by the reader.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from central_sync.terms import hid as hids
from central_sync.wire.catalogue import BY_NUMBER, Resolution
from central_sync.wire.refusals import Refused
from edge.errors import IllegalEvent
from edge.journal.shapes import Appended, Block, Draft, Marking, Pending, Record, Sendable, Standing, Stats
from edge.limits import OPEN_LIST_ROWS_MAX
from edge.outcome import Confirmation, Event, Mark, Outcome, after, marked

Connection = Any  # pysqlite3 has no types

TOMBSTONE = "tombstone"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARKED = {
    False: "select * from standing where msgid = ? and confirmation <> 'none' and ? in ('', institution)",
    True: "select * from standing where reference = ? and reference <> '' and confirmation <> 'none' and ? in ('', institution)",
}
"""The settlement that a marking names: by its msgid, or by the hub's reference."""


def append(c: Connection, draft: Draft) -> Appended:
    """Keep ``draft``, or tell how the same transaction stands.

    Raises:
        Refused: ``msgid_reused`` or ``hids_exhausted``.
    """
    known = find(c, draft.institution, draft.msgid)
    if known is not None:
        if known.digest != draft.digest:
            raise Refused("msgid_reused")
        return Appended(standing=known, fresh=False)
    hid, lane = draft.hid, draft.lane
    if draft.follows:
        original = find(c, draft.institution, draft.follows)
        if original is not None:
            hid, lane = original.hid or hid, original.lane
        elif draft.reverses:
            remember(c, TOMBSTONE, draft.follows, draft.msgid.encode())
    stopped = _tombstoned(c, draft.msgid)
    left = None
    if draft.opens_case and not stopped:
        hid, left = _next_hid(c)
        lane = hid
    moment = _micros(draft.recorded_at)
    cursor = c.execute(
        "insert into entry (uuid, institution, msgid, number, digest, hid, lane, packet, operator, workstation,"
        " recorded_at, business_day) values (?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            _uuid7(moment), draft.institution, draft.msgid, draft.number, draft.digest, hid, lane, draft.packet,
            draft.operator, draft.workstation, moment, draft.business_day.isoformat(),
        ),
    )  # fmt: skip
    seq = cursor.lastrowid
    outcome, code = (Outcome.REFUSED, "reversed_before_arrival") if stopped else (Outcome.ACCEPTED, "")
    c.execute(
        "insert into verdict (seq, outcome, answer, code, detail, confirmation, confirmation_before, reference, changed_at)"
        " values (?,?,x'',?,'','none','none','',?)",
        (seq, outcome, code, moment),
    )
    if not stopped:
        c.execute("insert into pending (seq, lane, size) values (?,?,?)", (seq, lane, len(draft.packet)))
    standing = Standing(
        seq=seq, institution=draft.institution, msgid=draft.msgid, number=draft.number, digest=draft.digest,
        hid=hid, lane=lane, recorded_at=draft.recorded_at, outcome=outcome, code=code,
    )  # fmt: skip
    return Appended(standing=standing, fresh=True, hids_left=left)


def record(c: Connection, records: Sequence[Record], now: datetime) -> list[Standing | None]:
    """Apply each record by the table of outcomes; ``None`` for one that the table forbids, which changes nothing."""
    return [_record(c, r, now) for r in records]


def _record(c: Connection, r: Record, now: datetime) -> Standing | None:
    standing = by_seq(c, r.seq)
    if standing is None or (r.only_if_open and standing.outcome is not Outcome.ACCEPTED):
        return standing
    try:
        outcome = after(standing.outcome, r.event)
    except IllegalEvent:
        return None
    if standing.outcome.decided or outcome is standing.outcome:
        return standing  # the same news again: the first stays
    c.execute(
        "update verdict set outcome=?, answer=?, code=?, detail=?, confirmation=?, reference=?, changed_at=? where seq=?",
        (outcome, r.answer, r.code, r.detail, r.confirmation, r.reference, _micros(now), r.seq),
    )
    if outcome.decided:
        c.execute("delete from pending where seq=?", (r.seq,))
    if r.confirmation is Confirmation.AWAITED:
        c.execute("insert or ignore into awaited (seq) values (?)", (r.seq,))
    for marking in r.markings:
        mark(c, marking, now, institution=standing.institution)
    if r.lifts:
        forget(c, TOMBSTONE, r.lifts)
    if (
        outcome is Outcome.REFUSED
    ):  # of a reversal: it stops nothing, so the hub decides on the original if that still comes
        c.execute("delete from fact where kind=? and value=?", (TOMBSTONE, standing.msgid.encode()))
    return by_seq(c, r.seq)


def mark(c: Connection, marking: Marking, now: datetime, institution: str = "") -> Standing | None:
    """Move one settlement's confirmation; ``None`` if there is none or the table forbids it."""
    if marking.mark is Mark.REINSTATE and marking.msgid:
        # the msgid is that of the cancel which was reversed; the settlement is the one it names
        cancel = c.execute(
            "select reference from standing where msgid=? and confirmation='none' and ? in ('', institution)",
            (marking.msgid, institution),
        ).fetchone()
        marking = Marking(mark=marking.mark, reference=cancel[0] if cancel else "")
    named = _MARKED[bool(marking.reference)]
    rows = c.execute(named, (marking.reference or marking.msgid, institution)).fetchall()
    if len(rows) != 1:
        return None
    standing = _standing(rows[0])
    (before,) = c.execute("select confirmation_before from verdict where seq=?", (standing.seq,)).fetchone()
    try:
        state = marked(standing.confirmation, marking.mark, Confirmation(before))
    except IllegalEvent:
        return None
    if marking.mark is Mark.UNDO and standing.confirmation is not Confirmation.UNDONE:
        before = standing.confirmation
    c.execute(
        "update verdict set confirmation=?, confirmation_before=?, changed_at=? where seq=?",
        (state, before, _micros(now), standing.seq),
    )
    if state is Confirmation.AWAITED:
        c.execute("insert or ignore into awaited (seq) values (?)", (standing.seq,))
    else:
        c.execute("delete from awaited where seq=?", (standing.seq,))
    return by_seq(c, standing.seq)


def recover(c: Connection, now: datetime) -> list[Standing]:
    """Fences without an answer become in doubt, everything else provisional."""
    rows = c.execute(
        "select * from standing where seq in (select seq from pending) and outcome='accepted' order by seq"
    )
    changed = []
    for standing in map(_standing, rows.fetchall()):
        fence = BY_NUMBER[standing.number].resolution is Resolution.FENCE
        moved = _record(c, Record(seq=standing.seq, event=Event.PARTED if fence else Event.DELAYED), now)
        if moved is not None:
            changed.append(moved)
    return changed


# -- reading ------------------------------------------------------------------------------------------------------


def find(c: Connection, institution: str, msgid: str) -> Standing | None:
    """By identity."""
    row = c.execute("select * from standing where institution=? and msgid=?", (institution, msgid)).fetchone()
    return _standing(row) if row else None


def by_seq(c: Connection, seq: int) -> Standing | None:
    """By the edge's order."""
    row = c.execute("select * from standing where seq=?", (seq,)).fetchone()
    return _standing(row) if row else None


def pending(c: Connection) -> list[Pending]:
    """In order."""
    rows = c.execute(
        "select p.seq, e.msgid, p.lane, e.number, p.size, v.outcome"
        " from pending p join entry e on e.seq=p.seq join verdict v on v.seq=p.seq order by p.seq"
    )
    return [Pending(seq, msgid, lane, number, size, Outcome(o)) for seq, msgid, lane, number, size, o in rows]


def sendables(c: Connection, seqs: Sequence[int]) -> dict[int, Sendable]:
    """By ``seq``; those that are not there are left out."""
    rows = c.execute(
        "select seq, msgid, number, digest, hid, lane, packet, operator, workstation, recorded_at, business_day"
        " from entry where seq in (select value from json_each(?))",
        (json.dumps(list(seqs)),),
    )
    return {
        row[0]: Sendable(
            seq=row[0], msgid=row[1], number=row[2], digest=row[3], hid=row[4], lane=row[5], packet=row[6],
            operator=row[7], workstation=row[8], recorded_at=_instant(row[9]), business_day=date.fromisoformat(row[10]),
        )
        for row in rows
    }  # fmt: skip


def open_list(c: Connection, institution: str) -> list[Standing]:
    """Oldest first; what nobody has been told of yet (accepted) is not in it."""
    rows = c.execute(
        "select * from standing where institution=? and outcome <> 'accepted'"
        " and seq in (select seq from pending union select seq from awaited) order by seq limit ?",
        (institution, OPEN_LIST_ROWS_MAX),
    )
    return [_standing(row) for row in rows]


def latest(c: Connection, count: int) -> list[Standing]:
    """Newest first."""
    return [_standing(row) for row in c.execute("select * from standing order by seq desc limit ?", (count,))]


def hids_left(c: Connection) -> int:
    """Over all blocks."""
    (left,) = c.execute("select coalesce(sum(last - next + 1), 0) from hid_block where next <= last").fetchone()
    return int(left)


def stats(c: Connection, path: Path, commits: int, done: int) -> Stats:
    """One pass over the verdicts: for the technician, not for every second."""
    log = path.with_name(path.name + "-wal")
    return Stats(
        entries=dict(c.execute("select outcome, count(*) from verdict group by outcome").fetchall()),
        pending=c.execute("select count(*) from pending").fetchone()[0],
        awaited=c.execute("select count(*) from awaited").fetchone()[0],
        hids_left=hids_left(c),
        commits=commits,
        operations=done,
        file_bytes=path.stat().st_size,
        wal_bytes=log.stat().st_size if log.exists() else 0,
    )


def check(c: Connection) -> list[str]:
    """SQLite's own check of the whole file, and invariant 2."""
    found = [str(row[0]) for row in c.execute("pragma integrity_check(20)")]
    wrong = c.execute(
        "select count(*) from verdict v left join pending p on p.seq=v.seq"
        " where (v.outcome in ('final','refused')) = (p.seq is not null)"
    ).fetchone()[0]
    return [line for line in found if line != "ok"] + ([f"{wrong} verdicts disagree with pending"] if wrong else [])


# -- facts and leases ---------------------------------------------------------------------------------------------


def remember(c: Connection, kind: str, key: str, value: bytes) -> None:
    """In place of what was there."""
    c.execute("insert or replace into fact (kind, key, value) values (?,?,?)", (kind, key, value))


def recall(c: Connection, kind: str) -> dict[str, bytes]:
    """By key."""
    return dict(c.execute("select key, value from fact where kind=? order by key", (kind,)).fetchall())


def forget(c: Connection, kind: str, key: str) -> None:
    """If it is there."""
    c.execute("delete from fact where kind=? and key=?", (kind, key))


def add_block(c: Connection, block: Block) -> None:
    """A block that is already there stays as it is: its serials may have been given. One that is no block is left out."""
    if not 1 <= block.first <= block.last <= hids.SERIAL_MAX:
        return
    c.execute(
        "insert or ignore into hid_block (first, last, next) values (?,?,?)", (block.first, block.last, block.first)
    )


def _next_hid(c: Connection) -> tuple[str, int]:
    row = c.execute("select first, next from hid_block where next <= last order by first limit 1").fetchone()
    if row is None:
        raise Refused("hids_exhausted")
    first, serial = row
    c.execute("update hid_block set next=? where first=?", (serial + 1, first))
    return hids.from_serial(serial), hids_left(c)


def _tombstoned(c: Connection, msgid: str) -> bool:
    return c.execute("select 1 from fact where kind=? and key=?", (TOMBSTONE, msgid)).fetchone() is not None


def _standing(row: Sequence[Any]) -> Standing:
    return Standing(
        seq=row[0], institution=row[1], msgid=row[2], number=row[3], digest=row[4], hid=row[5], lane=row[6],
        recorded_at=_instant(row[7]), outcome=Outcome(row[8]), answer=row[9], code=row[10], detail=row[11],
        confirmation=Confirmation(row[12]), reference=row[13],
    )  # fmt: skip


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _uuid7(micros: int) -> bytes:
    """RFC 9562: 48 bits of milliseconds, version, 74 random bits."""
    random = bytearray(os.urandom(10))
    random[0] = 0x70 | random[0] & 0x0F
    random[2] = 0x80 | random[2] & 0x3F
    return (micros // 1000).to_bytes(6, "big") + bytes(random)
