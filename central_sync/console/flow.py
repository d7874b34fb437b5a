"""SHELL: the flow of transactions through this hub process, live, and the outages on a time line."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta

from aiohttp import web

from central_sync.console import fleet_views as views
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


class FlowPages:
    """The pages. The flow is of all hospitals: whoever sees some hospitals alone is told so and sees nothing of it."""

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
        part = await self._part(request) if visitor.scope is None else ""
        return self._lobby.shown(request, visitor, "fleet_flow.html", {"part": part, "live": "/live/flow"})

    async def flow_live(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The same, again and again."""

        async def parts() -> AsyncIterator[str]:
            while visitor.scope is None:
                yield await self._part(request)

        return await self._live.serve(request, visitor, parts(), EVERY_S)

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

    async def _part(self, request: web.Request) -> str:
        key = (int(time.monotonic() / EVERY_S), self._lobby.tongue(request).language)

        async def made() -> str:
            summary = self._operations.flow.summary(time.monotonic())
            return self._lobby.part(request, "fleet_flow_live.html", {"summary": summary, "views": views})

        return await self._parts.part(key, made)
