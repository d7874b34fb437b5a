"""What a long backlog costs: taking 500 entries and acknowledging 500, with a million waiting behind half a million kept, and with few.

Two journals, made in bulk (``prepared.py``), are measured by turns. Taking is what the line does before it decrypts: which
entries are next, and their rows as they stand on disk, still sealed. Acknowledging is one batch's answers made durable.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.claims import AT, Packets
from benchmarks.figure import Figure, Round, absolute, over_rounds
from benchmarks.prepared import Prepared
from central_sync.wire import packets as p
from central_sync.wire import receipts
from central_sync.wire.messages import ItemAnswer, Verdict
from edge.journal import Journal, Receipt, Received, files, look
from edge.running import ready_the_interpreter

BATCH = 500
GROUP = 8
"""How many share a commit: a busy ward."""
TAKE_MS_MAX, ACKNOWLEDGE_MS_MAX = 1.0, 0.5


@dataclass(frozen=True)
class _Size:
    waiting: int
    kept: int
    few: int
    rounds: int


FULL = _Size(waiting=1_000_000, kept=500_000, few=10_000, rounds=15)
QUICK = _Size(waiting=3_000, kept=1_500, few=2_000, rounds=2)


class Backlog:
    """A journal with ``waiting`` open entries behind ``kept`` that are receipted."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "journal.db"
        self.journal = Journal(self.path)
        self._next = 0

    async def fill(self, packets: Packets, waiting: int, kept: int) -> None:
        """Put them there in commits of :data:`GROUP`; the first ``kept`` are acknowledged."""
        await self.journal.open()
        await self.journal.close()
        drafts = (packets.draft() for _ in range(waiting + kept))
        await asyncio.to_thread(Prepared(self.path, GROUP).write, drafts, kept, _answers(), RECEIPT)
        await self.journal.open()
        if kept:
            self._next = (await self.journal.waiting(0, 1))[0].seq - 1

    async def folded(self) -> None:
        """Bring what was written into the tables; the second time waits for what the first left to be done after it."""
        for _ in range(2):
            await self.journal.keeping.fold()

    async def acknowledge(self) -> float:
        """Milliseconds until the answers of the next :data:`BATCH` are durable. Their texts are there, for the receipt was checked by them."""
        waiting = await self.journal.waiting(self._next, BATCH)
        self._next = waiting[-1].seq
        answers = _answers()[: len(waiting)]
        received = Received(
            seqs=[one.seq for one in waiting], numbers=[one.number for one in waiting], answers=answers,
            texts=[receipts.text(one) for one in answers],
        )  # fmt: skip
        started = time.perf_counter()
        await self.journal.receive(received, RECEIPT, AT)
        return (time.perf_counter() - started) * 1000

    def taker(self) -> Iterator[float]:
        """Each step: milliseconds in which the next :data:`BATCH` are read as they stand on disk; begins anew at the end."""
        connection = files.open_reader(self.path)
        try:
            after = self._next
            while True:
                started = time.perf_counter()
                rows = look.open_rows(connection, after, BATCH)
                sealed = look.sealed_rows(connection, [row.seq for row in rows])
                taken = (time.perf_counter() - started) * 1000
                assert sum(row[1] for row in sealed) >= len(rows) > 0
                after = rows[-1].seq
                if not look.open_rows(connection, after, 1):
                    after = self._next
                yield taken
        finally:
            connection.close()


def _answers() -> list[ItemAnswer]:
    return [
        ItemAnswer(msgid=f"{place:024d}", verdict=Verdict.FINAL, packet=ANSWER, decided_at=AT, digest=bytes(32))
        for place in range(BATCH)
    ]


ANSWER = msgspec.msgpack.encode(p.FeesCancelled(hid="0000000000010186", cancelled=15))
RECEIPT = Receipt(
    signer="signer",
    signature=bytes(64),
    hub_time=AT,
    life=bytes(16),
    leaves=b"",
    places=list(range(BATCH)),
    count=BATCH,
)


async def _measured(folder: Path, size: _Size) -> tuple[list[Round], list[Round]]:
    packets = Packets(1)
    many, few = Backlog(folder / "many"), Backlog(folder / "few")
    try:
        await many.fill(packets, size.waiting, size.kept)
        await few.fill(packets, size.few, 0)
        ready_the_interpreter()  # as the edge does
        takes = _by_turns(many, few, size.rounds)
        acknowledged = []
        for _ in range(min(size.rounds, size.few // BATCH - 2)):
            acknowledged.append((await many.acknowledge(), await few.acknowledge()))
            await many.folded()
            await few.folded()
    finally:
        await many.journal.close()
        await few.journal.close()
    return takes, acknowledged


def _by_turns(many: Backlog, few: Backlog, rounds: int) -> list[Round]:
    takers = many.taker(), few.taker()
    for _ in range(5):
        for taker in takers:
            next(taker)
    return [
        (statistics.median(next(takers[0]) for _ in range(10)), statistics.median(next(takers[1]) for _ in range(10)))
        for _ in range(rounds)
    ]


def measure(*, quick: bool) -> Iterable[Figure]:
    """Milliseconds to take 500 and to acknowledge 500 behind a long backlog, against a short one and against a bound."""
    size = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as folder:
        takes, acknowledged = asyncio.run(_measured(Path(folder), size))
    behind = f"with {size.waiting:,} waiting and {size.kept:,} kept"
    for name, what, rounds, most in (
        ("take", f"take 500, still sealed, {behind}", takes, TAKE_MS_MAX),
        ("acknowledge", f"acknowledge 500 {behind}", acknowledged, ACKNOWLEDGE_MS_MAX),
    ):
        figure = over_rounds(
            f"backlog-{name}", rounds, "ms", 1.2, at_most=True, what=what, against=f"the same with {size.few:,} waiting"
        )  # fmt: skip
        yield figure
        yield absolute(f"backlog-{name}-ms", figure.value, "ms", most, what)
