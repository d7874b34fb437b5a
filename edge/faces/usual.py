"""SHELL: aiohttp's side of a connection, whose word about what is no HTTP has the shape of every other answer.

aiohttp says it in a text, with a piece of what came in it, before the door is asked. A program that reads JSON alone would stumble over that.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import StreamReader, hdrs, web
from aiohttp.http import RawRequestMessage

from edge.faces import door
from edge.faces.limits import KEEP_ALIVE_S

STREAM = "text/event-stream"
log = structlog.get_logger(__name__)


class Usual(web.RequestHandler):
    """As aiohttp's own; only what it tells of a fault that it found by itself is ours, and that who says nothing more is answered."""

    __slots__ = ("_asked", "_make")

    def __init__(self, server: web.Server) -> None:
        loop = asyncio.get_running_loop()
        no_log: Any = None
        super().__init__(server, loop=loop, access_log=no_log, keepalive_timeout=KEEP_ALIVE_S)
        self._asked: Callable[[], web.BaseRequest | None] = lambda: None
        assert self._request_factory is not None  # the server's
        self._make, self._request_factory = self._request_factory, self._made

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio asks whether the connection stays
        """Whoever says nothing more still hears the answer to what was asked whole. Not over TLS, which knows no half of a connection; nor a stream, which would
        go on for who has left.
        """
        if self.transport is None or self.transport.get_extra_info("sslcontext") is not None:
            return False
        request = self._asked()
        if request is not None and self._waiter is None:  # it is under way
            stays = request.writer.output_size == 0 and _is_whole_and_no_stream(request.headers, request.content)
        else:
            stays = any(
                isinstance(message, RawRequestMessage) and _is_whole_and_no_stream(message.headers, body)
                for message, body in [*self._messages][:1]
            )
        if stays:
            self.close()  # behind that answer
        return stays

    def _made(self, *more: Any) -> web.BaseRequest:
        request = self._make(*more)
        self._asked = weakref.ref(request)
        return request

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The connection ends with it, for what follows cannot be told from it. What others wrote wrong is no error of ours in the log.

        Raises:
            ConnectionError: a part of another answer has left already.
        """
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            super().handle_error(request, status, exc, message)  # it logs it
            answer = door.fault(request.method)
        elif request.writer.output_size > 0:
            raise ConnectionError
        else:
            log.info("what came cannot be read as HTTP", fault=type(exc).__name__)
            answer = door.damaged(exc)
        answer.more = b"Connection: close\r\n"
        return answer


def _is_whole_and_no_stream(headers: Mapping[str, str], body: StreamReader) -> bool:
    return body.is_eof() and STREAM not in headers.get(hdrs.ACCEPT, "")
