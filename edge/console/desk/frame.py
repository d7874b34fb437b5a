"""SHELL: what every page of the desk needs: who sits where, the reader's language for money, days and names, and how a form's end is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from aiohttp import web
from markupsafe import Markup

from central_sync.benefits.explain import Style, retold
from central_sync.benefits.sentences import LAYERS
from central_sync.pages.front import Turned
from central_sync.pages.languages import Tongue
from central_sync.pages.rendering import typed
from central_sync.terms import identifiers, languages
from central_sync.terms.days import Calendar, civil_day
from central_sync.terms.money import CURRENCIES
from central_sync.wire.desk_sentences import desk_sentence
from central_sync.wire.refusals import REFUSALS, Refused
from edge.accounts import Role
from edge.casebook import Casebook
from edge.console.desk.choices import Noted
from edge.console.desk.law import Law
from edge.console.desk.looks import Look, Said, Shelf
from edge.console.desk.seats import Seat, Seats
from edge.console.desk.teller import Teller, new_msgid
from edge.console.lobby import BASE, Lobby
from edge.console.sessions import Session
from edge.errors import JournalUnavailable
from edge.maintenance.window import Window

FORM_FIELDS_MAX = 40
FORM_CHARACTERS_MAX = 1_000


class Place(NamedTuple):
    """Where the desks are: the institution's currency, zone and calendar."""

    currency: str
    zone: str
    calendar: Calendar


class Visitor(NamedTuple):
    """A clerk at her desk, with a page's request."""

    request: web.Request
    session: Session
    seat: Seat
    tongue: Tongue
    now: datetime


