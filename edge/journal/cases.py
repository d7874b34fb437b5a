"""What the journal holds of one case, and which cases were opened lately: with what was asked, so that a desk's page remembers nothing itself.

There is no index by case: what is closed is looked for among what was recorded since a time that whoever asks knows (by the
index of times: without being told so, SQLite would go through all of a journal that has grown old, newest first).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from central_sync.wire.catalogue import ROWS
from edge.journal import records as r
from edge.journal import survey
from edge.journal.sealing import Vault
from edge.journal.shapes import Standing, Told
from edge.journal.tail import Tail

Connection = Any  # pysqlite3 has no types
Read = Callable[[Callable[[Connection, Vault], Any]], Awaitable[Any]]

OPENINGS = frozenset(number for row in ROWS if row.opens_case for number in row.numbers)
_MARKS = ", ".join("?" * len(OPENINGS))
_OF_LANE = "select seq from entry indexed by recorded where lane = ? and at >= ? order by seq desc limit ?"
_OPENED = f"select seq from entry indexed by recorded where number in ({_MARKS}) and at >= ? order by seq desc limit ?"  # noqa: S608 -- question marks


class Cases:
    """Cases of an open journal. Every method is for the event loop; all raise ``JournalUnavailable`` as the journal's own."""

    def __init__(self, read: Read, tail: Callable[[], Awaitable[Tail]]) -> None:
        self._read = read
        self._tail = tail

    async def of(self, hid: str, since: datetime, limit: int) -> list[Told]:
        """The newest ``limit`` entries of a case that were recorded from ``since`` on, oldest first."""
        begin, lane = r.micros(since), r.lane_key(hid)

        def seqs(c: Connection) -> list[int]:
            return [seq for (seq,) in c.execute(_OF_LANE, (lane, begin, limit))]

        return await self._told(seqs, lambda entry: entry.lane == hid and entry.recorded_at >= begin, limit)

    async def opened(self, since: datetime, limit: int) -> list[Told]:
        """The newest ``limit`` entries that opened a case, recorded from ``since`` on, oldest first."""
        begin = r.micros(since)

        def seqs(c: Connection) -> list[int]:
            return [seq for (seq,) in c.execute(_OPENED, (*sorted(OPENINGS), begin, limit))]

        return await self._told(seqs, lambda entry: entry.number in OPENINGS and entry.recorded_at >= begin, limit)

    async def unfinished(self, limit: int) -> list[Told]:
        """What is provisional, in doubt, or awaits its confirmation, oldest first; of each kind the newest ``limit``, as :func:`survey.unfinished` has it."""
        tail = await self._tail()

        def look_up(c: Connection, vault: Vault) -> list[Told]:
            entries = survey.with_entries(c, vault, tail, survey.unfinished(c, tail, limit))
            return [_told(entry, standing) for entry, standing in entries if survey.is_open(standing)]

        found: list[Told] = await self._read(look_up)
        return found

    async def _told(
        self,
        seqs: Callable[[Connection], Sequence[int]],
        fits: Callable[[r.Entry], bool],
        limit: int,
    ) -> list[Told]:
        """Entries that the tables have (``seqs``) or the tail, if they ``fit``."""
        tail = await self._tail()

        def look_up(c: Connection, vault: Vault) -> list[Told]:
            fresh = {seq for seq, entry in list(tail.entries.items()) if fits(entry)}
            wanted = sorted({*seqs(c), *fresh})[-limit:]
            return [
                _told(entry, standing)
                for entry, standing in survey.with_entries(c, vault, tail, wanted)
                if fits(entry)  # a lane's key is short: another case may share it
            ]

        found: list[Told] = await self._read(look_up)
        return found


def _told(entry: r.Entry, standing: Standing) -> Told:
    return Told(
        standing=standing,
        packet=entry.packet,
        operator=entry.operator,
        workstation=entry.workstation,
        card_read=entry.card_read,
    )
