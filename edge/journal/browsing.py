"""Pages of entries, newest first, at a cost that does not grow with the journal.

What is open, parked or awaited has an index of its own. Whatever else is asked for, one statement looks at ``BROWSE_ROWS_MAX`` rows at most and a
page at ``BROWSE_STEPS_MAX`` such stretches: then it ends where it has come to, with fewer rows, and the next one goes on from there. What
the tables do not have yet comes from the tail. Days are looked up by when entries were recorded: a clock that was set back hides nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from central_sync.wire.catalogue import ROWS, Resolution
from edge.journal import look, survey
from edge.journal import records as r
from edge.journal.fold import born_row, row_in
from edge.journal.look import Row
from edge.journal.sealing import Vault
from edge.journal.shapes import Standing
from edge.journal.tail import FINAL, OPEN, REFUSED, Tail
from edge.journal.wanted import Place, State, Wanted
from edge.limits import BROWSE_PAGE_ROWS, BROWSE_ROWS_MAX, BROWSE_STEPS_MAX

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

_NEWEST = Place(2**62, 2**62)
_REPLAYS = frozenset(row.number for row in ROWS if row.resolution is Resolution.REPLAY)
_FENCES = frozenset(row.number for row in ROWS if row.resolution is Resolution.FENCE)
_OPEN = (State.OPEN, State.PROVISIONAL, State.IN_DOUBT)
_INDEXES = {
    **dict.fromkeys(_OPEN, ("open_seq", f"outcome = {OPEN}")),
    State.PARKED: ("parked", f"parked = 1 and outcome = {OPEN}"),
    State.AWAITED: ("awaited", "confirmation = 1"),
}
"""State → the index that holds it alone, and what that index asks for."""
_WHERE = {
    State.OPEN: f"outcome = {OPEN}",
    State.PROVISIONAL: f"outcome = {OPEN} and number in ({', '.join(sorted(map(repr, _REPLAYS)))})",
    State.IN_DOUBT: f"outcome = {OPEN} and number in ({', '.join(sorted(map(repr, _FENCES)))})",
    State.PARKED: f"parked = 1 and outcome = {OPEN}",
    State.AWAITED: "confirmation = 1",
    State.FINAL: f"outcome = {FINAL}",
    State.REFUSED: f"outcome = {REFUSED}",
}
_COLUMNS = ", ".join(Row.__struct_fields__)


class _Found(Struct, frozen=True, array_like=True):
    at: int
    row: Row


_found = msgspec.json.Decoder(list[_Found])


class Browsing:
    """Of one open journal; every method is for its event loop and raises ``JournalUnavailable`` as the journal's own."""

    def __init__(
        self,
        read: Callable[[Callable[[Connection, Vault], Any]], Awaitable[Any]],
        tail: Callable[[], Awaitable[Tail]],
    ) -> None:
        self._read = read
        self._tail = tail

    async def page(
        self, wanted: Wanted, before: Place | None = None, limit: int = BROWSE_PAGE_ROWS
    ) -> tuple[list[Standing], Place | None]:
        """Up to ``limit`` entries that are ``wanted`` and come before that place, newest first; and where to go on, ``None``: there are no more."""
        return await self._steps(wanted, before, limit, BROWSE_STEPS_MAX)

    async def newest_of(self, hid: str) -> int | None:
        """The seq of the newest entry of a case; it looks through all there are, a stretch at a time."""
        place: Place | None = None
        while True:
            found, place = await self._steps(Wanted(hid=hid), place, 1, BROWSE_STEPS_MAX)
            if found or place is None:
                return found[0].seq if found else None

    async def _steps(
        self, wanted: Wanted, before: Place | None, limit: int, steps: int
    ) -> tuple[list[Standing], Place | None]:
        kept: list[Standing] = []
        place = before or _NEWEST
        for _ in range(steps):
            tail, missing = await self._tail(), limit - len(kept)
            more, after = await self._read(_step(tail, wanted, place, missing))
            kept += more
            if after is None or len(kept) >= limit:
                return kept, after
            place = after
        return kept, place


def _step(
    tail: Tail, wanted: Wanted, before: Place, limit: int
) -> Callable[[Connection, Vault], tuple[list[Standing], Place | None]]:
    def work(c: Connection, vault: Vault) -> tuple[list[Standing], Place | None]:
        places, after = _places(c, tail, wanted, before, limit)
        by_seq = {one.seq: one for one in survey.standings(c, vault, tail, sorted(place.seq for place in places))}
        return [by_seq[place.seq] for place in places if place.seq in by_seq], after

    return work


