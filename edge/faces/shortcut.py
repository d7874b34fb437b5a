"""SHELL: the way around aiohttp's router for the calls that come all day.

Our addresses are fixed words, so that a dictionary finds the handler; the router, its match objects and its chain of middlewares cost a
tenth of a call. Whatever is not a plain POST to a known address goes the usual way, through the application.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import hdrs, web
from aiohttp.web_request import BaseRequest

from edge.faces.door import Door, Handler

Served = Callable[[BaseRequest], Awaitable[web.StreamResponse]]


class Shortcut:
    """POSTs of ``routes`` behind ``door``. They must answer with :class:`edge.faces.answer.JsonAnswer` or raise."""

    def __init__(self, routes: Iterable[web.RouteDef], door: Door) -> None:
        self._handlers: dict[str, Handler] = {
            route.path: route.handler for route in routes if route.method == hdrs.METH_POST
        }
        self._door = door

    def before(self, usual: Served) -> Served:
        """What serves a request: the shortcut where there is one, else ``usual``."""
        handlers, through = self._handlers, self._door.through

        async def serve(request: BaseRequest) -> web.StreamResponse:
            if request.method == hdrs.METH_POST and isinstance(request, web.Request):
                handler = handlers.get(request.raw_path)
                if handler is not None and hdrs.EXPECT not in request.headers:
                    return await through(request, handler, request.raw_path)
            return await usual(request)

        return serve
