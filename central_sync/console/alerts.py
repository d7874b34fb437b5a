"""SHELL: the alerts: what is open, what was told, what is over, by which rules; and that somebody sees to one.

The list itself is not live: whoever writes a note into it would lose it. What is live stands above it: how many are open, and that the list has changed.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from central_sync.console import fleet_views as views
from central_sync.console.access import Right
from central_sync.console.live import Live
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.shared_parts import SharedParts
from central_sync.fleet.limits import NOTE_CHARACTERS_MAX
from central_sync.fleet.operations import Operations
from central_sync.store import Store
from central_sync.store.fleet_records import Alert

ROWS_MAX = 50
MESSAGES_MAX = 20
EVERY_S = 5.0
SEEN_CHARACTERS_MAX = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Alerts:
    """The pages."""

    def __init__(self, lobby: Lobby, live: Live, store: Store, operations: Operations) -> None:
        self._lobby = lobby
        self._live = live
        self._store = store
        self._alarms = operations.alarms
        self._parts = SharedParts()

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/alerts", Right.LOOK, self.show, views.N_("Alerts")),
            Page("GET", "/live/alerts", Right.LOOK, self.show_live),
            Page("GET", "/alerts/rules", Right.LOOK, self.rules),
            Page("POST", "/alerts/acknowledge", Right.ACKNOWLEDGE, self.acknowledge),
        ]

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Those that are open, or with ``?over=1`` those that are over, page by page."""
        over, before = request.query.get("over") == "1", _before(request.query.get("before", ""))
        values = await self._lobby.work(self._values, visitor, over, before)
        seen = values.pop("seen")
        values |= {"part": await self._part(request, visitor, seen), "live": f"/live/alerts?seen={seen}"}
        return self._lobby.shown(request, visitor, "fleet_alerts.html", values)

    async def show_live(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """How many are open, and whether others than those that were ``seen``; again and again."""
        seen = request.query.get("seen", "")[:SEEN_CHARACTERS_MAX]
        return await self._live.serve(request, visitor, lambda: self._part(request, visitor, seen), EVERY_S)

    async def rules(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What alarms, and who is told."""
        channels = self._alarms.channels if visitor.scope is None else None
        values = {"rules": self._alarms.rules, "channels": channels, "views": views}
        return self._lobby.shown(request, visitor, "fleet_rules.html", values)

    async def acknowledge(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Somebody sees to an alert. Who was first stays; the page then says so."""
        form = await request.post()
        number, note = str(form.get("alert", "")), str(form.get("note", ""))[: 2 * NOTE_CHARACTERS_MAX]
        found = None
        if number.isascii() and number.isdigit() and len(number) < 18:
            found = await self._lobby.work(
                self._alarms.acknowledge,
                int(number),
                visitor.name,
                note,
                visitor.scope,
                self._lobby.clock(),
                visitor.actor,
            )
        if found is None:
            text = self._lobby.tongue(request).text
            words = text("Perhaps it was deleted, or concerns a hospital that you do not see.")
            return self._lobby.told(request, visitor, text("There is no such alert"), words, 400)
        return self._lobby.sent_to("/alerts")

    async def _part(self, request: web.Request, visitor: Visitor, seen: str) -> str:
        key = (int(time.monotonic() / EVERY_S), self._lobby.tongue(request).language, visitor.scope, seen)

        async def made() -> str:
            return await self._lobby.work(self._made, request, visitor, seen)

        return await self._parts.part(key, made)

    def _made(self, request: web.Request, visitor: Visitor, seen: str) -> str:
        with self._store.read() as uow:
            counts, newest = uow.alerts.counts(visitor.scope), uow.alerts.newest_open(visitor.scope)
        values = {"counts": counts, "changed": _seen(newest, counts) != seen, "at": self._lobby.clock()}
        return self._lobby.part(request, "fleet_alerts_live.html", values)

    def _values(self, visitor: Visitor, over: bool, before: tuple[datetime, int] | None) -> dict[str, Any]:
        with self._store.read() as uow:
            rows = uow.alerts.page(
                still_open=not over, scope=visitor.scope, before=before, rows_max=ROWS_MAX + 1, institution=""
            )
            counts, newest = uow.alerts.counts(visitor.scope), uow.alerts.newest_open(visitor.scope)
            told = uow.alert_messages.latest(MESSAGES_MAX) if visitor.scope is None and not over else []
        return {
            "alerts": rows[:ROWS_MAX],
            "next": _place(rows[ROWS_MAX - 1]) if len(rows) > ROWS_MAX else "",
            "counts": counts,
            "seen": _seen(newest, counts),
            "over": over,
            "told_messages": told,
            "views": views,
            "measures": {rule.name: rule.measure for rule in self._alarms.rules},
            "may": visitor.may(Right.ACKNOWLEDGE),
            "note_max": NOTE_CHARACTERS_MAX,
        }


def _seen(newest: int, counts: dict[str, int]) -> str:
    """Which alerts are open, in so many letters that a change shows."""
    return f"{newest}.{sum(counts.values())}"


def _place(alert: Alert) -> str:
    return f"{(alert.raised_at - _EPOCH) // timedelta(microseconds=1)}.{alert.id}"


def _before(place: str) -> tuple[datetime, int] | None:
    """The alert behind which a page goes on, if ``place`` names one."""
    at, _, number = place.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(at)), min(int(number), 2**62)
    except (ValueError, OverflowError):
        return None
