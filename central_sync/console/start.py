"""SHELL: the first page: what wants to be seen to, in numbers that are counted up to a bound; each leads to its list."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from central_sync.console import fleet_views as views
from central_sync.console.access import Right
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.words import N_
from central_sync.fleet.board import Filter
from central_sync.fleet.operations import Operations
from central_sync.payers import lifecycle as shares
from central_sync.review import lifecycle as entries
from central_sync.store import Store

COUNTED_MAX = 1_000


class Start:
    """The page."""

    def __init__(self, lobby: Lobby, store: Store, operations: Operations) -> None:
        self._lobby = lobby
        self._store = store
        self._operations = operations

    def pages(self) -> list[Page]:
        """It alone."""
        return [Page("GET", "/", Right.LOOK, self.show, N_("Start"))]

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What wants to be seen to."""
        counts = await self._lobby.work(self._counts, visitor)
        return self._lobby.shown(request, visitor, "start.html", {**counts, "counted_max": COUNTED_MAX, "views": views})

    def _counts(self, visitor: Visitor) -> dict[str, Any]:
        board = self._operations.watch.board
        with self._store.read() as uow:
            alerts = uow.alerts.counts(visitor.scope)
            counts = uow.lookups.counts(visitor.scope, self._lobby.clock(), shares.OPEN, entries.OPEN, COUNTED_MAX)
        return {
            "alerts": alerts,
            "counts": counts,
            "edges": board.totals(Filter(scope=visitor.scope)),
            "doubts": board.in_doubt(visitor.scope),
        }
