"""SHELL: who did what, and when: the audit trail, the newest first, page by page. Whoever sees some hospitals alone sees what was done to those."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from central_sync.console import cursors, trail_words
from central_sync.console.access import Right
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.words import N_
from central_sync.store import Store
from central_sync.store.records import AuditRow

ROWS_PER_PAGE = 100
FILTERS = ("actor", "action", "subject")
FILTER_CHARACTERS_MAX = 200


class TrailPages:
    """The page."""

    def __init__(self, lobby: Lobby, store: Store) -> None:
        self._lobby = lobby
        self._store = store

    def pages(self) -> list[Page]:
        """It alone."""
        return [Page("GET", "/trail", Right.TRAIL, self.show, N_("Audit trail"))]

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Who did what."""
        filters = {name: request.query.get(name, "").strip()[:FILTER_CHARACTERS_MAX] for name in FILTERS}
        before = cursors.read(request.query.get("after", ""), tuple[int])
        rows = await self._lobby.work(self._rows, visitor, before[0] if before else None, filters)
        further = ""
        if len(rows) > ROWS_PER_PAGE:
            rows = rows[:ROWS_PER_PAGE]
            query = {**{name: value for name, value in filters.items() if value}, "after": cursors.written(rows[-1].id)}
            further = f"{request.path}?{urlencode(query)}"
        text = self._lobby.tongue(request).text
        actions = sorted(((code, text(word)) for code, word in trail_words.ACTIONS.items()), key=lambda row: row[1])
        values: dict[str, Any] = {"rows": rows, "filters": filters, "further_at": further, "actions": actions}
        values |= {"known": trail_words.ACTIONS, "told": trail_words.told}
        return self._lobby.shown(request, visitor, "trail.html", values)

    def _rows(self, visitor: Visitor, before: int | None, filters: dict[str, str]) -> list[AuditRow]:
        with self._store.read() as uow:
            return uow.lookups.trail(
                visitor.scope, before, filters["actor"], filters["action"], filters["subject"], ROWS_PER_PAGE + 1
            )
