"""One hospital for figures: a real hub and a real edge as processes, a desk that is signed in, and a line that can be down.

The programs are started as the simulator starts them. With a :class:`Shim` the edge's disk is slower than the machine's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec

from benchmarks.claims import Packets
from benchmarks.load import SERIAL, Load, Plan
from benchmarks.prepared import Prepared
from central_sync.rulebook import load as rulebooks
from simulator.face import Face
from simulator.programs import ROOT, Country, Edge, Program
from simulator.terms import terms_of
from simulator.world import generate

PEOPLE = 20
LOAD_S_MAX = 120.0
FILL_GROUP = 256
KNOWN_DOWN_CALLS_MAX = 30
KNOWN_DOWN_S = 0.4


@contextlib.asynccontextmanager
async def hospital(folder: Path) -> AsyncIterator[tuple[Country, Edge]]:
    """A country of one hub and one edge, enrolled and running; everything is stopped afterwards."""
    rulebook = rulebooks.load()
    world = generate(1, 1, PEOPLE, 0, 0, terms_of(rulebook, datetime.now(UTC).date()))
    country = Country(world, folder, "", 1)
    try:
        await country.start()
        yield country, next(iter(country.edges.values()))
    finally:
        await country.stop()


async def signed_in(edge: Edge) -> Face:
    """The context and the token of a desk that may call."""
    name, key = next(iter(edge.workstations.items()))
    async with aiohttp.ClientSession() as session:
        face = Face(session, lambda: edge.face, edge.code, name, key)
        await face.sign_in()
    return face


async def line_is_known_down(edge: Edge, face: Face, packet: object) -> None:
    """Call until a 2204 is answered at once, as it is when the edge has found out that the line is down.

    Raises:
        RuntimeError: it did not find out.
    """
    async with aiohttp.ClientSession() as session:
        caller = Face(session, lambda: edge.face, edge.code, face.context["workstation"], "")
        caller.token = face.token
        for attempt in range(KNOWN_DOWN_CALLS_MAX):
            started = time.monotonic()
            await caller.handle("2204", {**msgspec.to_builtins(packet)}, f"down-{os.urandom(6).hex()}-{attempt}", 8_000)
            if time.monotonic() - started < KNOWN_DOWN_S:
                return
    raise RuntimeError("the edge did not find out that its line is down")


@contextlib.contextmanager
def environment(more: dict[str, str]) -> Iterator[None]:
    """Programs that are started meanwhile have ``more`` in their environment."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.asynccontextmanager
async def bare_server(folder: Path, *arguments: str) -> AsyncIterator[Program]:
    """``benchmarks.bare_server``, running."""
    program = Program("bare server", "benchmarks.bare_server", list(arguments), folder / "logs" / "bare.log")
    await program.start()
    try:
        yield program
    finally:
        await program.stop()


async def fill(path: Path, institution: str, count: int) -> None:
    """Put ``count`` transactions that wait into the journal of an edge that is stopped."""
    packets = Packets(1, institution)
    await asyncio.to_thread(Prepared(path, FILL_GROUP).write, (packets.draft() for _ in range(count)))


def plan(
    address: str, face: Face, packets: Sequence[object], connections: int, seconds: float, warm_up_s: float
) -> Plan:
    """2204 with ``packets`` over and over, each under a msgid of its own."""
    url = urlsplit(address)
    call = {"context": face.context, "number": "2204", "msgid": SERIAL, "deadline_ms": 8_000}
    return Plan(
        host=url.hostname or "", port=url.port or 0, path="/embed/v1/handle", connections=connections, seconds=seconds, warm_up_s=warm_up_s,
        bodies=[msgspec.json.encode({**call, "packet": packet}).decode() for packet in packets], token=face.token, expect='"return_code":0',
    )  # fmt: skip


async def loaded(plan: Plan) -> Load:
    """What a client process measures by ``plan``.

    Raises:
        RuntimeError: it failed, or answers were not what a call must bring.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.load", cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(msgspec.json.encode(plan)), LOAD_S_MAX)
    if process.returncode:
        raise RuntimeError("the load client failed")
    load = msgspec.json.decode(out, type=Load)
    if load.bad:
        raise RuntimeError(f"{load.bad} of {load.calls} answers were not what was expected: {load.first_bad}")
    return load
