"""SHELL: the first page, live: what wants to be seen to, in numbers that are counted up to a bound; each leads to its list."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from central_sync.console.access import Right
from central_sync.console.live import Live
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.shared_parts import SharedParts
from central_sync.console.words import N_
from central_sync.fleet.board import Filter
from central_sync.fleet.operations import Operations
from central_sync.payers import lifecycle as shares
from central_sync.review import lifecycle as entries
from central_sync.store import Store

EVERY_S = 5.0
COUNTED_MAX = 1_000


class Start:
    """The page. Whoever watches it with the same scope, language and ways on shares what is made."""

    def __init__(self, lobby: Lobby, live: Live, store: Store, operations: Operations) -> None:
        self._lobby = lobby
        self._live = live
        self._store = store
        self._operations = operations
        self._parts = SharedParts()

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/", Right.LOOK, self.show, N_("Start")),
            Page("GET", "/live/start", Right.LOOK, self.show_live),
        ]

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What wants to be seen to."""
        values = {"part": await self._part(request, visitor), "live": "/live/start"}
        return self._lobby.shown(request, visitor, "start.html", values)

    async def show_live(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The same, again and again."""
        return await self._live.serve(request, visitor, lambda: self._part(request, visitor), EVERY_S)

    async def _part(self, request: web.Request, visitor: Visitor) -> str:
        language, invites = self._lobby.tongue(request).language, visitor.may(Right.TRUST)
        key = (int(time.monotonic() / EVERY_S), language, visitor.scope, invites)

        async def made() -> str:
            return await self._lobby.work(self._made, request, visitor)

        return await self._parts.part(key, made)

    def _made(self, request: web.Request, visitor: Visitor) -> str:
        board, now = self._operations.watch.board, self._lobby.clock()
        with self._store.read() as uow:
            alerts = uow.alerts.counts(visitor.scope)
            counts = uow.lookups.counts(visitor.scope, now, shares.OPEN, entries.OPEN, COUNTED_MAX)
        values: dict[str, Any] = {
            "alerts": alerts,
            "counts": counts,
            "counted_max": COUNTED_MAX,
            "edges": board.totals(Filter(scope=visitor.scope)),
            "doubts": board.in_doubt(visitor.scope),
            "invites": visitor.may(Right.TRUST),
            "at": now,
        }
        return self._lobby.part(request, "start_live.html", values)
