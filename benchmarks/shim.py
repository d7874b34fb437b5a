"""What a call through the C shim costs above the same call over HTTP: ``libpishkhan.so`` in this process, against http.client over one kept
connection, both to a real edge whose line is down; a 2204 of 15 lines under a new msgid each time, by turns.

The reference's client is in Python and sends the same bytes; its own cost is in the reference. So the goal is a bound in milliseconds: what
the shim's call takes more than the reference's, and it may well be less.
"""

from __future__ import annotations

import asyncio
import ctypes
import http.client
import os
import random
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from benchmarks import claims
from benchmarks.figure import Figure, absolute
from benchmarks.hospital import hospital, line_is_known_down, signed_in
from central_sync.terms.hid import from_serial
from installers.shim import build

CALLS, CALLS_QUICK = 400, 20
WARM_UP = 20
ABOVE_MS_MAX = 1.0
ROOM = 1 << 16


class _Http:
    """The same call without the shim, as plainly as it can be made."""

    def __init__(self, address: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def __call__(self, body: bytes) -> bytes:
        self._connection.request("POST", "/embed/v1/handle", body, self._head)
        return self._connection.getresponse().read()


class _Shim:
    """The call through the library; the token stands in the body, since this process did not sign in."""

    def __init__(self, library: Path, address: str, token: str) -> None:
        self._loaded = ctypes.CDLL(str(library))
        self._token = token
        self._out = ctypes.create_string_buffer(ROOM)
        assert self._loaded.OPTION(b"address", address.encode()) == 0

    def __call__(self, body: bytes) -> bytes:
        size = ctypes.c_int(ROOM)
        signed = b'{"token":"%b",' % self._token.encode() + body[1:]
        code = self._loaded.BUSINESS_HANDLE(signed, self._out, ctypes.byref(size))
        assert code == 0, self._out.value
        return self._out.value


def _taken_ms(call: Callable[[bytes], bytes], body: bytes) -> float:
    started = time.perf_counter()
    answer = call(body)
    taken = (time.perf_counter() - started) * 1000
    assert b'"return_code":0' in answer, answer
    return taken


def _measured(folder: Path, address: str, face: dict[str, str], token: str, calls: int) -> tuple[float, float]:
    """Medians in milliseconds: the shim, HTTP."""
    shim, plain = _Shim(build.build(build.SO, folder), address, token), _Http(address, token)
    chance = random.Random(1)
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP + calls):
        calls_by_turns: tuple[Callable[[bytes], bytes], ...] = (shim, plain)
        for at, call in enumerate(calls_by_turns):
            packet = claims.fees(chance, from_serial(1 + number % 64), claims.ITEMS)
            body = {"context": face, "number": "2204", "msgid": f"shim-{at}-{number}-{os.getpid()}", "packet": packet}
            taken[at].append(_taken_ms(call, msgspec.json.encode(body)))
    return statistics.median(taken[0][WARM_UP:]), statistics.median(taken[1][WARM_UP:])


async def _figures(calls: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with hospital(folder / "country") as (country, edge):
            face = await signed_in(edge)
            await country.hub.stop()
            await line_is_known_down(edge, face, claims.fees(random.Random(1), from_serial(1), claims.ITEMS))
            return await asyncio.to_thread(_measured, folder / "shim", edge.face, face.context, face.token, calls)


def measure(*, quick: bool = False) -> Iterable[Figure]:
    """Milliseconds that a call through the shim takes more than the same call over HTTP."""
    through, plain = asyncio.run(_figures(CALLS_QUICK if quick else CALLS))
    above = max(through - plain, 0.001)
    what = f"a 2204 through libpishkhan.so, above the same over HTTP ({through:.2f} and {plain:.2f} ms)"
    yield absolute("shim", above, "ms", ABOVE_MS_MAX, what)
