"""Connections that were opened and then ask for nothing are closed: an idle stranger, or a box that froze, must not hold a place.

What comes later in a connection's life is held by others: a handshake, a body and an idle connection by their own limits, a peer
that takes nothing of its answer by the kernel (``tls.listening``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from central_sync.api.limits import FIRST_REQUEST_S_MAX


class Connections:
    """The connections of one port that have not asked for anything yet. On the event loop only."""

    def __init__(self) -> None:
        self._quiet: set[object] = set()

    def accepting(self, server: web.Server) -> Callable[[], web.RequestHandler]:
        """What makes the protocol of each new connection to ``server``."""

        def made() -> web.RequestHandler:
            connection = server()
            self._quiet.add(connection)
            asyncio.get_running_loop().call_later(FIRST_REQUEST_S_MAX, self._look, connection)
            return connection

        return made

    @web.middleware
    async def noting(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Middleware of the port's application: this connection has asked for something."""
        self._quiet.discard(request.protocol)
        return await handler(request)

    def _look(self, connection: web.RequestHandler) -> None:
        if connection in self._quiet:
            self._quiet.discard(connection)
            if connection.transport is not None:
                connection.transport.abort()
