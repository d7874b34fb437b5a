"""The line between an edge and the hub: a TCP relay that can be cut, frozen, or made to die in the middle of an answer.

It carries bytes as they are (TLS passes through untouched). ``heal`` ends any fault. Faults:
    cut     open connections are aborted, new ones are aborted at once.
    freeze  bytes stop in both directions, nothing is closed; new connections are taken and hear nothing. What was in flight
            when the line froze is lost: on ``heal`` frozen connections are aborted, as a NAT that forgot them would.
    stall   bytes are held back; new connections greet each other (TLS) and stall then. On ``heal`` everything held is delivered, even
            if the sender has given up long ago: what a network that retransmits does to a caller who does not wait. What a
            dead sender left comes last, so that a question may overtake what it asks about.
    reset   each connection is aborted after so many bytes of answers, often in the middle of one.
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
NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(eq=False, slots=True)
class _Link:
    """One relayed connection. ``bytes_left`` counts down while the line resets; ``None``: no such fault. ``stalled``: it has been
    held back; ``young``: it was opened meanwhile.
    """

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter | None = None
    bytes_left: int | None = None
    frozen: bool = False
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

    def heal(self) -> None:
        """End the fault. Connections that were frozen are gone; those that awaited a reset or were stalled live on."""
        self.fault = None
        self._flows.set()
        for link in list(self._links):
            link.bytes_left = None
            if link.frozen:
                link.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer)
        if self.fault is LineFault.CUT:
            link.abort()
            return
        if self.fault is LineFault.FREEZE:
            link.frozen = True
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
                if link.frozen:
                    continue  # swallowed: the sender's system believes it has been sent
                if answers and link.bytes_left is not None:
                    chunk = chunk[: link.bytes_left]
                    link.bytes_left -= len(chunk)
                writer.write(chunk)
                await writer.drain()
                self.carried_bytes += len(chunk)
                if answers and link.bytes_left is not None and link.bytes_left <= 0:
                    return
