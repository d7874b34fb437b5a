"""How fast a backlog drains when the line is back: into a real hub on SQLite, and over a thin line.

A morning's transactions (cases, each with its fees of 15 lines) stand in the journal of a real edge whose line is cut; then it heals. Against
the hub's own intake, called in this process with the same transactions on a copy of the same database; and against what the line can
carry of the bytes that went over it. The clock runs
from the first bytes on the healed line to the last receipt.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from benchmarks import claims
from benchmarks.figure import Figure
from benchmarks.hospital import hospital
from central_sync.intake import Intake
from central_sync.rulebook import load as rulebooks
from central_sync.store import Store
from central_sync.wire import codec
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.limits import BATCH_BYTES_MAX, BATCH_ITEMS_MAX, WIRE_VERSION
from central_sync.wire.messages import Batch, Item, Verdict
from edge.app import JOURNAL_FILE
from edge.journal import Draft, Journal
from edge.uplink.items import CYCLE_LANE, item_of
from simulator.day import today
from simulator.programs import Country, Edge
from simulator.terms import terms_of
from simulator.world import LineFault

FEES_EACH = 24
CASES_AT_ONCE = 50
RATE_BYTES_S, DELAY_S = 512_000 / 8, 0.040
"""Each way: 80 ms there and back."""
LOOK_S = 0.1
STALLED_S_MAX = 120.0


@dataclass(frozen=True)
class _Size:
    cases: int
    slow_cases: int

    @property
    def transactions(self) -> int:
        return self.cases * (1 + FEES_EACH)


FULL = _Size(cases=4_000, slow_cases=480)
QUICK = _Size(cases=40, slow_cases=20)


@dataclass(frozen=True)
class _Drained:
    """How many, in which time, and what the line carried each way."""

    transactions: int
    seconds: float
    sent_bytes: int
    answer_bytes: int


class _Morning:
    """Drafts of cases at one hospital."""

    def __init__(self, country: Country, edge: Edge) -> None:
        place = country.world.hospitals[0]
        self._rulebook = rulebooks.load()
        region = self._rulebook.regions[place.region]
        self.day = today(region.zone)
        self._code = edge.code
        self._currency = region.currency
        self._items = [item.code for item in terms_of(self._rulebook, self.day)[place.region].items]
        self._people = [person for person in country.world.people if person.known]
        self._chance = random.Random(1)
        self._serial = 0

    def _draft(self, number: str, packet: dict[str, Any], **more: Any) -> Draft:
        row = BY_NUMBER[number]
        request = codec.request_from_json(row, msgspec.json.encode(packet))
        self._serial += 1
        return Draft(
            institution=self._code, msgid=f"{self._chance.getrandbits(64):016x}-{self._serial:07d}", number=number,
            digest=codec.digest(number, request), packet=msgspec.msgpack.encode(request), recorded_at=datetime.now(UTC),
            business_day=self.day, operator="clerk-1", workstation="desk-1", **more,
        )  # fmt: skip

    def registration(self) -> Draft:
        """2201 of somebody the hub knows."""
        person = self._chance.choice(self._people)
        packet = {
            "person": {"kind": person.kind, "number": person.number}, "service_date": self.day.isoformat(), "department": "internal",
        }  # fmt: skip
        return self._draft("2201", packet, lane=CYCLE_LANE, opens_case=True)

    def fees(self, hid: str) -> Draft:
        """2204 of 15 lines."""
        packet = claims.fees(self._chance, hid, self._items, self.day, self._currency)
        return self._draft("2204", packet, hid=hid, lane=hid)

    async def write(self, journal: Journal, cases: int) -> None:
        """Put them into an open journal, :data:`CASES_AT_ONCE` of them side by side."""
        for at in range(0, cases, CASES_AT_ONCE):
            count = min(CASES_AT_ONCE, cases - at)
            opened = await asyncio.gather(*(journal.append(self.registration()) for _ in range(count)))
            for _ in range(FEES_EACH):
                await asyncio.gather(*(journal.append(self.fees(one.standing.hid)) for one in opened))


async def _status(session: aiohttp.ClientSession, edge: Edge) -> dict[str, Any]:
    async with session.get(f"{edge.face}/embed/v1/status") as answer:
        found: dict[str, Any] = await answer.json()
        return found


@asynccontextmanager
async def _ready(folder: Path, cases: int) -> AsyncIterator[tuple[Country, Edge, list[Item]]]:
    """A hub and an edge that run, with the line cut and a morning in the journal; and the same as items."""
    async with hospital(folder) as (country, edge):
        async with aiohttp.ClientSession() as session:
            while (await _status(session, edge))["hids_left"] < cases:  # noqa: ASYNC110 -- a lease rings no bell here
                await asyncio.sleep(LOOK_S)
        edge.line.break_down(LineFault.CUT)
        await edge.program.stop()
        journal = Journal(edge.folder / JOURNAL_FILE)
        await journal.open()
        try:
            await _Morning(country, edge).write(journal, cases)
            items = await _items(journal)
        finally:
            await journal.close()
        yield country, edge, items


async def _items(journal: Journal) -> list[Item]:
    items: list[Item] = []
    after = 0
    while waiting := await journal.waiting(after, BATCH_ITEMS_MAX):
        after = waiting[-1].seq
        entries = await journal.sendables([one.seq for one in waiting])
        items += [item_of(entries[one.seq], ask=False) for one in waiting]
    return items


async def _drained(edge: Edge) -> _Drained:
    """Let the line heal, and wait until nothing waits. The clock runs from the moment when the edge has found out."""
    line = edge.line
    async with aiohttp.ClientSession() as session:
        whole = left = (await _status(session, edge))["pending"]
        carried, answered = line.carried_bytes, line.answer_bytes
        line.heal()
        since = moved = time.monotonic()
        while line.carried_bytes == carried and time.monotonic() - moved < STALLED_S_MAX:
            await asyncio.sleep(LOOK_S / 10)
            since = time.monotonic()
        while left:
            await asyncio.sleep(LOOK_S)
            before, left = left, (await _status(session, edge))["pending"]
            moved = time.monotonic() if left < before else moved
            if time.monotonic() - moved > STALLED_S_MAX:
                raise RuntimeError(f"the backlog does not drain: {left} of {whole} are left; see {edge.program.log}")
        answers = line.answer_bytes - answered
        return _Drained(whole, time.monotonic() - since, line.carried_bytes - carried - answers, answers)


def _taken_in_process(database: Path, institution: str, items: Sequence[Item]) -> float:
    """Transactions a second of the hub's intake, called here."""
    store = Store(f"sqlite:///{database}")
    store.open()
    try:
        intake = Intake(store, rulebooks.load())
        started = time.perf_counter()
        for batch in _batches(institution, items):
            left = batch.items
            while left:
                asked = msgspec.structs.replace(batch, items=left, sent_at=datetime.now(UTC))
                answers = intake.take(institution, asked, datetime.now(UTC), urgent=False).answers
                # on a busy machine there is no time for all of a batch: the rest comes again, as it does from an edge
                assert all(one.verdict is Verdict.FINAL or one.code == "hub_busy" for one in answers), (
                    "the hub takes a morning's work"
                )
                left = [item for item, one in zip(left, answers, strict=True) if one.verdict is not Verdict.FINAL]
        return len(items) / (time.perf_counter() - started)
    finally:
        store.close()


