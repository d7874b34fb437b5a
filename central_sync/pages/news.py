"""SHELL: the news of a page: parts of it, sent again when they have changed, while its session lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import structlog
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from central_sync.pages.rendering import HEADERS

STREAMS_MAX = 64
log = structlog.get_logger()


class News:
    """The pages that listen now, at most ``streams_max``. ``still``: whether the session of a request goes on."""

    def __init__(self, still: Callable[[web.Request], Awaitable[bool]], streams_max: int = STREAMS_MAX) -> None:
        self._still = still
        self._streams_max = streams_max
        self._sending: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request, parts: AsyncIterator[str], pause_s: float = 0.0) -> web.StreamResponse:
        """Send each of ``parts``, ``pause_s`` after the one before, until the browser leaves or its session ends (``over``)."""
        if len(self._sending) >= self._streams_max:
            return web.Response(status=503, headers=HEADERS)
        async with sse_response(request, headers=HEADERS) as response:
            sending = asyncio.create_task(self._send(request, response, parts, pause_s), name="console news")
            self._sending.add(sending)
            try:
                await response.wait()
            finally:
                self._sending.discard(sending)
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        return response

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
                    await response.send(msgspec.json.encode({"html": html}).decode(), event="part")
                before = html
                await asyncio.sleep(pause_s)
            await response.send("", event="over")
        except (ConnectionError, TimeoutError):
            pass  # the browser has left
        except Exception as error:  # noqa: BLE001 -- nobody awaits this task's result: the page asks anew, the technician reads why
            log.error("a live part failed", code=type(error).__name__)
        finally:
            response.stop_streaming()