def _places(c: Connection, tail: Tail, wanted: Wanted, before: Place, limit: int) -> tuple[list[Place], Place | None]:
    key = _key(wanted)
    touched = tail.touched()
    source, values = _source(wanted, before)
    kept = [Place(one.at, one.row.seq) for one in _rows(c, source, values, wanted, touched, limit + 1)]
    end = None
    if len(kept) <= limit:
        last = c.execute(f"select at, seq {source} limit 1 offset {BROWSE_ROWS_MAX - 1}", values).fetchone()
        end = Place(*last) if last else None
    new = [place for place in _in_tail(c, tail, wanted, touched) if key(place) < key(before)]
    if end is not None:
        new = [place for place in new if key(place) >= key(end)]
    found = sorted({*kept, *new}, key=key, reverse=True)
    return (found[:limit], found[limit - 1]) if len(found) > limit else (found, end)


def _key(wanted: Wanted) -> Callable[[Place], tuple[int, ...]]:
    """What pages are ordered by."""
    return (lambda place: (place.at, place.seq)) if wanted.begin is not None else (lambda place: (place.seq,))


def _source(wanted: Wanted, before: Place) -> tuple[str, list[Any]]:
    """Whence rows come, in order, and its values; what may be many is looked through by stretches of it."""
    if wanted.begin is not None and wanted.end is not None:
        where = "at >= ? and at < ? and (at, seq) < (?, ?)"
        values = [r.micros(wanted.begin), r.micros(wanted.end), before.at, before.seq]
        return f"from entry indexed by recorded where {where} order by at desc, seq desc", values
    index, where = _INDEXES.get(wanted.state, ("", "")) if wanted.state else ("", "")
    if index:
        return f"from entry indexed by {index} where {where} and seq < ? order by seq desc", [before.seq]
    return "from entry where seq < ? order by seq desc", [before.seq]


def _rows(c: Connection, source: str, values: list[Any], wanted: Wanted, touched: set[int], limit: int) -> list[_Found]:
    where, more = ["seq not in (select value from json_each(?))"], [msgspec.json.encode(sorted(touched)).decode()]
    if wanted.state is not None:
        where.append(_WHERE[wanted.state])
    if wanted.number:
        where.append("number = ?")
        more.append(wanted.number)
    if wanted.hid:
        where.append("lane = ?")
        more.append(r.lane_key(wanted.hid))  # type: ignore[arg-type]
    stretch = f"select at, {_COLUMNS} {source} limit {BROWSE_ROWS_MAX}"
    chosen = f"select at, {_COLUMNS} from ({stretch}) where {' and '.join(where)} limit {limit}"  # noqa: S608 -- our own text
    (text,) = c.execute(
        f"select json_group_array(json_array(at, json_array({_COLUMNS}))) from ({chosen})",  # noqa: S608 -- our own text
        [*values, *more],
    ).fetchone()
    return _found.decode(text)


def _in_tail(c: Connection, tail: Tail, wanted: Wanted, touched: set[int]) -> list[Place]:
    """What is ``wanted`` of the entries that something happened to since the last fold."""
    older = look.rows(c, touched)
    times = dict(
        c.execute(
            "select seq, at from entry where seq in (select value from json_each(?))",
            (msgspec.json.encode(sorted(older)).decode(),),
        ).fetchall()
    )
    found = []
    for seq in touched:
        entry = tail.entries.get(seq)
        row = older.get(seq) or (born_row(seq, entry) if entry else None)
        if row is None:
            continue
        at = entry.recorded_at if entry else times[seq]
        if _suits(row_in(tail, row), at, wanted):
            found.append(Place(at, seq))
    return found


def _suits(row: Row, at: int, wanted: Wanted) -> bool:
    """The same as the statement asks, of a row in memory."""
    if wanted.begin is not None and wanted.end is not None and not r.micros(wanted.begin) <= at < r.micros(wanted.end):
        return False
    if wanted.number and row.number != wanted.number:
        return False
    if wanted.hid and row.lane != r.lane_key(wanted.hid):
        return False
    match wanted.state:
        case None:
            return True
        case State.OPEN:
            return row.outcome == OPEN
        case State.PROVISIONAL:
            return row.outcome == OPEN and row.number in _REPLAYS
        case State.IN_DOUBT:
            return row.outcome == OPEN and row.number in _FENCES
        case State.FINAL:
            return row.outcome == FINAL
        case State.REFUSED:
            return row.outcome == REFUSED
        case State.PARKED:
            return bool(row.parked) and row.outcome == OPEN
        case State.AWAITED:
            return row.confirmation == 1
