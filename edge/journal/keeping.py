"""What is done to the journal as a whole while it works: signed days, pruning, another data key, how much it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from edge.journal import days, look, retention
from edge.journal import records as r
from edge.journal.operation import Upkeep
from edge.journal.retention import Plan, Pruned
from edge.journal.sealing import Vault
from edge.journal.tail import ROOT
from edge.journal.writer import Writer

Connection = Any  # pysqlite3 has no types
T = TypeVar("T")

Tell = Callable[[int, int, str], None]


class Keeping:
    """Upkeep of one open journal. Every method is for the event loop; all raise ``JournalUnavailable`` as the journal's own."""

    def __init__(self, writer: Writer, read: Callable[[Callable[[Connection, Vault], Any]], Awaitable[Any]]) -> None:
        self._writer = writer
        self._read = read
        self._unsigned: list[days.Day] = []

    # -- days -----------------------------------------------------------------------------------------------------

    def signed(self) -> list[r.Root]:
        """The days that both sides have signed and that are not pruned, oldest first."""
        kept = self._writer.state.facts.get(ROOT, {})
        found = [r.decoded(value) for _, value in sorted(kept.items())]
        return [root for root in found if isinstance(root, r.Root)]

    async def day_roots(self, today: date) -> list[days.Day]:
        """The days before ``today`` that are not signed yet, oldest first, with their roots. What was found once is not read again."""
        await self.fold()  # days are counted in the tables
        signed = self.signed()
        end, after = (signed[-1].last, date.fromisoformat(signed[-1].day)) if signed else (0, date.min)
        known = [day for day in self._unsigned if day.first > end]
        if known:
            end, after = known[-1].last, known[-1].day
        midnight = r.micros(datetime.combine(today, time(), UTC))
        more: list[days.Day] = await self._read(
            lambda c, _: days.finished(look.heads_after(c, max(end, look.state(c)["cut"]), midnight), today, after)
        )
        self._unsigned = [*known, *more]
        return list(self._unsigned)

    async def keep_roots(self, roots: list[r.Root]) -> None:
        """Keep days as both sides signed them."""
        await self._writer.do(lambda scribe: [scribe.add(root) for root in roots])

    # -- retention ------------------------------------------------------------------------------------------------

    async def prune(self, today: date, keep_days: int, tell: Tell) -> Pruned:
        """Prune what may go, a few commits at a time, with everybody else's work in between."""
        signed = self.signed()
        to, segments, transactions, begun = retention.goal(signed, today, keep_days), 0, 0, -1
        while True:
            planned: Plan = await self._read(lambda c, vault: retention.plan(c, vault, to))
            begun = planned.cut if begun < 0 else begun
            if not planned.segments:
                break
            if await self._upkeep(self._pruning(planned)):
                segments, transactions = segments + planned.segments, transactions + len(planned.outcomes)
                tell(planned.end - begun, max(1, to - begun), "pruning")
        gone = [root.first for root in signed[:-1] if root.last <= planned.cut]
        if gone:
            await self._writer.do(
                lambda scribe: [scribe.add(r.Fact(kind=ROOT, key=f"{first:020d}", value=None)) for first in gone]
            )
        return Pruned(segments=segments, transactions=transactions, cut=planned.cut, goal=to, held=planned.held)

    def _pruning(self, planned: Plan) -> Callable[[Connection], bool]:
        def work(c: Connection) -> bool:
            state, vault = self._writer.state, self._writer.vault
            assert vault is not None
            done = retention.prune(c, vault, planned)
            if done:
                state.pruned(look.state(c))
            return done

        return work

    # -- keys, sizes ----------------------------------------------------------------------------------------------

    async def rotate(self, now: datetime) -> int:
        """Seal with a new data key from the next commit on; its number. What was sealed before stays as it is and readable."""
        vault = self._writer.vault
        assert vault is not None
        return await asyncio.to_thread(vault.rotate, now)

    async def change_device_key(self) -> None:
        """Wrap every data key with a new device key."""
        vault = self._writer.vault
        assert vault is not None
        await asyncio.to_thread(vault.change_device_key)

    @property
    def key_since(self) -> datetime:
        """When the data key in use was made."""
        assert self._writer.vault is not None
        return self._writer.vault.current_since

    async def held_bytes(self) -> tuple[int, int]:
        """How many bytes of the file hold something, and how many are free in it."""

        def look_up(c: Connection, _: Vault) -> tuple[int, int]:
            size, pages, free = (
                c.execute(f"pragma {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
            )
            return (pages - free) * size, free * size

        found: tuple[int, int] = await self._read(look_up)
        return found

    async def written_since(self, since: datetime) -> int:
        """Roughly how many bytes transactions recorded since then took, with their answers: twice their packets and a page's share."""

        def look_up(c: Connection, _: Vault) -> int:
            count, size = c.execute(
                "select count(*), coalesce(sum(size), 0) from entry where at >= ?", (r.micros(since),)
            ).fetchone()
            return int(2 * size + 500 * count)

        found: int = await self._read(look_up)
        return found

    async def fold(self) -> None:
        """Bring all that was written into the tables."""
        await self._upkeep(_nothing)

    async def _upkeep(self, work: Callable[[Connection], T]) -> T:
        return await self._writer.submit(Upkeep(work)).future


def _nothing(_: Connection) -> None:
    """What is on the slate goes into the tables before any upkeep: that is all."""