class Desk:
    """What the pages work with. ``line``: why there is no line to the insurer now, as a refusal's code; empty: there is one. ``payers``: codes of those
    that give the insurer's centre no answer. ``maintenance``: what a technician has announced, or what lasts now.
    """

    def __init__(
        self,
        lobby: Lobby,
        seats: Seats,
        teller: Teller,
        casebook: Casebook,
        law: Law,
        place: Place,
        line: Callable[[], str],
        payers: Callable[[], Sequence[str]] = lambda: (),
        maintenance: Callable[[], Window | None] = lambda: None,
    ) -> None:
        self.lobby = lobby
        self.seats = seats
        self.teller = teller
        self.casebook = casebook
        self.law = law
        self.place = place
        self.line = line
        self.payers = payers
        self.maintenance = maintenance
        self.diagnoses = Noted()
        self.looks: Shelf[Look] = Shelf()
        self.said: Shelf[Said] = Shelf()

    @property
    def today(self) -> date:
        """The institution's civil day."""
        return civil_day(self.lobby.clock(), self.place.zone)

    def standing(self, now: datetime) -> tuple[object, ...]:
        """What the desk's bar tells beside the desk itself: another one when that is another."""
        return self.line(), tuple(self.payers()), self.maintenance(), self.maintained(now)

    def maintained(self, now: datetime) -> bool:
        """Whether the gateway takes nothing new now."""
        window = self.maintenance()
        return window is not None and window.lasts(now)

    async def visitor(self, request: web.Request) -> Visitor:
        """Whoever asks for a page.

        Raises:
            Turned: to sign in, to pair this computer, or a page that says why not.
        """
        return await self._seated(request, self.lobby.session(request, Role.CLERK))

    async def sender(self, request: web.Request) -> Visitor:
        """Whoever sent a form of one of our pages.

        Raises:
            Turned: as :meth:`visitor`.
        """
        return await self._seated(request, await self.lobby.form_session(request, Role.CLERK))

    async def fields(self, request: web.Request) -> dict[str, str]:
        """A form's fields."""
        form = list((await request.post()).items())[:FORM_FIELDS_MAX]
        return {name: str(value)[:FORM_CHARACTERS_MAX] for name, value in form if isinstance(value, str)}

    async def _seated(self, request: web.Request, session: Session) -> Visitor:
        workstation = self.seats.workstation(request)
        if not workstation:
            raise Turned(self.lobby.sent_to("/desk/pair"))
        tongue = self.lobby.tongue(request)
        try:
            seat = await self.seats.seat(workstation, session.name)
        except Refused as refusal:
            raise Turned(self._closed(request, session, tongue, refusal.code)) from refusal
        except JournalUnavailable as error:
            raise Turned(self._closed(request, session, tongue, "journal_unavailable")) from error
        return Visitor(request, session, seat, tongue, self.lobby.clock())

    def _closed(self, request: web.Request, session: Session, tongue: Tongue, code: str) -> web.Response:
        values = {"says": desk_sentence(code, tongue.language), "code": code, "here": "/desk"}
        return self.lobby.page(request, "desk/closed.html", values, session, 503)

    def page(self, visitor: Visitor, template: str, values: Mapping[str, Any], status: int = 200) -> web.Response:
        """A whole page."""
        told = {**self.words(visitor.tongue, visitor.now), "desk": visitor.seat.workstation, **values}
        return self.lobby.page(visitor.request, template, told, visitor.session, status)

    def part(self, visitor: Visitor, template: str, values: Mapping[str, Any]) -> str:
        """A part of a page."""
        told = {**self.words(visitor.tongue, visitor.now), "desk": visitor.seat.workstation, **values}
        return self.lobby.part(visitor.request, template, told)

    def to(self, path: str) -> web.Response:
        """Send the browser to ``path`` of the desk."""
        return self.lobby.sent_to(f"/desk{path}")

    def back(self, visitor: Visitor, path: str, said: Said) -> web.Response:
        """Send the browser to ``path`` of the desk, where ``said`` is told."""
        name = self.said.put(said, visitor.now)
        return self.to(f"{path}{'&' if '?' in path else '?'}said={name}")

    def told(self, visitor: Visitor) -> Said | None:
        """What the page that the browser was sent to has to tell."""
        name = visitor.request.query.get("said", "")
        return self.said.find(name, visitor.seat.workstation, visitor.now) if name else None

    def words(self, tongue: Tongue, now: datetime) -> dict[str, Any]:
        """What templates write values with."""
        into, place = tongue.language, self.place

        def money(amount: int, currency: str = "") -> str:
            known = CURRENCIES.get(currency or place.currency)
            told = languages.money(amount, known, into) if known else languages.number(amount, into)
            return Markup('<span class="coins">{}</span>').format(told)

        def sentence(code: str) -> str:
            return desk_sentence(code, into)

        return {
            "now": now,
            "base_desk": f"{BASE}/desk",
            "money": money,
            "day": lambda value: languages.day(value, place.calendar, into),
            "today_typed": typed(languages.day_typed(civil_day(now, place.zone), place.calendar, into)),
            "digits": lambda text: languages.digits(str(text), into),
            "typed_digits": lambda text: languages.plain_digits(str(text), into),
            "masked": identifiers.masked,
            "scheme": lambda code: self.law.scheme(code, into),
            "ceiling": lambda row, covers: self.law.ceiling(
                row.name, [cover.scheme for cover in covers if cover.layer == row.layer], into
            ),
            "layer": lambda code: LAYERS[into].get(code, code),
            "sentence": sentence,
            "fault": lambda code: REFUSALS[code].fault.value if code in REFUSALS else "",
            "line": self.line(),
            "maintenance": self.maintenance(),
            "maintained": self.maintained(now),
            "silent": () if self.line() else [self.law.scheme(one, into) for one in self.payers()],
            "new_msgid": new_msgid,
            "currency": place.currency,
        }

    def retold(self, answer: Mapping[str, Any], tongue: Tongue) -> Mapping[str, Any]:
        """A settlement's answer with its reasons in the reader's language."""
        told = retold(dict(answer), Style(tongue.language, self.place.calendar))
        return told if isinstance(told, dict) else answer
