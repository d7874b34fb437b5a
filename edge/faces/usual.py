"""SHELL: aiohttp's side of a connection, whose word about what is no HTTP has the shape of every other answer.

aiohttp says it in a text, with a piece of what came in it, before the door is asked. A program that reads JSON alone would stumble over that.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from aiohttp import web

from edge.faces import door
from edge.faces.limits import KEEP_ALIVE_S


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
        """It is logged there; the connection ends with it, for what follows cannot be told from it."""
        super().handle_error(request, status, exc, message)
        answer = door.damaged(exc) if status < HTTPStatus.INTERNAL_SERVER_ERROR else door.fault(request.method)
        answer.more = b"Connection: close\r\n"
        return answer
