"""How many calls a desk program gets acknowledged durably while the line is down, and how long one takes.

The calls are 2204s of 15 lines, of 64 cases, a `replay` row: it is answered when it is in the journal. Client, edge and reference are processes of their
own; ours and the reference are loaded by turns.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import claims
from benchmarks.figure import Figure, Round, over_rounds
from benchmarks.hospital import bare_server, environment, hospital, line_is_known_down, loaded, plan, signed_in
from central_sync.terms.hid import from_serial
from simulator.face import Face
from simulator.programs import Edge
from tests.faults.shim import Shim

MANY, FEW = 64, 8
SLOWER_US = 10_000


@dataclass(frozen=True)
class _Size:
    rounds: int
    seconds: float
    warm_up_s: float


FULL = _Size(rounds=7, seconds=3.0, warm_up_s=1.0)
QUICK = _Size(rounds=1, seconds=0.5, warm_up_s=0.3)


class _Bench:
    """The edge with its line down and one reference, both up."""

    def __init__(self, edge: Edge, face: Face, size: _Size) -> None:
        self.edge = edge
        self.face = face
        self.size = size
        chance = random.Random(1)
        self.packets = [claims.fees(chance, from_serial(serial), claims.ITEMS) for serial in range(1, MANY + 1)]

    async def rounds(self, reference: str, connections: int, size: _Size | None = None) -> list[tuple[Round, Round]]:
        """By turns: (calls a second, p99 in ms), each of ours and of the reference."""
        size = size or self.size
        taken = []
        await line_is_known_down(self.edge, self.face, self.packets[0])
        for _ in range(size.rounds):
            ours, other = [
                await loaded(plan(address, self.face, self.packets, connections, size.seconds, size.warm_up_s))
                for address in (self.edge.face, reference)
            ]
            taken.append(((ours.per_s, other.per_s), (ours.p99_ms, other.p99_ms)))
        return taken


async def _fast_disk(folder: Path, bench: _Bench) -> list[Figure]:
    async with bare_server(folder) as bare:
        many = await bench.rounds(bare.listening["face"], MANY)
        few = await bench.rounds(bare.listening["face"], FEW)
    against = "an aiohttp handler that only parses the same body"
    return [
        over_rounds(
            "embed-calls", [rates for rates, _ in many], "/s", 0.7, at_most=False,
            what="2204 of 15 lines acknowledged durably, line down, 64 connections", against=against,
        ),
        over_rounds(
            "embed-p99", [p99 for _, p99 in few], "ms", 4, at_most=True, what="the same call, 8 connections, p99", against=against
        ),
    ]  # fmt: skip


async def _slow_disk(folder: Path, bench: _Bench) -> Figure:
    """Both on a disk that takes 10 ms more for each sync."""
    edge = bench.edge.program
    other = folder / "one-by-one"
    other.mkdir()
    await edge.stop()
    with (
        Shim(bench.edge.folder, folder / "shim-edge", sync_delay_us=SLOWER_US) as slow,
        Shim(other, folder / "shim-bare", sync_delay_us=SLOWER_US) as slow_too,
    ):
        with environment(slow.environment()):
            await edge.start()
        with environment(slow_too.environment()):
            server = bare_server(folder, "--commit", str(other / "kept.db"))
            async with server as bare:
                rounds = await bench.rounds(bare.listening["face"], MANY)
        await edge.stop()
    return over_rounds(
        "embed-calls-slow-disk", [rates for rates, _ in rounds], "/s", 20, at_most=False,
        what="the same with a disk that takes 10 ms more per sync", against="one commit per request on the same disk",
    )  # fmt: skip


async def _measured(size: _Size) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with hospital(folder / "country") as (country, edge):
            face = await signed_in(edge)
            await country.hub.stop()
            bench = _Bench(edge, face, size)
            return [*await _fast_disk(folder, bench), await _slow_disk(folder, bench)]


def measure(*, quick: bool) -> Iterable[Figure]:
    """Calls a second with 64 connections, the same on a slow disk, and the p99 with 8."""
    yield from asyncio.run(_measured(QUICK if quick else FULL))
