"""SHELL: the board of all edges, live, and one edge by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from central_sync.console import fleet_views as views
from central_sync.console import words
from central_sync.console.access import Right
from central_sync.console.live import Live
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.shared_parts import SharedParts
from central_sync.fleet.board import SORTS, Filter, Row
from central_sync.fleet.lifecycle import EdgeState, Reason
from central_sync.fleet.operations import Operations
from central_sync.store import Store

EVERY_S = 5.0
ROWS_MAX = 50
TEXT_CHARACTERS_MAX = 60
OUTAGES_DAYS = 30
OUTAGES_MAX = 20
LATEST_MAX = 8
WEEK = timedelta(days=7)


class Edges:
    """The pages. Whoever watches the same view in the same language shares what is made."""

    def __init__(self, lobby: Lobby, live: Live, store: Store, operations: Operations) -> None:
        self._lobby = lobby
        self._live = live
        self._store = store
        self._operations = operations
        self._parts = SharedParts()

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/edges", Right.LOOK, self.board, views.N_("Edges")),
            Page("GET", "/live/edges", Right.LOOK, self.board_live),
            Page("GET", "/edges/{institution}", Right.LOOK, self.edge),
            Page("GET", "/live/edges/{institution}", Right.LOOK, self.edge_live),
        ]

    async def board(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The board: what is looked for stands in the address."""
        wanted = _wanted(request, visitor)
        regions, versions = self._operations.watch.board.choices(visitor.scope)
        values = {
            "part": await self._board_part(request, visitor),
            "live": "/live/edges?" + urlencode(_query(request)),
            "wanted": wanted,
            "regions": regions,
            "programs": versions,
            "states": views.STATES,
            "reasons": views.REASONS,
        }
        return self._lobby.shown(request, visitor, "fleet_board.html", values)

    async def board_live(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The same, again and again."""
        return await self._live.serve(request, visitor, lambda: self._board_part(request, visitor), EVERY_S)

    async def _board_part(self, request: web.Request, visitor: Visitor) -> str:
        board, query = self._operations.watch.board, tuple(sorted(_query(request).items()))
        key = ("board", board.at, query, visitor.scope, self._lobby.tongue(request).language)

        async def made() -> str:
            return await self._lobby.work(self._board_made, request, visitor)

        return await self._parts.part(key, made)

    def _board_made(self, request: web.Request, visitor: Visitor) -> str:
        board, wanted = self._operations.watch.board, _wanted(request, visitor)
        page = board.page(wanted, request.query.get("after", "")[:TEXT_CHARACTERS_MAX], ROWS_MAX)
        query = _query(request)
        query.pop("after", None)
        totals = board.totals(wanted)
        values = {
            "page": page,
            "totals": totals,
            "all": sum(totals.values()),
            "wanted": wanted,
            "views": views,
            "at": board.at,
            "address": lambda **more: (
                "/edges?" + urlencode({name: value for name, value in {**query, **more}.items() if value})
            ),
            "shown": views.REASONS_SHOWN,
        }
        return self._lobby.part(request, "fleet_board_live.html", values)

    async def edge(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """One edge."""
        institution = request.match_info["institution"]
        row = self._operations.watch.board.of(institution)
        if row is None:
            return self._lobby.no_page(request, visitor)
        values = {"part": await self._edge_part(request, row), "row": row, "live": f"/live/edges/{institution}"}
        return self._lobby.shown(request, visitor, "fleet_edge.html", values)

    async def edge_live(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The same, again and again, until there is no such edge."""
        institution = request.match_info["institution"]
        if self._operations.watch.board.of(institution) is None:
            return self._lobby.no_page(request, visitor)

        async def part() -> str | None:
            row = self._operations.watch.board.of(institution)
            return None if row is None else await self._edge_part(request, row)

        return await self._live.serve(request, visitor, part, EVERY_S)

    async def _edge_part(self, request: web.Request, row: Row) -> str:
        at = self._operations.watch.board.at
        key = ("edge", at, row.institution, self._lobby.tongue(request).language)

        async def made() -> str:
            return await self._lobby.work(self._edge_made, request, row)

        return await self._parts.part(key, made)

    def _edge_made(self, request: web.Request, row: Row) -> str:
        now = self._lobby.clock()
        with self._store.read() as uow:
            history = uow.reports.history(row.institution, now - WEEK)
            outages = uow.reports.outages(now - timedelta(days=OUTAGES_DAYS), now, row.institution, OUTAGES_MAX)
            alerts = uow.alerts.page(
                still_open=True, scope=None, before=None, rows_max=OUTAGES_MAX, institution=row.institution
            )
            latest = uow.finding.latest([row.institution], LATEST_MAX)
            certificates = [one for one in uow.certificates.of(row.institution) if one.revoked_at is None]
        values: dict[str, Any] = {
            "row": row,
            "views": views,
            "charts": views.charts(history, now - WEEK, now),
            "outages": [one for one in outages if one.institution == row.institution],
            "alerts": alerts,
            "certificates": certificates,
            "latest": latest,
            "words": words,
            "named": self._lobby.namer(request),
            "now": now,
        }
        return self._lobby.part(request, "fleet_edge_live.html", values)


def _query(request: web.Request) -> dict[str, str]:
    """What of the address says which view it is, and nothing else."""
    kept = ("state", "region", "version", "reason", "text", "sort", "after")
    return {name: request.query[name][:TEXT_CHARACTERS_MAX] for name in kept if request.query.get(name)}


def _wanted(request: web.Request, visitor: Visitor) -> Filter:
    query = _query(request)
    state, reason = query.get("state", ""), query.get("reason", "")
    return Filter(
        states=frozenset({EdgeState(state)}) if state in set(EdgeState) else frozenset(),
        region=query.get("region", ""),
        version=query.get("version", ""),
        reason=reason if reason in set(Reason) else "",
        text=query.get("text", ""),
        scope=visitor.scope,
        sort=query.get("sort", "") if query.get("sort") in SORTS else "",
    )
