"""SHELL: the way around aiohttp for the calls that come all day.

Nearly all that a hospital's programs send is one thing: a plain POST to an address of ours, its body with it or right behind it. aiohttp makes
two tasks, a stream, a dictionary of headers, a URL and two dozen other objects of each, which costs as much as all that we do with it. So a connection
begins here. As long as it says nothing but such calls, they are read (``heads.py``), answered and counted here, by the same handlers behind the same door.
With the first thing that is anything else (a GET, a chunked body, a body that does not come, a head in two pieces) the connection is aiohttp's, with all
that has come and was not answered, and stays so.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, cast

import structlog
from aiohttp import hdrs, web

from central_sync.wire.refusals import Refused
from edge.faces import heads
from edge.faces.answer import JsonAnswer
from edge.faces.door import Door, Handler, Post, Quick, turned_away
from edge.faces.limits import BODY_BYTES_MAX, BODY_SOON_S, KEEP_ALIVE_S, READ_BYTES

Usual = Callable[[], asyncio.Protocol]
_HELD_BYTES_MAX = heads.HEAD_BYTES_MAX + BODY_BYTES_MAX
"""What of a connection may wait here: one call, the largest, is always whole in it."""

_log = structlog.get_logger(__name__)


class Shortcut:
    """POSTs of ``routes`` behind ``door``. Their handlers must answer with :class:`edge.faces.answer.JsonAnswer` or raise, and ask a request for no
    more than :class:`edge.faces.door.Post` has.
    """

    def __init__(self, routes: Iterable[web.RouteDef], door: Door, quick: Mapping[str, Quick] | None = None) -> None:
        self.handlers: dict[str, Handler] = {
            route.path: cast("Handler", route.handler) for route in routes if route.method == hdrs.METH_POST
        }
        self.quick = dict(quick or {})
        self.door = door
        self.connections: set[_Connection] = set()
        self.room = memoryview(bytearray(READ_BYTES))
        self.closed = False
        self._emptied = asyncio.Event()

    def before(self, usual: Usual) -> Callable[[], asyncio.BaseProtocol]:
        """What makes the protocol of a connection: ours, which hands over to one of ``usual``."""
        self.closed = False
        return lambda: _Connection(self, usual)

    async def close(self, wait_s: float) -> None:
        """End the connections that are here, those with a call under way after its answer, or after ``wait_s``."""
        self.closed = True
        for one in tuple(self.connections):
            one.end()
        with contextlib.suppress(TimeoutError):  # then they end without
            async with asyncio.timeout(wait_s):
                while self.connections:
                    self._emptied.clear()
                    await self._emptied.wait()
        for one in tuple(self.connections):
            one.abort()

    def left(self, connection: _Connection) -> None:
        """It is here no longer."""
        self.connections.discard(connection)
        if not self.connections:
            self._emptied.set()


class _Connection(asyncio.BufferedProtocol):
    """One connection, one call at a time; what comes meanwhile waits.

    It is read into the one room of all connections, and what came is taken out of there at once: for a protocol without a room of its own asyncio
    has the system make and take away a quarter of a megabyte at each read, which costs more than all else of it.
    """

    def __init__(self, shortcut: Shortcut, usual: Usual) -> None:
        self._shortcut = shortcut
        self._usual = usual
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._data: bytes | bytearray = b""
        self._head: heads.Head | None = None
        self._form: heads.Form | None = None
        self._origin: str | None = None
        self._late: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._heard_at = 0.0
        self._may_write = self._may_read = True
        self._ended = False
        self._post = Post("", {}, b"", "", None)
        self._busy = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._shortcut.closed:
            self._transport.close()
            return
        self._shortcut.connections.add(self)
        scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        self._post = Post("", {}, b"", scheme, transport.get_extra_info("sockname"))
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._heard_at = self._loop.time()
        self._idle = self._loop.call_at(self._heard_at + KEEP_ALIVE_S, self._look_whether_idle)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio names it
        """A call that is under way goes on: what the journal has of it counts."""
        self._forget()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 -- asyncio names it
        return self._shortcut.room

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self._shortcut.room[:nbytes])
        if self._data:
            self._data = bytearray(self._data) if isinstance(self._data, bytes) else self._data
            self._data += data
        else:
            self._data = data
        if not self._busy and self._may_write:
            self._go_on()
        if len(self._data) > _HELD_BYTES_MAX and self._transport is not None and self._may_read:
            self._may_read = False
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Whoever says nothing more still hears what becomes of what was said; not over TLS, which knows no half of a connection."""
        self._ended = True
        if not self._busy:
            self._go_on()
        return self._post.scheme == "http" and (self._busy or bool(self._data) or self._transport is None)

    def pause_writing(self) -> None:
        """Who does not read its answers gets no more of them."""
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        self._go_on()

    def end(self) -> None:
        """Close it, now or when its call is answered."""
        if not self._busy and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it, whatever is under way."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()
        self._forget()

    def _go_on(self) -> None:
        """Begin the call that has come, if one has and the one before is answered."""
        if self._busy or not self._data or not self._may_write:
            return
        if self._transport is None or self._transport.is_closing():  # nobody would hear what became of it
            return
        head = self._head or self._read_head()
        handler = self._shortcut.handlers.get(head.path) if head is not None else None
        if head is None or handler is None or head.end - head.body_at > BODY_BYTES_MAX:
            self._hand_over()
            return
        if len(self._data) < head.end:
            if self._ended:  # the rest does not come
                self._transport.close()
                return
            self._head = head
            self._late = self._late or self._loop.call_later(BODY_SOON_S, self._hand_over)
            return
        body = bytes(self._data[head.body_at : head.end])
        if isinstance(self._data, bytearray):
            del self._data[: head.end]  # what is behind it is not copied
        else:
            self._data = self._data[head.end :]
        self._head = None
        if self._late is not None:
            self._late.cancel()
            self._late = None
        asked = Post(head.path, head.headers, body, self._post.scheme, self._post.sockname)
        self._busy = True
        quick = self._shortcut.quick.get(head.path)
        if quick is None:
            self._run(self._through(asked, handler))
        else:
            self._at_once(asked, quick)

    def _read_head(self) -> heads.Head | None:
        """What came may begin with a head as the one before was written: then all that the door found in that holds for this one."""
        head = self._form and heads.again(self._form, self._data)
        if head is None:
            head, self._form, self._origin = heads.read(self._data), None, None
            if head is not None:
                self._form = heads.form(self._data, head)
        return head

    def _at_once(self, asked: Post, quick: Quick) -> None:
        door = self._shortcut.door
        try:
            if self._origin is None:
                self._origin = door.admitted(asked)
        except Refused as refusal:
            self._write(turned_away(refusal))
            return
        rest = door.at_once(asked, self._origin, quick, self._write)
        if rest is not None:
            self._run(rest)

    def _run(self, rest: Coroutine[Any, Any, None]) -> None:
        self._task = self._loop.create_task(rest)

    async def _through(self, asked: Post, handler: Handler) -> None:
        self._write(await self._shortcut.door.through(asked, handler, asked.path))

    def _write(self, answer: web.StreamResponse) -> None:
        """The answer to the call that is under way."""
        self._busy, self._task = False, None
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if not isinstance(answer, JsonAnswer):
            _log.error("a face answered what cannot be written")
            transport.abort()
            return
        self._heard_at = self._loop.time()
        ends = self._shortcut.closed or (self._ended and not self._data)
        transport.write(answer.whole(ends=ends))
        if ends:
            transport.close()
            return
        if self._data:
            self._loop.call_soon(
                self._go_on
            )  # not at once: of a thousand calls in one piece each would stand upon the last
        if len(self._data) <= _HELD_BYTES_MAX:
            self._read_again()

    def _read_again(self) -> None:
        if not self._may_read and self._transport is not None:
            self._may_read = True
            self._transport.resume_reading()

    def _hand_over(self) -> None:
        """From here on it is aiohttp's."""
        transport, data = self._transport, bytes(self._data)
        if transport is None or transport.is_closing():
            return
        self._read_again()
        self._forget()
        usual = self._usual()
        transport.set_protocol(usual)
        usual.connection_made(transport)
        if data:
            usual.data_received(data)
        if self._ended and not usual.eof_received():
            transport.close()

    def _look_whether_idle(self) -> None:
        due = self._heard_at + KEEP_ALIVE_S
        if not self._busy and not self._data and self._loop.time() >= due:
            self.end()
            return
        self._idle = self._loop.call_at(max(due, self._loop.time() + 1), self._look_whether_idle)

    def _forget(self) -> None:
        self._transport = None
        self._data = b""
        self._shortcut.left(self)
        for timer in (self._late, self._idle):
            if timer is not None:
                timer.cancel()
        self._late = self._idle = None
