"""SHELL: the flow of transactions through this hub process, live, and the outages on a time line."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from aiohttp import web

from central_sync.console import fleet_views as views
from central_sync.console import words
from central_sync.console.access import Right
from central_sync.console.live import Live
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.shared_parts import SharedParts
from central_sync.fleet.operations import Operations
from central_sync.store import Store
from central_sync.store.fleet_records import HUB, Outage

EVERY_S = 5.0
WINDOWS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
OUTAGES_MAX = 2_000
LINES_MAX = 100
LATEST_MAX = 20


class FlowPages:
    """The pages. The flow's numbers are of all hospitals: whoever sees some hospitals alone sees the last transactions of those and nothing else of it."""

    def __init__(self, lobby: Lobby, live: Live, store: Store, operations: Operations) -> None:
        self._lobby = lobby
        self._live = live
        self._store = store
        self._operations = operations
        self._parts = SharedParts()

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/flow", Right.LOOK, self.flow, views.N_("Flow")),
            Page("GET", "/live/flow", Right.LOOK, self.flow_live),
            Page("GET", "/outages", Right.LOOK, self.outages, views.N_("Outages")),
        ]

    async def flow(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """How many transactions pass, and how long each leg takes."""
        values = {"part": await self._part(request, visitor), "live": "/live/flow"}
        return self._lobby.shown(request, visitor, "fleet_flow.html", values)

    async def flow_live(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The same, again and again."""
        return await self._live.serve(request, visitor, lambda: self._part(request, visitor), EVERY_S)

    async def outages(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Who was silent when, within the last day, week or month."""
        chosen = request.query.get("window", "day")
        window = WINDOWS.get(chosen, WINDOWS["day"])
        now = self._lobby.clock()
        rows = await self._lobby.work(self._outages, visitor, window)
        lines = views.time_line(rows, now - window, now)
        values = {
            "lines": lines[:LINES_MAX],
            "more": max(0, len(lines) - LINES_MAX),
            "begin": now - window,
            "window": chosen if chosen in WINDOWS else "day",
        }
        return self._lobby.shown(request, visitor, "fleet_outages.html", values)

    def _outages(self, visitor: Visitor, window: timedelta) -> list[Outage]:
        now = self._lobby.clock()
        with self._store.read() as uow:
            if visitor.scope is None:
                return uow.reports.outages(now - window, now, rows_max=OUTAGES_MAX)
            found = [uow.reports.outages(now - window, now, code, OUTAGES_MAX) for code in sorted(visitor.scope)]
        return [row for rows in found for row in rows if row.institution != HUB]

    async def _part(self, request: web.Request, visitor: Visitor) -> str:
        key = (int(time.monotonic() / EVERY_S), self._lobby.tongue(request).language, visitor.scope)

        async def made() -> str:
            if visitor.scope is not None:
                return await self._lobby.work(self._of_some, request, visitor.scope)
            summary = self._operations.flow.summary(time.monotonic())
            values = {"summary": summary, "shown_max": LATEST_MAX, **self._more(request)}
            return self._lobby.part(request, "fleet_flow_live.html", values)

        return await self._parts.part(key, made)

    def _of_some(self, request: web.Request, scope: frozenset[str]) -> str:
        with self._store.read() as uow:
            rows = uow.finding.latest(sorted(scope), LATEST_MAX)
        return self._lobby.part(request, "fleet_flow_some_live.html", {"rows": rows, **self._more(request)})

    def _more(self, request: web.Request) -> dict[str, Any]:
        return {"views": views, "words": words, "now": self._lobby.clock(), "named": self._lobby.namer(request)}
