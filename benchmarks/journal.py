"""How many transactions a second the journal makes durable, one by one and in groups of 64, against the disk and against others.

All write the same packets to the same disk in the same run, by turns. The journal is used as the intake uses it: through its class, from an
event loop, each append with a caller of its own who is told when it is durable; what the others get are the very bytes that the journal's
records hold, and they are called from a plain loop.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bare_store import BareFile, LiteQueue, PersistQueue, PlainStore, Store
from benchmarks.claims import Packets
from benchmarks.figure import Figure, Round, over_rounds
from edge.journal import Appended, Draft, Journal
from edge.running import ready_the_interpreter

GROUP = 64
RESTS_S = 0.25
"""After a turn of ours, for the fold that is still under way and the one that follows: neither may take anything of the others' turns."""


@dataclass(frozen=True)
class _Size:
    """``alone``: appends of a round one by one; ``groups``: groups of a round."""

    rounds: int
    alone: int
    groups: int


FULL = _Size(rounds=15, alone=2_048, groups=64)
QUICK = _Size(rounds=1, alone=64, groups=4)


def _alone(store: Store, rows: Sequence[bytes]) -> float:
    started = time.perf_counter()
    for row in rows:
        store.insert([row])
    return len(rows) / (time.perf_counter() - started)


def _grouped(store: Store, rows: Sequence[bytes]) -> float:
    groups = [rows[at : at + GROUP] for at in range(0, len(rows), GROUP)]
    started = time.perf_counter()
    for group in groups:
        store.insert(group)
    return len(rows) / (time.perf_counter() - started)


async def _journal(journal: Journal, drafts: Sequence[Draft], group: int) -> float:
    """Appends a second, ``group`` of them at a time: the next ones come when the journal has told of all of the last."""
    left, kept = iter(drafts), asyncio.get_running_loop().create_future()
    waiting = 0

    def told(came: Appended | Exception) -> None:
        nonlocal waiting
        assert isinstance(came, Appended)
        waiting -= 1
        if not waiting:
            bring()

    def bring() -> None:
        nonlocal waiting
        brought = list(itertools.islice(left, group))
        if not brought:
            kept.set_result(None)
            return
        waiting = len(brought)
        for draft in brought:
            journal.appending(draft, told)

    started = time.perf_counter()
    bring()
    await kept
    return len(drafts) / (time.perf_counter() - started)


class _Course:
    """All that take part, each with a file of its own that lasts for all rounds."""

    def __init__(self, folder: Path) -> None:
        self.packets = Packets(1)
        self.journal = Journal(folder / "journal.db")
        self.others: dict[str, Store] = {
            "bare": BareFile(folder / "bare"),
            "plain": PlainStore(folder / "plain.db"),
            "persist-queue": PersistQueue(folder / "persist"),
            "litequeue": LiteQueue(folder / "lite.db"),
        }

    async def round(self, size: _Size) -> dict[str, float]:
        """One turn of each: appends a second by name."""
        drafts, rows = self._drafts, self.packets.rows
        many = size.groups * GROUP
        rates = {"alone": await _journal(self.journal, drafts(size.alone), 1)}
        await asyncio.sleep(RESTS_S)
        for name in ("bare", "persist-queue", "litequeue"):
            rates[name] = _alone(self.others[name], rows(size.alone))
        rates["grouped"] = await _journal(self.journal, drafts(many), GROUP)
        await asyncio.sleep(RESTS_S)
        rates["plain"] = _grouped(self.others["plain"], rows(many))
        return rates

    def _drafts(self, count: int) -> list[Draft]:
        return [self.packets.draft() for _ in range(count)]


async def _measured(folder: Path, size: _Size) -> list[dict[str, float]]:
    course = _Course(folder)
    await course.journal.open()
    ready_the_interpreter()  # as the edge does
    try:
        await course.round(QUICK)  # files grow to their working size, caches fill
        return [await course.round(size) for _ in range(size.rounds)]
    finally:
        await course.journal.close()
        for store in course.others.values():
            store.close()


def _pairs(rounds: Sequence[dict[str, float]], ours: str) -> Callable[[str], list[Round]]:
    return lambda reference: [(rates[ours], rates[reference]) for rates in rounds]


def _figures(rounds: Sequence[dict[str, float]]) -> Iterator[Figure]:
    alone, grouped = _pairs(rounds, "alone"), _pairs(rounds, "grouped")
    one, many = "one entry a commit, encrypted and chained", "in groups of 64"
    yield over_rounds(
        "journal-alone",
        alone("bare"),
        "/s",
        0.85,
        at_most=False,
        what=one,
        against="append and fdatasync of the same bytes",
    )
    yield over_rounds(
        "journal-groups", grouped("plain"), "/s", 0.6, at_most=False, what=many, against="plain SQLite, same groups and page size"
    )  # fmt: skip
    for name, label in (("persist-queue", "persist-queue SQLiteAckQueue"), ("litequeue", "litequeue set to FULL")):
        yield over_rounds(f"journal-alone-{name}", alone(name), "/s", 1.0, at_most=False, what=one, against=label)
        yield over_rounds(f"journal-groups-{name}", grouped(name), "/s", 10, at_most=False, what=many, against=label)


def measure(*, quick: bool) -> Iterable[Figure]:
    """Appends a second, against the bare file, plain SQLite and two queues."""
    with tempfile.TemporaryDirectory() as folder:
        rounds = asyncio.run(_measured(Path(folder), QUICK if quick else FULL))
    yield from _figures(rounds)
