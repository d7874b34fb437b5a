"""SHELL: the alerts: what is open, what was told, what is over; and that somebody sees to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from central_sync.console import fleet_views as views
from central_sync.console.access import Right
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.fleet.limits import NOTE_CHARACTERS_MAX
from central_sync.fleet.operations import Operations
from central_sync.store import Store
from central_sync.store.fleet_records import Alert

ROWS_MAX = 50
MESSAGES_MAX = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Alerts:
    """The pages."""

    def __init__(self, lobby: Lobby, store: Store, operations: Operations) -> None:
        self._lobby = lobby
        self._store = store
        self._alarms = operations.alarms

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/alerts", Right.LOOK, self.show, views.N_("Alerts")),
            Page("POST", "/alerts/acknowledge", Right.ACKNOWLEDGE, self.acknowledge),
        ]

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Those that are open, or with ``?over=1`` those that are over, page by page."""
        over, before = request.query.get("over") == "1", _before(request.query.get("before", ""))
        values = await self._lobby.work(self._values, visitor, over, before)
        return self._lobby.shown(request, visitor, "fleet_alerts.html", values)

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

    def _values(self, visitor: Visitor, over: bool, before: tuple[datetime, int] | None) -> dict[str, Any]:
        with self._store.read() as uow:
            rows = uow.alerts.page(
                still_open=not over, scope=visitor.scope, before=before, rows_max=ROWS_MAX + 1, institution=""
            )
            counts = uow.alerts.counts(visitor.scope)
            told = uow.alert_messages.latest(MESSAGES_MAX) if visitor.scope is None and not over else []
        return {
            "alerts": rows[:ROWS_MAX],
            "next": _place(rows[ROWS_MAX - 1]) if len(rows) > ROWS_MAX else "",
            "counts": counts,
            "over": over,
            "told_messages": told,
            "views": views,
            "measures": {rule.name: rule.measure for rule in self._alarms.rules},
            "may": visitor.may(Right.ACKNOWLEDGE),
            "note_max": NOTE_CHARACTERS_MAX,
        }


def _place(alert: Alert) -> str:
    return f"{(alert.raised_at - _EPOCH) // timedelta(microseconds=1)}.{alert.id}"


def _before(place: str) -> tuple[datetime, int] | None:
    """The alert behind which a page goes on, if ``place`` names one."""
    at, _, number = place.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(at)), min(int(number), 2**62)
    except (ValueError, OverflowError):
        return None
