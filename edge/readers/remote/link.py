"""SHELL: one open WebSocket between an edge and an agent, the same at both ends: bounded, in order, and ended when the other side is silent.

What is to be said waits in a queue that a task of its own empties, so that nobody ever waits for a peer that does not listen: if the queue is
full, the line is ended. What is heard is handed over one message at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import ClientWebSocketResponse, WSMsgType, web

from edge.readers.remote import codec
from edge.readers.remote.limits import CLOSE_WAIT_S, MESSAGES_AT_ONCE_MAX, MESSAGES_PER_S_MAX, OUTBOUND_MESSAGES_MAX
from edge.readers.remote.pace import Pace

Socket = web.WebSocketResponse | ClientWebSocketResponse
_BROKEN = (ConnectionError, TimeoutError, RuntimeError)
"""What aiohttp raises for a socket that is closing or gone."""


class Link:
    """``socket``, already open, not yet listened to."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._outbound: asyncio.Queue[bytes] = asyncio.Queue(OUTBOUND_MESSAGES_MAX)
        self.pace = Pace(MESSAGES_AT_ONCE_MAX, MESSAGES_PER_S_MAX)
        """How fast the other side may speak; who connects again and again is given the same one again."""
        self._ended = asyncio.Event()

    def say(self, message: codec.FromAgent | codec.FromEdge) -> None:
        """Send ``message`` after what waits already; never blocks. On a line that has ended it is dropped."""
        try:
            self._outbound.put_nowait(codec.frame(message))
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """End the line; :meth:`frames` then ends."""
        self._ended.set()

    async def rest(self, count: int = 1) -> None:
        """So much was said: wait if that is more than may be said in that time."""
        rest_s = self.pace.rest_s(asyncio.get_running_loop().time(), count)
        if not rest_s:
            return
        try:
            async with asyncio.timeout(rest_s):
                await self._ended.wait()
        except TimeoutError:
            pass  # it goes on

    @property
    def ended(self) -> bool:
        """Whether either side has ended it."""
        return self._ended.is_set()

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """What the other side says, a frame at a time, until either side ends. Closes the socket at the end."""
        sending = asyncio.create_task(self._send(), name="agent line, sending")
        ended = asyncio.create_task(self._ended.wait(), name="agent line, ended")
        try:
            while (content := await self._heard(ended)) is not None:
                yield content
        finally:
            self._ended.set()
            sending.cancel()
            ended.cancel()
            await asyncio.gather(sending, ended, return_exceptions=True)
            await self._close()

    async def _heard(self, ended: asyncio.Task[bool]) -> bytes | None:
        """The next frame; ``None`` at the end of the line."""
        while not self._ended.is_set():
            receiving = asyncio.ensure_future(self._socket.receive())
            try:
                await asyncio.wait({receiving, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not receiving.done():
                    receiving.cancel()
                    await asyncio.gather(receiving, return_exceptions=True)
            if receiving.cancelled():
                return None
            try:
                message = receiving.result()
            except _BROKEN:
                return None
            await self.rest()
            if message.type is WSMsgType.PING:
                await self._pong(message.data)
            elif message.type is WSMsgType.BINARY:
                return bytes(message.data)
            elif message.type is not WSMsgType.PONG:
                return None  # a text, a close, or an error of the protocol: not of ours
        return None

    async def _pong(self, data: bytes) -> None:
        try:
            await self._socket.pong(data)
        except _BROKEN:
            self._ended.set()

    async def _send(self) -> None:
        try:
            while True:
                await self._socket.send_bytes(await self._outbound.get())
        except _BROKEN:
            self._ended.set()

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(2 * CLOSE_WAIT_S):
                await self._socket.close()
        except _BROKEN:
            pass  # it is closed already, or gone
