"""What our own part of reading a card costs, how late a desk hears of a card, and whether a reader that hangs is felt elsewhere.

A real smart card service with virtual readers, a real edge as a process, and cards that are played in this process. How long a card thinks is measured
where it is played, and how long the wire takes (opening the card, its commands and answers, closing it, through the service and the virtual
reader) by doing just that again with nothing around it; both are taken off. The caller is a socket that knows its request by heart: what a caller
needs for itself is not ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec

from benchmarks import claims
from benchmarks.figure import Figure, Round, absolute, over_rounds, percentile
from benchmarks.hospital import hospital, line_is_known_down, loaded, plan, signed_in
from benchmarks.load import Caller, head
from central_sync.terms.hid import from_serial
from edge.config import FILE as CONFIG_FILE
from edge.readers.pcsc.monitor import Monitor, Picture
from edge.readers.pcsc.service import Context, library
from simulator.face import Face, Unheard
from simulator.programs import Edge
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.misbehaving import Silent
from tests.pcscd import Inserted, Service

OWN_MS_MAX = 5.0
EVENT_MS_MAX = 20.0
P50_MAX, P99_MAX = 1.1, 2.0
PACE_S = 0.004
"""What a card thinks about one command; real ones need 5 to 50 ms."""
CONNECTIONS = 8
GOOD, HANGING = "good", "hanging"
READ_MS_MAX = 8_000
MORE_S = 1.0
SEEN_S_MAX = 10.0


@dataclass(frozen=True)
class _Size:
    reads: int
    swaps: int
    rounds: int
    seconds: float
    warm_up_s: float


FULL = _Size(reads=100, swaps=20, rounds=7, seconds=4.0, warm_up_s=1.0)
QUICK = _Size(reads=5, swaps=2, rounds=1, seconds=0.5, warm_up_s=0.3)


class _Timed:
    """A card at its pace; ``thought_s``: how long it has had a command in its hands; ``commands``: which it got."""

    def __init__(self) -> None:
        self._card = EgkCard()
        self.atr = self._card.atr
        self.commands: list[bytes] = []
        self.thought_s = 0.0

    def begin(self) -> float:
        """Forget what was; the time now."""
        self.commands, self.thought_s = [], 0.0
        return time.perf_counter()

    def reset(self) -> None:
        self._card.reset()

    def apdu(self, command: bytes) -> bytes:
        began = time.perf_counter()
        self.commands.append(command)
        time.sleep(PACE_S)
        answer = self._card.apdu(command)
        self.thought_s += time.perf_counter() - began
        return answer


class _Bench:
    """An edge with two readers of the service."""

    def __init__(self, service: Service, edge: Edge, face: Face, session: aiohttp.ClientSession) -> None:
        self.service = service
        self.edge = edge
        self.face = face
        self.session = session

    async def read_ms(self, reads: int) -> list[float]:
        """Milliseconds of reads of a card over HTTP, without the card's thinking and the wire."""
        card = _Timed()
        inserted = Inserted(self.service.ports[0], card)
        await self.face.card(GOOD, READ_MS_MAX)  # it may have to wait for the card
        taken = await asyncio.to_thread(self._reads_ms, card, reads)
        await asyncio.to_thread(inserted.remove)
        return taken

    def _reads_ms(self, card: _Timed, reads: int) -> list[float]:
        url, token = urlsplit(self.edge.face), self.face.token
        call = {"context": self.face.context, "reader": GOOD, "deadline_ms": READ_MS_MAX}
        body = msgspec.json.encode(call)
        host, port = url.hostname or "", url.port or 0
        caller = Caller((host, port), head(host, port, "/cards/v1/read", token, len(body)) + body, b"")
        context, taken = Context.begun(library()), []
        with contextlib.closing(caller.sock):
            for _ in range(reads):
                caller.answer, began = b"", card.begin()
                caller.sock.sendall(caller.before)
                while not caller.whole():
                    pass
                whole_s = time.perf_counter() - began - card.thought_s
                if b'"read_id"' not in caller.answer:
                    raise RuntimeError("the card was not read")
                taken.append((whole_s - self._wire_s(context, card)) * 1000)
        context.release()
        return taken

    def _wire_s(self, context: Context, card: _Timed) -> float:
        """Seconds that the card's last commands need, without its thinking, when nothing is around them."""
        commands, began = card.commands, card.begin()
        opened = context.connect(self.service.names[0])
        opened.begin()
        opened.atr()
        for command in commands:
            opened.transmit(command)
        opened.close()
        return time.perf_counter() - began - card.thought_s

    async def event_ms(self, swaps: int) -> list[float]:
        """Milliseconds from the service's word to a program until it is in the desk's stream. The program is a second one that listens to the service."""
        loop = asyncio.get_running_loop()
        seen: asyncio.Queue[tuple[bool, float]] = asyncio.Queue()

        def tell(_: Monitor, picture: Picture) -> None:
            sight = picture.readers.get(self.service.names[0])
            if sight is not None:
                loop.call_soon_threadsafe(seen.put_nowait, (sight.present, time.perf_counter()))

        monitor = Monitor(tell)
        taken = []
        async with self._events() as events:
            monitor.start()
            while (await seen.get())[0]:
                pass  # the card of before
            for _ in range(swaps):
                inserted = Inserted(self.service.ports[0], EgkCard())
                taken.append(await _between(seen, events, True))
                await asyncio.to_thread(inserted.remove)
                taken.append(await _between(seen, events, False))
        monitor.leave()
        return taken

    @contextlib.asynccontextmanager
    async def _events(self) -> AsyncIterator[asyncio.Queue[tuple[str, float]]]:
        """What the stream tells of the good reader, and when."""
        told: asyncio.Queue[tuple[str, float]] = asyncio.Queue()

        async def listen(answer: aiohttp.ClientResponse) -> None:
            kind = ""
            async for line in answer.content:
                name, _, value = line.decode().strip().partition(": ")
                kind = value if name == "event" else kind
                if name == "data" and msgspec.json.decode(value).get("reader") == GOOD:
                    told.put_nowait((kind, time.perf_counter()))

        headers = {"Authorization": f"Bearer {self.face.token}"}
        timeout = aiohttp.ClientTimeout(total=None)
        url = f"{self.edge.face}/cards/v1/events"
        async with self.session.get(url, params=self.face.context, headers=headers, timeout=timeout) as answer:
            listening = asyncio.create_task(listen(answer))
            yield told
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def rounds(self, size: _Size) -> tuple[list[Round], list[Round]]:
        """By turns, with a reader that hangs and without: (p50 in ms of both), (p99 of both) of a transaction that is journaled."""
        chance = random.Random(1)
        packets = [claims.fees(chance, from_serial(serial), claims.ITEMS) for serial in range(1, CONNECTIONS + 1)]
        calls = plan(self.edge.face, self.face, packets, CONNECTIONS, size.seconds, size.warm_up_s)
        await line_is_known_down(self.edge, self.face, packets[0])
        p50, p99 = [], []
        for _ in range(size.rounds):
            idle = await loaded(calls)
            inserted = Inserted(self.service.ports[2], Silent(EgkCard(), 0, SEEN_S_MAX))
            hanging = asyncio.create_task(self._hang(size.warm_up_s + size.seconds + MORE_S))
            await asyncio.sleep(MORE_S)
            busy = await loaded(calls)
            inserted.leave()
            await hanging
            p50.append((busy.p50_ms, idle.p50_ms))
            p99.append((busy.p99_ms, idle.p99_ms))
        return p50, p99

    async def _hang(self, seconds: float) -> None:
        try:
            await self.face.card(HANGING, int(1000 * seconds))
        except Unheard:
            return
        raise RuntimeError("the card that hangs was read")


