"""SHELL: what is open, with its age: settlements that await their confirmation, shares that wait for another payer, edges with transactions in doubt,
hospitals whose books are not reconciled, with the reasons, and what was pended for a review.

A page begins behind a key and is read by an index; nothing is counted through.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from central_sync.console import cursors, trail_words, unreconciled, words
from central_sync.console.access import Right
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.unreconciled import Unreconciled
from central_sync.console.words import N_
from central_sync.payers.lifecycle import OPEN
from central_sync.review import lifecycle as entries
from central_sync.review.lifecycle import EntryState
from central_sync.store import Store
from central_sync.store.console_records import OpenEntry, OpenSettlement, OpenShare, SignedTo
from central_sync.wire import reports
from central_sync.wire.messages import EdgeReport
from central_sync.wire.refusals import Refused

ROWS_PER_PAGE = 50
HOSPITALS_PER_LOOK = 500
LOOKS_MAX = 20
"""So many hospitals are looked at for one page; what comes after stands on the next one."""


TABS = (
    ("/open/confirmations", N_("Confirmations awaited")),
    ("/open/shares", N_("Shares at other payers")),
    ("/open/doubts", N_("In doubt at edges")),
    ("/open/days", N_("Not reconciled")),
    ("/open/reviews", N_("Pended for a review")),
)


class Doubt(NamedTuple):
    """An edge with transactions in doubt."""

    hospital: SignedTo
    report: EdgeReport


class OpenLists:
    """The pages."""

    def __init__(self, lobby: Lobby, store: Store) -> None:
        self._lobby = lobby
        self._store = store

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/open/confirmations", Right.LOOK, self.confirmations, N_("Open")),
            Page("GET", "/open/shares", Right.LOOK, self.shares),
            Page("GET", "/open/doubts", Right.LOOK, self.doubts),
            Page("GET", "/open/days", Right.LOOK, self.days),
            Page("GET", "/open/reviews", Right.LOOK, self.reviews),
        ]

    async def confirmations(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Settlements that await their confirmation, oldest first."""
        after = cursors.read(request.query.get("after", ""), tuple[datetime, str])
        rows = await self._lobby.work(self._awaited, visitor, after)
        return self._list(request, visitor, "open_confirmations.html", rows, lambda row: (row.settled_at, row.id))

    async def shares(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Deferred shares that their payers have still to hear of or to answer, oldest first."""
        after = cursors.read(request.query.get("after", ""), tuple[datetime, str, int, int])
        state = request.query.get("state", "")
        state = state if state in OPEN else OPEN[0]
        rows = await self._lobby.work(self._shares, visitor, state, after)
        more = {"state": state, "states": [str(one) for one in OPEN]}
        return self._list(request, visitor, "open_shares.html", rows, _share_key, more)

    async def doubts(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Edges whose last report tells of transactions in doubt; the transactions themselves stand in the edge's journal."""
        rows, last = await self._lobby.work(self._doubts, visitor, request.query.get("after", ""))
        return self._list(request, visitor, "open_doubts.html", rows, None, {"last": last})

    async def days(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Hospitals whose books and the hub's are not reconciled, why, since when, and what to do next."""
        rows, last = await self._lobby.work(self._days, visitor, request.query.get("after", ""))
        return self._list(request, visitor, "open_days.html", rows, None, {"last": last})

    async def reviews(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What was pended, oldest first."""
        after = cursors.read(request.query.get("after", ""), tuple[datetime, str])
        state = request.query.get("state", "")
        state = state if state in entries.OPEN else EntryState.NEEDS_PERSON
        rows = await self._lobby.work(self._entries, visitor, state, after)
        states = [EntryState.NEEDS_PERSON, EntryState.WAITING, EntryState.RERUNNING]
        more = {"state": state, "states": states, "told": trail_words.told}
        return self._list(request, visitor, "open_reviews.html", rows, lambda row: (row.opened_at, row.id), more)

    def _list(
        self,
        request: web.Request,
        visitor: Visitor,
        template: str,
        rows: list[Any],
        key: Any,
        more: dict[str, Any] | None = None,
    ) -> web.Response:
        more = dict(more or {})
        after = more.pop("last", "")
        if key is not None and len(rows) > ROWS_PER_PAGE:
            after = cursors.written(*key(rows[ROWS_PER_PAGE - 1]))
        query = {**({"state": more["state"]} if "state" in more else {}), "after": after}
        further = f"{request.path}?{urlencode(query)}" if after else ""
        shown = rows if key is None else rows[:ROWS_PER_PAGE]
        values = {"rows": shown, "further_at": further, "tabs": TABS, "words": words, **more}
        return self._lobby.shown(request, visitor, template, values)

    def _awaited(self, visitor: Visitor, after: tuple[datetime, str] | None) -> list[OpenSettlement]:
        with self._store.read() as uow:
            return uow.lookups.awaited(visitor.scope, after, ROWS_PER_PAGE + 1)

    def _shares(self, visitor: Visitor, state: str, after: tuple[datetime, str, int, int] | None) -> list[OpenShare]:
        with self._store.read() as uow:
            return uow.lookups.shares(visitor.scope, state, after, ROWS_PER_PAGE + 1)

    def _entries(self, visitor: Visitor, state: str, after: tuple[datetime, str] | None) -> list[OpenEntry]:
        with self._store.read() as uow:
            return uow.lookups.entries(visitor.scope, state, after, ROWS_PER_PAGE + 1)

    def _doubts(self, visitor: Visitor, after: str) -> tuple[list[Doubt], str]:
        def doubtful(hospital: SignedTo) -> Doubt | None:
            report = _report(hospital)
            return Doubt(hospital, report) if report is not None and report.in_doubt else None

        return self._through(visitor, after, doubtful)

    def _days(self, visitor: Visitor, after: str) -> tuple[list[Unreconciled], str]:
        now = self._lobby.clock()
        with self._store.read() as uow:
            awaited = uow.alerts.awaited_since()

        def late(hospital: SignedTo) -> Unreconciled | None:
            found = unreconciled.reasons(hospital, _report(hospital), awaited.get(hospital.institution), now)
            return Unreconciled(hospital, found) if found else None

        return self._through(visitor, after, late)

    def _through(self, visitor: Visitor, after: str, chosen: Any) -> tuple[list[Any], str]:
        """The hospitals behind ``after`` that are ``chosen``, a page of them; and the last one looked at, if there are more."""
        rows: list[Any] = []
        with self._store.read() as uow:
            for _ in range(LOOKS_MAX):
                hospitals = uow.lookups.hospitals(visitor.scope, after, HOSPITALS_PER_LOOK)
                for hospital in hospitals:
                    after = hospital.institution
                    if (row := chosen(hospital)) is not None:
                        rows.append(row)
                    if len(rows) >= ROWS_PER_PAGE:
                        return rows, after
                if len(hospitals) < HOSPITALS_PER_LOOK:
                    return rows, ""
        return rows, after


def _share_key(row: OpenShare) -> tuple[datetime, str, int, int]:
    return row.signed_at, row.settlement_id, row.place, row.round


def _report(hospital: SignedTo) -> EdgeReport | None:
    if hospital.report is None:
        return None
    try:
        return reports.read(hospital.report)
    except Refused:
        return None  # a report of a later version: its edge is on the board, its numbers are not known here