def _batches(institution: str, items: Sequence[Item]) -> Iterable[Batch]:
    batch: list[Item] = []
    size = 0
    for item in items:
        weight = len(getattr(item, "packet", b""))
        if batch and (len(batch) == BATCH_ITEMS_MAX or size + weight > BATCH_BYTES_MAX):
            yield Batch(version=WIRE_VERSION, institution=institution, sent_at=datetime.now(UTC), items=batch)
            batch, size = [], 0
        batch.append(item)
        size += weight
    yield Batch(version=WIRE_VERSION, institution=institution, sent_at=datetime.now(UTC), items=batch)


async def _fast(folder: Path, size: _Size) -> Figure:
    async with _ready(folder / "fast", size.cases) as (country, edge, items):
        await country.hub.stop()
        copy = folder / "copy"
        shutil.copytree(country.hub_folder, copy)
        reference = await asyncio.to_thread(_taken_in_process, copy / "hub.db", edge.code, items)
        await country.hub.start()
        await edge.program.start()
        drained = await _drained(edge)
    return Figure(
        "drain", drained.transactions / drained.seconds, "/s", reference, 0.6, False,
        f"draining {size.transactions:,} waiting transactions into a hub on SQLite", "the hub's own intake called in-process",
    )  # fmt: skip


async def _slow(folder: Path, size: _Size) -> Figure:
    async with _ready(folder / "slow", size.slow_cases) as (_, edge, _items):
        await edge.program.start()
        edge.line.rate_bytes_s, edge.line.delay_s = RATE_BYTES_S, DELAY_S
        drained = await _drained(edge)
    each = max(drained.sent_bytes, drained.answer_bytes) / drained.transactions
    return Figure(
        "drain-slow-line", drained.transactions / drained.seconds, "/s", RATE_BYTES_S / each, 0.9, False,
        "draining at 512 kbit/s and 80 ms", f"what 512 kbit/s can carry at {each:.0f} bytes each",
    )  # fmt: skip


async def _measured(size: _Size) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        return [await _fast(Path(name), size), await _slow(Path(name), size)]


def measure(*, quick: bool) -> Iterable[Figure]:
    """Transactions a second of a backlog that drains, fast and over a thin line."""
    yield from asyncio.run(_measured(QUICK if quick else FULL))
