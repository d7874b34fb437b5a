"""The line between an edge and the hub: a TCP relay that can be slow, cut, frozen, or made to die in the middle of an answer.

It carries bytes as they are (TLS passes through untouched), each way at ``rate_bytes_s`` (0: as fast as it can) and ``delay_s`` late.
``heal`` ends any fault. Faults:
    cut     open connections are aborted, new ones are aborted at once.
    freeze  bytes stop in both directions, nothing is closed; new connections are taken and hear nothing. What was in flight
            when the line froze is lost: on ``heal`` frozen connections are aborted, as a NAT that forgot them would.
    stall   bytes are held back; new connections greet each other (TLS) and stall then. On ``heal`` everything held is delivered, even
            if the sender has given up long ago: what a network that retransmits does to a caller who does not wait. What a
            dead sender left comes last, so that a question may overtake what it asks about.
    reset   each connection is aborted after so many bytes of answers, often in the middle of one.
    deaf    requests arrive, answers vanish: what a broken way back does. Connections that were deaf are aborted on ``heal``.
    slow    everything passes, at :data:`SLOW_BYTES_S` and :data:`SLOW_DELAY_S` each way.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field

from simulator.world import LineFault

CHUNK_BYTES = 16 * 1024
LATE_S_MAX = 1.0
HELD_S = 1.5
GREETING_CHUNKS = 2
SLOW_BYTES_S = 32 * 1024
SLOW_DELAY_S = 0.15
MOMENT_S = 1e-6
NO_LINGER = struct.pack("ii", 1, 0)


class _Way:
    """One direction of the line, shared by its connections: what is sent waits until what was sent before has left."""

    def __init__(self) -> None:
        self._free = self._last = 0.0
        self.under_way = 0

    def due(self, size: int, rate_bytes_s: float, delay_s: float) -> float:
        """When the last of ``size`` bytes that are sent now comes out at the other end (the loop's time); never before earlier ones."""
        now = asyncio.get_running_loop().time()
        self._free = max(now, self._free) + size / rate_bytes_s if rate_bytes_s else now
        self._last = max(self._last + MOMENT_S, self._free + delay_s)
        return self._last

    async def empty(self) -> None:
        """Wait until everything that is under way has come out."""
        while self.under_way:  # noqa: ASYNC110 -- it is known when
            await asyncio.sleep(max(MOMENT_S, self._last - asyncio.get_running_loop().time()))


@dataclass(eq=False, slots=True)
class _Link:
    """One relayed connection. ``bytes_left`` counts down while the line resets; ``None``: no such fault. ``frozen``: nothing passes;
    ``deaf``: no answer passes. ``stalled``: it has been held back; ``young``: it was opened meanwhile.
    """

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter | None = None
    bytes_left: int | None = None
    frozen: bool = False
    deaf: bool = False
    stalled: bool = False
    young: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def abort(self) -> None:
        """Reset both ends: RST, not FIN, so that nobody takes it for a polite end."""
        for writer in (self.near, self.far):
            if writer is not None and not writer.transport.is_closing():
                found = writer.get_extra_info("socket")
                if found is not None:
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                writer.transport.abort()


class Line:
    """A relay on its own loopback port; ``target_port`` is the hub's sync port."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.fault: LineFault | None = None
        self.carried_bytes = 0
        self.answer_bytes = 0
        self.rate_bytes_s = 0.0
        self.delay_s = 0.0
        self._ways = {False: _Way(), True: _Way()}
        self._after_bytes = 0
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()

    async def start(self) -> None:
        """Listen; ``port`` is known afterwards."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        self._flows.set()
        tasks = [task for link in self._links for task in link.tasks]
        for link in list(self._links):
            link.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def break_down(self, fault: LineFault, after_bytes: int = 0) -> None:
        """Begin ``fault``; it lasts until :meth:`heal`."""
        self.fault, self._after_bytes = fault, after_bytes
        if fault is LineFault.STALL:
            self._flows.clear()
        for link in list(self._links):
            match fault:
                case LineFault.CUT:
                    link.abort()
                case LineFault.FREEZE:
                    link.frozen = True
                case LineFault.STALL:
                    link.stalled, link.young = True, False
                case LineFault.RESET:
                    link.bytes_left = after_bytes
                case LineFault.DEAF:
                    link.deaf = True
                case LineFault.SLOW:
                    pass  # it holds for the line as a whole

    def heal(self) -> None:
        """End the fault. Connections that were frozen are gone; those that awaited a reset or were stalled live on."""
        self.fault = None
        self._flows.set()
        for link in list(self._links):
            link.bytes_left = None
            if link.frozen or link.deaf:
                link.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer)
        if self.fault is LineFault.CUT:
            link.abort()
            return
        if self.fault is LineFault.FREEZE:
            link.frozen = True
        link.deaf = self.fault is LineFault.DEAF
        link.stalled = link.young = self.fault is LineFault.STALL
        if self.fault is LineFault.RESET:
            link.bytes_left = self._after_bytes
        self._links.add(link)
        try:
            far_reader, link.far = await asyncio.open_connection("127.0.0.1", self.target_port)
            link.tasks = [
                asyncio.create_task(self._carry(link, reader, link.far, answers=False)),
                asyncio.create_task(self._carry(link, far_reader, writer, answers=True)),
            ]
            await asyncio.wait(link.tasks, return_when=asyncio.FIRST_COMPLETED)
            if link.stalled and link.tasks[0].done():
                # a sender without power says no goodbye: the hub has a request, and a connection that nobody hears
                await asyncio.wait(link.tasks, timeout=LATE_S_MAX)
        except OSError:
            pass  # the hub is not there: the edge sees its connection fail, as it would on a real line
        finally:
            link.abort()
            for task in link.tasks:
                task.cancel()
            await asyncio.gather(*link.tasks, return_exceptions=True)
            self._links.discard(link)

    async def _carry(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool
    ) -> None:
        """Bytes one way until either side ends; raises nothing."""
        chunks = 0
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                chunks += 1
                if not self._flows.is_set() and not (link.young and (answers or chunks <= GREETING_CHUNKS)):
                    await self._flows.wait()
                    given_up = reader.at_eof() or reader.exception() is not None
                    await asyncio.sleep(HELD_S if given_up else 0.0)
                if link.frozen or (link.deaf and answers):
                    continue  # swallowed: the sender's system believes it has been sent
                if answers and link.bytes_left is not None:
                    chunk = chunk[: link.bytes_left]
                    link.bytes_left -= len(chunk)
                await self._deliver(writer, chunk, answers)
                if answers and link.bytes_left is not None and link.bytes_left <= 0:
                    break
            await self._ways[answers].empty()

    async def _deliver(self, writer: asyncio.StreamWriter, chunk: bytes, answers: bool) -> None:
        """Now, or when a slow line is done with it."""
        slow = self.fault is LineFault.SLOW
        rate, delay = (SLOW_BYTES_S, SLOW_DELAY_S) if slow else (self.rate_bytes_s, self.delay_s)
        way, loop = self._ways[answers], asyncio.get_running_loop()
        if rate or delay or way.under_way:
            due = way.due(len(chunk), rate, delay)
            way.under_way += 1
            loop.call_at(due, _arrive, way, writer, chunk)
            # sending holds the next one up; the delay after it does not
            await asyncio.sleep(max(0.0, due - delay - loop.time()))
        else:
            writer.write(chunk)
        await writer.drain()
        self.carried_bytes += len(chunk)
        if answers:
            self.answer_bytes += len(chunk)


def _arrive(way: _Way, writer: asyncio.StreamWriter, chunk: bytes) -> None:
    way.under_way -= 1
    if not writer.transport.is_closing():
        writer.write(chunk)
