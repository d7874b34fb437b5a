"""SHELL: the technician's pages of the journal: looking through it, one entry, its body for those who may see it, and letting go what is parked.

What names a patient's case stands in no address: who looks for a msgid or a HID sends a form, and is led to a number of the journal.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from aiohttp import web

from central_sync.pages.front import Handler, Turned
from central_sync.pages.rendering import typed
from central_sync.terms import languages
from central_sync.terms.days import Calendar, civil_day, day_end, parse
from central_sync.terms.identifiers import normalised
from central_sync.wire.desk_sentences import desk_sentence
from central_sync.wire.refusals import REFUSALS
from edge.accounts import Role
from edge.console.lobby import BASE, Lobby
from edge.console.sessions import Session
from edge.console.words import CONFIRMATIONS, NUMBERS, PARKINGS, STATES
from edge.entries import Body, Page, Place, Sheet, State, Wanted
from edge.errors import EdgeError, JournalUnavailable

HERE = "/technician/journal"
NAME_CHARACTERS_MAX = 200
_SEQ_DIGITS = 15
_ONE = r"/{seq:\d{1,15}}"

Release = Callable[[str, str], Awaitable[None]]
"""Lets the transaction of that msgid go, on the word of that account."""


class Browses(Protocol):
    """The journal, as a person looks through it."""

    async def page(self, wanted: Wanted, before: Place | None = None) -> Page:
        """Entries, newest first."""
        ...

    async def sheet(self, seq: int) -> Sheet | None:
        """One entry without its body."""
        ...

    async def find(self, name: str) -> tuple[int, str] | None:
        """The seq of what a person calls ``name``, and the HID if it is a case."""
        ...

    async def body(self, seq: int, who: str) -> Body | None:
        """What stands in an entry; noted."""
        ...

    async def form_of_body(self, seq: int) -> Body | None:
        """The same, hidden."""
        ...


class JournalPages:
    """Over ``entries``; ``zone`` and ``calendar`` are those in which the technician writes a day."""

    def __init__(self, lobby: Lobby, entries: Browses, release: Release, zone: str, calendar: Calendar) -> None:
        self._lobby = lobby
        self._entries = entries
        self._release = release
        self._zone = zone
        self._calendar = calendar

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served, one = self._served, BASE + HERE + _ONE
        return [
            web.get(BASE + HERE, served(self.show)),
            web.post(f"{BASE}{HERE}/find", served(self.find)),
            web.get(one, served(self.entry)),
            web.post(one + "/body", served(self.body)),
            web.get(one + "/release", served(self.ask_release)),
            web.post(one + "/release", served(self.release)),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """A page of entries."""
        session = self._lobby.session(request, Role.TECHNICIAN)
        asked, wrong = dict(request.query), ""
        try:
            wanted = await self._wanted(request)
        except ValueError:
            wanted, wrong = Wanted(), "day"
        page = await self._entries.page(wanted, _place(asked.get("before", "")))
        now, exact = self._lobby.clock(), asked.get("exact") == "1"
        language = self._lobby.tongue(request).language
        today = languages.day_typed(self._today(), self._calendar, language)
        kept = {name: asked[name] for name in ("state", "day", "number", "case") if asked.get(name)}
        further = {"before": f"{page.after.at}.{page.after.seq}"} if page.after else {}
        values = {
            "rows": page.rows, "now": now, "exact": exact, "asked": asked, "wrong": wrong, "case": wanted.hid, "numbers": NUMBERS,
            "states": STATES, "today_typed": today, "today_said": typed(today), "paged": "before" in asked,
            "further": urlencode({**kept, **further, **({"exact": "1"} if exact else {})}) if further else "",
            "first": urlencode(kept), "kept": kept, "turned": urlencode({**kept, **({} if exact else {"exact": "1"})}),
        }  # fmt: skip
        return self._lobby.page(request, "journal.html", values, session, 400 if wrong else 200)

    async def find(self, request: web.Request) -> web.Response:
        """Lead to what a msgid, a HID or a number of the journal names."""
        await self._lobby.form_session(request, Role.TECHNICIAN)
        name = normalised(str((await request.post()).get("what", ""))[: 2 * NAME_CHARACTERS_MAX])
        found = await self._entries.find(name) if 0 < len(name) <= NAME_CHARACTERS_MAX else None
        if found is None:
            text = self._lobby.tongue(request).text
            words = text("The journal holds nothing of that name, or not any more.")
            return self._lobby.message(request, text("Nothing found"), words, 404, f"{HERE}")
        seq, hid = found
        return self._lobby.sent_to(f"{HERE}?case={seq}" if hid else f"{HERE}/{seq}")

    async def entry(self, request: web.Request) -> web.Response:
        """One entry, its body hidden."""
        session = self._lobby.session(request, Role.TECHNICIAN)
        seq = int(request.match_info["seq"])
        return await self._sheet(request, session, await self._entries.form_of_body(seq), seen=False)

    async def body(self, request: web.Request) -> web.Response:
        """The same with its body, for an account that may see it; who looked is noted."""
        session = await self._lobby.form_session(request, Role.TECHNICIAN)
        seq = int(request.match_info["seq"])
        if not self._may_see(session):
            text = self._lobby.tongue(request).text
            words = text("Your account may not see what stands in transactions.")
            return self._lobby.message(request, text("This is not for you"), words, 403, f"{HERE}/{seq}")
        return await self._sheet(request, session, await self._entries.body(seq, session.name), seen=True)

    async def ask_release(self, request: web.Request) -> web.Response:
        """Ask once more before a parked entry is let go."""
        session = self._lobby.session(request, Role.TECHNICIAN)
        sheet = await self._found(request)
        return self._lobby.page(request, "release.html", {**_named(sheet), "now": self._lobby.clock()}, session)

    async def release(self, request: web.Request) -> web.Response:
        """Let a parked entry go."""
        session = await self._lobby.form_session(request, Role.TECHNICIAN)
        sheet = await self._found(request)
        try:
            await self._release(sheet.row.msgid, session.name)
        except JournalUnavailable:
            raise
        except EdgeError:
            text = self._lobby.tongue(request).text
            words = text("This transaction is not parked any more: nothing was done.")
            raise Turned(
                self._lobby.message(request, text("Nothing to let go"), words, 409, f"{HERE}/{sheet.row.seq}")
            ) from None
        return self._lobby.sent_to(f"{HERE}/{sheet.row.seq}")

    async def _sheet(self, request: web.Request, session: Session, body: Body | None, *, seen: bool) -> web.Response:
        sheet = await self._found(request)
        values = {
            **_named(sheet), "now": self._lobby.clock(), "seen": seen, "may_see": self._may_see(session),
            "sentence": desk_sentence(sheet.row.code, self._lobby.tongue(request).language) if sheet.row.code in REFUSALS else "",
            "business_day": languages.day(sheet.business_day, self._calendar, self._lobby.tongue(request).language),
            "packet": _written(body.packet if body else None), "answer": _written(body.answer if body else None),
            "here": f"{HERE}/{sheet.row.seq}",
        }  # fmt: skip
        return self._lobby.page(request, "entry.html", values, session)

    async def _found(self, request: web.Request) -> Sheet:
        sheet = await self._entries.sheet(int(request.match_info["seq"]))
        if sheet is None:
            text = self._lobby.tongue(request).text
            words = text("The journal holds nothing of that name, or not any more.")
            raise Turned(self._lobby.message(request, text("Nothing found"), words, 404, HERE))
        return sheet

    async def _wanted(self, request: web.Request) -> Wanted:
        """What the address asks for; ``ValueError``: the day is none."""
        asked = request.query
        state, number, case = asked.get("state", ""), asked.get("number", ""), asked.get("case", "")
        begin, end = self._day(asked.get("day", "").strip())
        hid = ""
        if case.isascii() and case.isdigit() and len(case) <= _SEQ_DIGITS:
            sheet = await self._entries.sheet(int(case))
            hid = sheet.row.hid if sheet else ""
        return Wanted(
            state=State(state) if state in State.__members__.values() else None,
            number=number if number in NUMBERS else "", begin=begin, end=end, hid=hid,
        )  # fmt: skip

    def _day(self, text: str) -> tuple[datetime | None, datetime | None]:
        if not text:
            return None, None
        day = parse(text, self._calendar)
        try:
            return day_end(day - timedelta(days=1), self._zone), day_end(day, self._zone)
        except OverflowError as error:
            raise ValueError("the day is at an end of all days") from error

    def _today(self) -> date:
        return civil_day(self._lobby.clock(), self._zone)

    def _may_see(self, session: Session) -> bool:
        account = self._lobby.accounts.find(session.name)
        return account is not None and account.may_see_bodies

    def _served(self, handler: Handler) -> Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except JournalUnavailable:
                text = self._lobby.tongue(request).text
                words = text("Look at the disk of the data directory. The desks are told the same.")
                return self._lobby.message(request, text("The journal cannot be used."), words, 503, "/technician")

        serve.__name__ = handler.__name__
        return self._lobby.served(serve)


def _named(sheet: Sheet) -> Mapping[str, Any]:
    return {
        "sheet": sheet, "row": sheet.row, "numbers": NUMBERS, "states": STATES, "parkings": PARKINGS,
        "confirmation": CONFIRMATIONS[sheet.row.confirmation],
    }  # fmt: skip


def _place(text: str) -> Place | None:
    """``AT.SEQ`` of an address; anything else is the beginning."""
    at, dot, seq = text.partition(".")
    numbers = dot and all(part.isascii() and part.isdigit() and len(part) <= 18 for part in (at, seq))
    return Place(int(at), int(seq)) if numbers else None


def _written(value: Any) -> str:
    """Plain values for a person's eyes; letters that would turn the text around, or hide in it, are written as numbers."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return "".join(
        f"\\u{ord(letter):04x}" if letter != "\n" and unicodedata.category(letter)[0] == "C" else letter
        for letter in text
    )
