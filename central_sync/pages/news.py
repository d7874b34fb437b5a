"""SHELL: the news of a page: parts of it, sent again when they have changed, while its session lasts.

Each stream is counted for the console and for each party that it is of (a session, an account), and no one party can take the places of the others.
A browser that has left counts no more, also before the next beat finds nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import structlog
from aiohttp import hdrs, web
from aiohttp_sse import EventSourceResponse, sse_response

from central_sync.pages.rendering import HEADERS

STREAMS_MAX = 64
SAID_MAX = 32
"""Parts that are kept as they were written last."""
STREAMS_OF_SESSION_MAX = 16
"""More pages than anybody looks at; a browser opens six of them at a time over HTTP/1.1."""
TOO_MANY = "Too many pages are open here that listen for news. Close some of them."
Parties = Mapping[str, int]
"""Whom a stream is counted for, each with how many it may have at once."""
log = structlog.get_logger()


class _Stream(NamedTuple):
    """One page that listens."""

    request: web.Request
    parties: Parties

    @property
    def left(self) -> bool:
        """Whether its browser has gone."""
        return self.request.transport is None or self.request.transport.is_closing()


class _Unkept(EventSourceResponse):
    """A stream that nobody keeps on the way: names of people stand in it. Its own class says that it may be kept, and asked about."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.headers.update(HEADERS)


class News:
    """The pages that listen now, at most ``streams_max``. ``still``: whether the session of a request goes on; ``whose``: whom its stream is counted for."""

    def __init__(
        self,
        still: Callable[[web.Request], Awaitable[bool]],
        streams_max: int = STREAMS_MAX,
        whose: Callable[[web.Request], Parties] = lambda _: {},
    ) -> None:
        self._still = still
        self._streams_max = streams_max
        self._whose = whose
        self._sending: dict[asyncio.Task[None], _Stream] = {}

    async def serve(
        self, request: web.Request, parts: AsyncIterator[str], pause_s: float = 0.0, parties: Parties | None = None
    ) -> web.StreamResponse:
        """Send each of ``parts``, ``pause_s`` after the one before, until the browser leaves or its session ends (``over``). ``parties``: whom it is
        counted for, if whoever asks knows that better than ``whose``. Status 503: too many listen; 429: too many of one party.
        """
        stream = _Stream(request, self._whose(request) if parties is None else parties)
        status = self._full(stream.parties)
        if (
            stream.left or request.method == hdrs.METH_HEAD
        ):  # it left before its turn came, or wants to know the headers alone
            return web.Response(headers=HEADERS)
        if status:
            return web.Response(status=status, text=TOO_MANY, headers=HEADERS)
        async with sse_response(request, response_cls=_Unkept) as response:
            sending = asyncio.create_task(self._send(request, response, parts, pause_s), name="console news")
            self._sending[sending] = stream
            try:
                await response.wait()
            finally:
                self._sending.pop(sending, None)
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        return response

    def _full(self, parties: Parties) -> int:
        """The status that turns one more away; 0: there is room."""
        listening = [one for one in self._sending.values() if not one.left]
        if len(listening) >= self._streams_max:
            return 503
        return (
            429 if any(sum(party in one.parties for one in listening) >= most for party, most in parties.items()) else 0
        )

    async def stop(self) -> None:
        """End all of them."""
        for sending in tuple(self._sending):
            sending.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _send(
        self, request: web.Request, response: EventSourceResponse, parts: AsyncIterator[str], pause_s: float
    ) -> None:
        before: Any = None
        try:
            async for html in parts:
                if not await self._still(request):
                    break
                if html == before:
                    await response.send("", event="same")
                else:
                    await response.send(_said(html), event="part")
                before = html
                await asyncio.sleep(pause_s)
            await response.send("", event="over")
        except (ConnectionError, TimeoutError):
            pass  # the browser has left
        except Exception as error:  # noqa: BLE001 -- nobody awaits this task's result: the page asks anew, the technician reads why
            log.error("a live part failed", code=type(error).__name__)
        finally:
            response.stop_streaming()


@lru_cache(maxsize=SAID_MAX)
def _said(html: str) -> str:
    """A part as it stands on the line. Many who watch one part share it: it is written once, not once for each."""
    return msgspec.json.encode({"html": html}).decode()