async def _between(
    seen: asyncio.Queue[tuple[bool, float]], events: asyncio.Queue[tuple[str, float]], present: bool
) -> float:
    """Milliseconds between both hearing that the card came or went."""
    wanted = "inserted" if present else "removed"
    async with asyncio.timeout(SEEN_S_MAX):
        while (heard := await events.get())[0] != wanted:
            pass
        while (known := await seen.get())[0] != present:
            pass
    return max(0.0, heard[1] - known[1]) * 1000


async def _measured(size: _Size) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, Service() as service:
        await asyncio.to_thread(service.start)
        async with hospital(Path(name)) as (country, edge), aiohttp.ClientSession() as session:
            rows = {GOOD: service.names[0], HANGING: service.names[2]}
            (edge.folder / CONFIG_FILE).write_text(
                "".join(f'[[readers]]\nname = "{row}"\ndriver = "pcsc"\naddress = "{at}"\n' for row, at in rows.items())
            )
            await edge.program.stop()
            await edge.program.start()
            signed = await signed_in(edge)
            face = Face(session, lambda: edge.face, edge.code, signed.context["workstation"], "")
            face.token = signed.token
            bench = _Bench(service, edge, face, session)
            reads, events = await bench.read_ms(size.reads), await bench.event_ms(size.swaps)
            await country.hub.stop()
            p50, p99 = await bench.rounds(size)
    against = "the same without it"
    return [
        absolute("card-read", statistics.median(reads), "ms", OWN_MS_MAX, "a read over HTTP, without card and wire"),
        absolute("card-event", percentile(events, 0.9), "ms", EVENT_MS_MAX, "from the service's word to the desk's stream, p90"),
        over_rounds("card-hang-p50", p50, "ms", P50_MAX, at_most=True, what="a 2204 while a reader hangs, p50", against=against),
        over_rounds("card-hang-p99", p99, "ms", P99_MAX, at_most=True, what="a 2204 while a reader hangs, p99", against=against),
    ]  # fmt: skip


def measure(*, quick: bool) -> Iterable[Figure]:
    """Own milliseconds of a read, of an event, and what a reader that hangs does to others."""
    yield from asyncio.run(_measured(QUICK if quick else FULL))
