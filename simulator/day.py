"""One simulated day from the first patient to the last check: work and faults side by side, then peace, then the checks.

The faults wait for their point of progress. When every journey is done, all that is down is restored; the hospitals ask until
nothing is open, reconcile, and the evidence is checked. Every phase has a bound: a day that does not end is a finding, not a hang.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import aiohttp

from central_sync.benefits.parameters import Rulebook
from central_sync.terms.days import civil_day
from simulator import evidence, invariants
from simulator.books import Books, Packet
from simulator.face import Face
from simulator.his import His
from simulator.programs import Country
from simulator.world import Kill, Outage, World

DESKS = 8
WORK_S_MAX = 420.0
SETTLE_DOWN_S_MAX = 60.0


@dataclass(slots=True)
class Progress:
    """How far the day is, for the faults and for whoever watches. ``told`` gets a sentence for each event."""

    steps: int
    done: int = 0
    phase: str = "start"
    told: Callable[[str], None] = lambda _sentence: None
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def part(self) -> float:
        """The part of all steps that is done."""
        return self.done / self.steps if self.steps else 1.0

    def step(self) -> None:
        """One more step is done."""
        self.done += 1
        self._bell.set()

    async def until(self, part: float) -> None:
        """Wait for that part of all steps."""
        while self.part < part:
            self._bell.clear()
            await self._bell.wait()


@dataclass(slots=True)
class Outcome:
    """What came of a day."""

    findings: invariants.Findings
    counts: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
    money: dict[str, dict[str, int]] = field(default_factory=dict)


class Day:
    """One world's day in one country that has been started."""

    def __init__(self, world: World, country: Country, rulebook: Rulebook, progress: Progress) -> None:
        self.world = world
        self.country = country
        self.rulebook = rulebook
        self.progress = progress
        self.books: dict[str, Books] = {}
        self.hospitals: dict[str, His] = {}
        self.desks: dict[str, list[Face]] = {}
        self.seconds: dict[str, float] = {}
        self._late: list[str] = []

    async def run(self) -> Outcome:
        """The whole day."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            self._open_hospitals(session)
            await self._phase("work", self._work(), WORK_S_MAX)
            await self.country.restore()
            await self._phase("settle down", self._settle_down(), SETTLE_DOWN_S_MAX)
            reconciled: dict[str, list[Packet | None]] = {}
            uncertain: dict[str, Packet | None] = {}
            await self._phase("reconcile", self._reconcile(reconciled, uncertain), SETTLE_DOWN_S_MAX)
            self.progress.phase = "check"
            found = await evidence.gather(self.country, self.books, reconciled)
            found.uncertain = uncertain
            findings = invariants.check(found, self.rulebook)
            findings.in_doubt += self._late
            return Outcome(findings, self._counts(found), dict(self.seconds), self._money(found))

    def _open_hospitals(self, session: aiohttp.ClientSession) -> None:
        for place in self.world.hospitals:
            edge = self.country.edges[place.code]
            region = self.rulebook.regions[place.region]
            books = Books(place.code, region.currency)
            desks = [
                Face(session, lambda edge=edge: edge.face, place.code, name, key)  # type: ignore[misc]  # bound at once
                for name, key in edge.workstations.items()
            ]
            seed = f"{self.world.seed} {place.code}"
            self.desks[place.code] = desks
            self.books[place.code] = books
            self.hospitals[place.code] = His(
                books,
                self.world.people,
                desks,
                today(region.zone),
                seed,
                self.progress.step,
                edge.cards,
                self.progress.told,
            )

    async def _phase(self, name: str, work: object, seconds_max: float) -> None:
        self.progress.phase = name
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds_max):
                await work  # type: ignore[misc]  # a coroutine, made by the caller
        except TimeoutError:
            self._late.append(f"{name} did not end within {seconds_max:.0f} s")
        self.seconds[name] = round(time.monotonic() - started, 2)

    async def _work(self) -> None:
        faults = [asyncio.create_task(work) for work in (self._outages(), self._kills(), self._slow_disks())]
        try:
            async with asyncio.TaskGroup() as group:
                for place in self.world.hospitals:
                    group.create_task(self.hospitals[place.code].work(place.journeys))
            await asyncio.gather(*faults)
        finally:
            for task in faults:
                task.cancel()
            await asyncio.gather(*faults, return_exceptions=True)

    async def _outages(self) -> None:
        for outage in self.world.outages:
            await self.progress.until(outage.at)
            await self._outage(outage)

    async def _outage(self, outage: Outage) -> None:
        edges = [e for code, e in self.country.edges.items() if outage.hospital in ("", code)]
        self.progress.told(f"line {outage.hospital or 'of all'}: {outage.fault} for {outage.seconds} s")
        for edge in edges:
            edge.line.break_down(outage.fault, outage.after_bytes)
        await asyncio.sleep(outage.seconds)
        for edge in edges:
            edge.line.heal()
        self.progress.told(f"line {outage.hospital or 'of all'}: back")

    async def _kills(self) -> None:
        for kill in self.world.kills:
            await self.progress.until(kill.at)
            await asyncio.sleep(kill.after_s)
            await self._kill(kill)

    async def _kill(self, kill: Kill) -> None:
        program = self.country.hub if kill.target == "hub" else self.country.edges[kill.target].program
        self.progress.told(f"{kill.target}: SIGKILL")
        await program.kill()
        await asyncio.sleep(kill.seconds)
        await program.start()
        self.progress.told(f"{kill.target}: started again")

    async def _slow_disks(self) -> None:
        for slow in self.world.slow_disks:
            await self.progress.until(slow.at)
            program = self.country.hub if slow.target == "hub" else self.country.edges[slow.target].program
            if program.disk is not None:
                self.progress.told(f"{slow.target}: each sync takes {slow.delay_ms} ms longer for {slow.seconds} s")
                program.disk["sync_delay_us"] = slow.delay_ms * 1000
                await asyncio.sleep(slow.seconds)
                program.disk["sync_delay_us"] = 0

    async def _settle_down(self) -> None:
        async with asyncio.TaskGroup() as group:
            for his in self.hospitals.values():
                group.create_task(his.settle_down())

    async def _reconcile(self, reconciled: dict[str, list[Packet | None]], uncertain: dict[str, Packet | None]) -> None:
        for code, his in self.hospitals.items():
            uncertain[code] = await his.read("44", {})
            reconciled[code] = list(await his.reconcile())

    def _counts(self, found: invariants.Evidence) -> dict[str, int]:
        entries = [entry for books in self.books.values() for entry in books.entries.values() if entry.told]
        first = Counter(entry.told[0] for entry in entries)
        doubts = sum("in_doubt" in entry.told for entry in entries)
        late = [ms for desks in self.desks.values() for desk in desks for ms in desk.late_ms]
        return {
            "steps": self.world.steps,
            "transactions": len(entries),
            "final": sum(entry.outcome == "final" for entry in entries),
            "refused": sum(entry.outcome == "refused" for entry in entries),
            "first_answer_final": first["final"],
            "first_answer_provisional": first["provisional"],
            "first_answer_refused": first["refused"],
            "doubts_resolved": sum("in_doubt" in entry.told and entry.decided for entry in entries),
            "doubts": doubts,
            "resent": sum(entry.sent > 1 for entry in entries),
            "reads_skipped": sum(his.skipped for his in self.hospitals.values()),
            "cards_read": sum(his.cards for his in self.hospitals.values()),
            "cards_typed": sum(his.typed for his in self.hospitals.values()),
            "settlements": sum(len(books.sales) for books in self.books.values()),
            "settlements_confirmed": sum(len(books.confirmed()) for books in self.books.values()),
            "ledger_rows": len(found.ledger),
            "latest_ms": max((int(ms) for ms in late), default=0),
        }

    def _money(self, found: invariants.Evidence) -> dict[str, dict[str, int]]:
        """Confirmed money on both sides, by currency."""
        money: dict[str, dict[str, int]] = {}
        for code, books in self.books.items():
            sums = money.setdefault(books.currency, {"hospitals": 0, "hub": 0})
            sums["hospitals"] += sum(sale.total for sale in books.confirmed())
            at_hub: Mapping[str, int] = {
                one.settlement_id: one.total
                for one in found.settlements
                if one.institution == code and one.confirmation == "confirmed"
            }
            sums["hub"] += sum(at_hub.values())
        return money


def today(zone: str) -> date:
    """The civil day that it is now in ``zone``."""
    return civil_day(datetime.now(UTC), zone)
