"""SHELL: finding a transaction, a case or a settlement by any id; the page of one transaction, and of one case.

Rules
    * An id (msgid, HID, settlement id) is found whole, never by a part of it, in digits of any script, and only within the reader's scope.
    * A person is found by their whole number alone, by whoever may; the search is audited with the member's key, never with the number, which
      stands in no address and no log.
    * Packets and names are masked until whoever may asks to see them: each look is a row of the audit trail, written before it is shown.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from central_sync.benefits.explain import Step, Style, currency_of, sentence
from central_sync.console import cursors, words
from central_sync.console.access import Right
from central_sync.console.life import Life, body_of, life_of
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.words import N_
from central_sync.store import Store, UnitOfWork
from central_sync.store.console_records import FoundTransaction
from central_sync.store.records import Case, Settlement
from central_sync.terms import hid as hids
from central_sync.terms.identifiers import KINDS, checked, normalised

ROWS_PER_PAGE = 50
FOUND_MAX = 50
ID_CHARACTERS_MAX = 80


class Hits(NamedTuple):
    """What was found by an id."""

    transactions: list[FoundTransaction]
    cases: list[Case]
    settlements: list[Settlement]


class Transactions:
    """The pages."""

    def __init__(self, lobby: Lobby, store: Store) -> None:
        self._lobby = lobby
        self._store = store

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/transactions", Right.LOOK, self.search, N_("Transactions")),
            Page("POST", "/transactions/person", Right.FIND_PERSON, self.person),
            Page("GET", "/hospitals/{institution}/transaction", Right.LOOK, self.transaction),
            Page("POST", "/hospitals/{institution}/transaction/look", Right.UNMASK, self.look),
            Page("GET", "/hospitals/{institution}/cases/{hid}", Right.LOOK, self.case),
        ]

    async def search(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """By any id."""
        wanted = request.query.get("id", "").strip()[:ID_CHARACTERS_MAX]
        hits = await self._lobby.work(self._find, visitor, wanted) if wanted else None
        if hits is not None and (only := _only(hits)):
            return self._lobby.sent_to(only)
        values = {"wanted": wanted, "hits": hits, "found_max": FOUND_MAX, "people": None, "words": words}
        return self._lobby.shown(request, visitor, "transactions.html", values)

    def _find(self, visitor: Visitor, typed: str) -> Hits:
        found = self._of_id(visitor, typed)
        return found if any(found) else self._of_id(visitor, normalised(typed))

    def _of_id(self, visitor: Visitor, wanted: str) -> Hits:
        with self._store.read() as uow:
            settled = uow.finding.settlement(wanted, visitor.scope)
            return Hits(
                transactions=uow.finding.transactions(wanted, visitor.scope, FOUND_MAX),
                cases=uow.finding.cases(wanted, visitor.scope, FOUND_MAX) if hids.serial_of(wanted) is not None else [],
                settlements=[settled] if settled else [],
            )

    async def person(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """By a person's whole number."""
        form = await request.post()
        number, after = str(form.get("number", ""))[:ID_CHARACTERS_MAX].strip(), str(form.get("after", ""))
        cases = await self._lobby.work(self._cases, visitor, number, cursors.read(after, tuple[date, str]))
        more = cursors.written(cases[-2].opened_on, cases[-2].hid) if len(cases) > ROWS_PER_PAGE else ""
        here = "/transactions"
        people = {"cases": cases[:ROWS_PER_PAGE], "more": more, "number": number}
        values = {"wanted": "", "hits": None, "found_max": FOUND_MAX, "people": people, "words": words, "here": here}
        return self._lobby.shown(request, visitor, "transactions.html", values)

    def _cases(self, visitor: Visitor, number: str, after: tuple[date, str] | None) -> list[Case]:
        forms: dict[str, list[str]] = {}
        for kind in KINDS:
            if normal := checked(kind, number):
                forms.setdefault(normal, []).append(kind)
        with self._store.write(urgent=False) as uow:
            members = {member: form for form, kinds in forms.items() for member in uow.finding.members(form, kinds)}
            for subject in members or ("nobody",):
                uow.audit.add(self._lobby.clock(), visitor.actor, "person_searched", subject)
            found = [uow.finding.cases_of(member, visitor.scope, after, ROWS_PER_PAGE + 1) for member in members]
        newest_first = sorted(
            (case for cases in found for case in cases), key=lambda case: (-case.opened_on.toordinal(), case.hid)
        )
        return newest_first[: ROWS_PER_PAGE + 1]

    async def transaction(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """One transaction, with nobody's name in it."""
        institution, msgid = request.match_info["institution"], request.query.get("msgid", "")
        return await self._shown(request, visitor, institution, msgid, looked=False)

    async def look(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The same with its packet and whose it is."""
        form = await request.post()
        return await self._shown(
            request, visitor, request.match_info["institution"], str(form.get("msgid", "")), looked=True
        )

    async def _shown(
        self, request: web.Request, visitor: Visitor, institution: str, msgid: str, *, looked: bool
    ) -> web.StreamResponse:
        found, body = await self._lobby.work(self._life, visitor, institution, msgid, looked=looked)
        if found is None:
            return self._lobby.no_page(request, visitor)
        tongue = self._lobby.tongue(request)
        currency = currency_of(found.settled.row.currency) if found.settled else None
        style = Style(tongue.language, tongue.calendar, currency)

        def told(step: Step) -> str:
            return sentence(step, style)

        values = {"life": found, "body": body, "told": told, "words": words, "here": address_of(institution, msgid)}
        return self._lobby.shown(request, visitor, "transaction.html", values)

    def _life(
        self, visitor: Visitor, institution: str, msgid: str, *, looked: bool
    ) -> tuple[Life | None, dict[str, str] | None]:
        with self._store.read() as uow:
            found = life_of(uow, institution, msgid)
            body = _unmasked(uow, found) if looked and found is not None else None
        if body is not None:
            with self._store.write() as uow:
                uow.audit.add(self._lobby.clock(), visitor.actor, "packet_seen", institution, msgid)
        return found, body

    async def case(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """One case and its transactions."""
        institution, hid = request.match_info["institution"], request.match_info["hid"]
        after = cursors.read(request.query.get("after", ""), tuple[datetime, str])
        found, rows = await self._lobby.work(self._case, institution, hid, after)
        if found is None:
            return self._lobby.no_page(request, visitor)
        further = ""
        if len(rows) > ROWS_PER_PAGE:
            last = rows[ROWS_PER_PAGE - 1]
            further = f"{request.path}?{urlencode({'after': cursors.written(last.decided_at, last.msgid)})}"
        values = {"case": found, "rows": rows[:ROWS_PER_PAGE], "further_at": further, "words": words}
        return self._lobby.shown(request, visitor, "case.html", values)

    def _case(
        self, institution: str, hid: str, after: tuple[datetime, str] | None
    ) -> tuple[Case | None, list[FoundTransaction]]:
        with self._store.read() as uow:
            found = uow.cases.get(institution, hid)
            return found, uow.finding.of_case(institution, hid, after, ROWS_PER_PAGE + 1) if found else []


def address_of(institution: str, msgid: str) -> str:
    """The address of a transaction's page."""
    return f"/hospitals/{institution}/transaction?{urlencode({'msgid': msgid})}"


def _only(hits: Hits) -> str:
    """The page of what was found, if it is one thing."""
    pages = [f"/hospitals/{case.institution}/cases/{case.hid}" for case in hits.cases]
    pages += [address_of(row.institution, row.msgid) for row in hits.transactions]
    pages += [address_of(row.institution, row.msgid) for row in hits.settlements]
    return pages[0] if len(pages) == 1 else ""


def _unmasked(uow: UnitOfWork, found: Life) -> dict[str, str]:
    member: Any = uow.members.get(found.row.member) if found.row.member else None
    return {
        "packet": json.dumps(body_of(found.row), ensure_ascii=False, indent=2, default=str),
        "name": member.name if member else "",
        "number": member.number if member else "",
    }
