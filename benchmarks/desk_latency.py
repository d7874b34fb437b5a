"""How long a clerk waits: real transactions through a real edge and a real hub, against a no-op HTTP server.

The programs are processes of their own on loopback, with mutual TLS between them; the reference is an aiohttp server in a process
of its own that answers a constant. One desk, one call after the other: what is measured is latency, not throughput.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from benchmarks.figure import Figure
from central_sync.rulebook import load
from simulator.day import today
from simulator.face import Face
from simulator.programs import Country
from simulator.terms import terms_of
from simulator.world import generate

CALLS = 120
CALLS_QUICK = 3
WARM_UP = 20
DEADLINE_MS = 8_000

NOOP = """
import sys
from aiohttp import web

async def answer(request):
    await request.read()
    return web.json_response({"return_code": 0})

app = web.Application()
app.router.add_post("/", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


async def _median_ms(call: Callable[[int], Awaitable[object]], calls: int) -> float:
    taken = []
    for number in range(WARM_UP + calls):
        started = time.perf_counter()
        await call(number)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken[WARM_UP:])


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _noop_ms(session: aiohttp.ClientSession, calls: int) -> float:
    """Milliseconds of a POST to a server that does nothing."""
    port = _free_port()
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", NOOP, str(port))
    url = f"http://127.0.0.1:{port}/"

    async def call(_: int) -> None:
        async with session.post(url, json={"number": "1101"}) as answer:
            await answer.read()

    try:
        for _ in range(100):
            try:
                await call(0)
                break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)
        return await _median_ms(call, calls)
    finally:
        server.terminate()
        await server.wait()


async def _measured(folder: Path, calls: int) -> tuple[float, float, float]:
    """Medians in milliseconds: no-op, person (1101), registration (2201)."""
    rulebook = load.load()
    world = generate(1, 1, 20, 0, 0, terms_of(rulebook, datetime.now(UTC).date()))
    country = Country(world, folder, "", 1)
    hospital = world.hospitals[0]
    known = next(person for person in world.people if person.known)
    person: dict[str, object] = {"kind": known.kind, "number": known.number}
    day = today(rulebook.regions[hospital.region].zone).isoformat()
    try:
        await country.start()
        edge = country.edges[hospital.code]
        name, key = next(iter(edge.workstations.items()))
        async with aiohttp.ClientSession() as session:
            face = Face(session, lambda: edge.face, hospital.code, name, key)
            await face.sign_in()

            async def read(number: int) -> None:
                told = await face.handle("1101", {"person": person}, f"read-{number}", DEADLINE_MS)
                assert told.outcome == "final", told.code

            async def register(number: int) -> None:
                packet: dict[str, object] = {"person": person, "service_date": day, "department": "internal"}
                told = await face.handle("2201", packet, f"registration-{number}", DEADLINE_MS)
                assert told.outcome == "final", told.code

            return await _noop_ms(session, calls), await _median_ms(read, calls), await _median_ms(register, calls)
    finally:
        await country.stop()


def measure(*, quick: bool = False) -> Iterable[Figure]:
    """Milliseconds a desk waits for a read and for a journaled transaction."""
    with tempfile.TemporaryDirectory() as folder:
        noop, read, register = asyncio.run(_measured(Path(folder), CALLS_QUICK if quick else CALLS))
    against = "a POST to an aiohttp server that does nothing"
    yield Figure("desk-read", read, "ms", noop, 30, True, "1101 through edge and hub", against)
    yield Figure("desk-registration", register, "ms", noop, 80, True, "2201, journaled and decided", against)
