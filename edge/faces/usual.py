"""SHELL: aiohttp's side of a connection, whose word about what is no HTTP has the shape of every other answer.

aiohttp says it in a text, with a piece of what came in it, before the door is asked. A program that reads JSON alone would stumble over that.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web

from edge.faces import door
from edge.faces.limits import KEEP_ALIVE_S

log = structlog.get_logger(__name__)


class Usual(web.RequestHandler):
    """As aiohttp's own; only what it tells of a fault that it found by itself is ours."""

    __slots__ = ()

    def __init__(self, server: web.Server) -> None:
        loop = asyncio.get_running_loop()
        no_log: Any = None
        super().__init__(server, loop=loop, access_log=no_log, keepalive_timeout=KEEP_ALIVE_S)

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
