"""SHELL: the counter: whose card it is, who was typed or scanned, and a case opened for them; what is unfinished at this desk; the end of the day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import structlog
from aiohttp import web

from central_sync.pages.news import News
from central_sync.terms import hid as hids
from central_sync.terms import identifiers
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NAME, Care
from central_sync.wire.refusals import Refused
from edge.casebook import Known
from edge.console.desk import forms, person, views
from edge.console.desk.cards import DeskCards, Sight, State
from edge.console.desk.choices import NOTED_SHOWN_MAX
from edge.console.desk.forms import Mistyped
from edge.console.desk.frame import Desk, Visitor
from edge.console.desk.lists import LISTED_MAX, Listed, Lists, department_of
from edge.console.desk.looks import Look, Memory, Said
from edge.console.desk.seats import Seat
from edge.console.desk.teller import DEADLINE_MS, new_msgid
from edge.console.lobby import BASE, SESSION_COOKIE
from edge.console.views import N_
from edge.errors import JournalUnavailable
from edge.log import located
from edge.outcome import Outcome
from edge.readers.desks import Desks
from edge.readers.reads import Read
from edge.steps import Step

READ_S = 10.0
LOOK_S = 1.0
"""How often an open page looks whether its lists or the line are others."""
DEPARTMENT = N_("General")
log = structlog.get_logger(__name__)


class CounterPages:
    """The desk's first pages."""

    def __init__(self, desk: Desk, cards: DeskCards, lists: Lists, readers: Desks, news: News) -> None:
        self._desk = desk
        self._cards = cards
        self._lists = lists
        self._readers = readers
        self._news = news
        self._memory = Memory()
        self._unread = False

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served, base = self._desk.lobby.served, f"{BASE}/desk"
        return [
            web.get(base, served(self.start)),
            web.get(f"{base}/live", served(self.live)),
            web.post(f"{base}/find", served(self.find)),
            web.post(f"{base}/read", served(self.read)),
            web.get(base + "/person/{look}", served(self.person)),
            web.post(base + "/person/{look}/again", served(self.again)),
            web.post(base + "/person/{look}/open", served(self.open)),
            web.post(f"{base}/close", served(self.close)),
        ]

    async def start(self, request: web.Request) -> web.Response:
        """Put a card down, or type a number; and what is unfinished here."""
        visitor = await self._desk.visitor(request)
        self._desk.law.prepare(self._desk.today)
        values = {
            "sight": self._cards.glance(visitor.seat.workstation),
            "said": self._desk.told(visitor),
            "listed": await self._lists.now(visitor.seat.workstation),
            "views": views,
        }
        return self._desk.page(visitor, "desk/start.html", values)

    async def live(self, request: web.Request) -> web.StreamResponse:
        """What lies on the desk's reader, the lists and the line, as they change."""
        visitor = await self._desk.visitor(request)
        return await self._news.serve(request, self._parts(visitor))

    async def _parts(self, visitor: Visitor) -> AsyncIterator[str]:
        """A sight is told at once and alone: nobody waits for a list to see a name. What else has changed is told beside it within ``LOOK_S``."""
        before: object = None
        sight = Sight(State.NONE)
        async for fresh in _or_nothing(self._cards.sights(visitor.seat), LOOK_S):
            if not self._desk.seats.current(visitor.seat):
                return  # the page is loaded anew, and is told what it is now
            if fresh is not None and fresh.state is State.ASKING:
                self._desk.lobby.sessions.touch(
                    visitor.request.cookies.get(SESSION_COOKIE, ""), self._desk.lobby.clock()
                )
            now = visitor._replace(now=self._desk.lobby.clock())
            if fresh is not None and fresh != sight:
                sight = fresh
                yield self._desk.part(now, "desk/card.html", {"sight": sight})
                continue
            listed = await self._listed(visitor)
            version = listed and listed.version, self._desk.standing(now.now)
            if fresh is not None or version != before:
                before = version
                values = {"sight": sight, "listed": listed, "views": views}
                yield self._desk.part(now, "desk/start_live.html", values)

    async def _listed(self, visitor: Visitor) -> Listed | None:
        try:
            listed = await self._lists.lately(visitor.seat.workstation)
        except JournalUnavailable as error:  # what stands on the page stays
            if not self._unread:  # each open page asks each second: it is logged once
                log.error("a desk's lists cannot be read", **located(error))
            self._unread = True
            return None
        self._unread = False
        return listed

    async def find(self, request: web.Request) -> web.Response:
        """Who was typed or scanned: a person's number, or a case's."""
        visitor = await self._desk.sender(request)
        fields = await self._desk.fields(request)
        typed = fields.get("who", "")
        if hids.serial_of(identifiers.normalised(typed)) is not None:
            return self._desk.to(f"/case/{identifiers.normalised(typed)}")
        found = forms.person(typed, self._desk.law.kinds())
        if found is None:
            return self._desk.back(visitor, "", Said(visitor.seat.workstation, field="who", typed={"who": typed[:64]}))
        before = self._desk.looks.find(fields.get("look", ""), visitor.seat.workstation, visitor.now)
        card = before.card if before and before.card and not before.card.number else None
        return self._desk.to(
            f"/person/{await self._looked(visitor.seat, Look(visitor.seat.workstation, *found, card=card))}"
        )

    async def read(self, request: web.Request) -> web.Response:
        """The card on the desk's reader, for a browser without scripts."""
        visitor = await self._desk.sender(request)
        try:
            read = await self._readers.read(visitor.seat.workstation, "", READ_S)
            look = await self.asked(visitor.seat, read)
        except Refused as refusal:
            return self._desk.back(visitor, "", Said(visitor.seat.workstation, refusal.code, refusal.detail))
        return self._desk.to(f"/person/{look}")

    async def asked(self, seat: Seat, read: Read) -> str:
        """The look of whoever's card was read; asks the insurer."""
        if not self._desk.seats.current(seat):
            raise Refused("cycle_closed")
        card = read.identity
        kind, number = (card.kind, card.number) if card else ("", "")
        return await self._looked(seat, Look(seat.workstation, kind, number, card, read.read_id))

    async def _looked(self, seat: Seat, look: Look, name: str = "") -> str:
        if look.number:
            answers = await self._desk.teller.who(seat, look.kind, look.number, self._desk.today)
            look = look._replace(answers=self._memory.remembered(look.kind, look.number, answers))
        return self._desk.looks.put(look, self._desk.lobby.clock(), name)

    def _look(self, visitor: Visitor) -> Look | None:
        return self._desk.looks.find(visitor.request.match_info["look"], visitor.seat.workstation, visitor.now)

    async def person(self, request: web.Request) -> web.Response:
        """Who it is, and whether insured."""
        visitor = await self._desk.visitor(request)
        look, said = self._look(visitor), self._desk.told(visitor)
        if look is None:
            return self._desk.to("")
        seen = person.seen(look.kind, look.number, look.card, look.answers)
        opened = await self._lists.opened()
        here = [step for step in opened if step.workstation == visitor.seat.workstation]
        values = {
            "look": request.match_info["look"],
            "who": seen,
            "card": look.card,
            "banner": person.banner(seen, maintained=self._desk.maintained(visitor.now)),
            "out_of_force": person.out_of_force,
            "sexes": person.SEXES,
            "asked_at": look.answers.at if look.answers else None,
            "said": said,
            "again_msgid": said.typed.get("msgid", "") if said else "",
            "again_care": said.typed.get("care", "") if said else "",
            "department": next((department_of(step) for step in here), visitor.tongue.text(DEPARTMENT)),
            "today": self._desk.today,
            "noted": self._desk.diagnoses.latest(NOTED_SHOWN_MAX),
            "cases": [self._lists.row(step) for step in opened if _is_of(step, look)][:LISTED_MAX],
        }
        return self._desk.page(visitor, "desk/person.html", values)

    async def again(self, request: web.Request) -> web.Response:
        """Ask the insurer again."""
        visitor = await self._desk.sender(request)
        look = self._look(visitor)
        if look is None:
            return self._desk.to("")
        return self._desk.to(f"/person/{await self._looked(visitor.seat, look, request.match_info['look'])}")

    async def open(self, request: web.Request) -> web.Response:
        """Open a visit (2201) or an admission (2401)."""
        visitor = await self._desk.sender(request)
        look, fields, mine = self._look(visitor), await self._desk.fields(request), visitor.seat.workstation
        if look is None or not look.number:
            return self._desk.to("")
        page, msgid = f"/person/{request.match_info['look']}", fields.get("msgid") or new_msgid()
        try:
            number, packet = self._opening(look, fields)
        except Mistyped as error:
            return self._desk.back(visitor, page, Said(mine, field=error.field, typed=fields))
        reply = await self._desk.teller.send(visitor.seat, number, packet, msgid, look.read_id)
        if (
            reply.code == "msgid_reused"
        ):  # the form was sent before, with something else in it: what came of that is told
            reply = await self._desk.teller.query(visitor.seat, msgid)
            hid = str(((reply.answer or {}).get("packet") or {}).get("hid", ""))
        else:
            hid = str((reply.answer or {}).get("hid", ""))
        if hid:
            opened = await self._desk.casebook.steps(hid, visitor.now)
            if opened and _is_of(opened[0], look):  # a msgid may be of another's case
                await self._know(hid, look)
            return self._desk.to(f"/case/{hid}")
        if reply.outcome is Outcome.REFUSED:
            return self._desk.back(visitor, page, Said(mine, reply.code, reply.detail, typed=_without(fields, "msgid")))
        return self._desk.back(visitor, page, Said(mine, "edge_fault", typed={**fields, "msgid": msgid}))

    def _opening(self, look: Look, fields: dict[str, str]) -> tuple[str, dict[str, Any]]:
        common = {
            "person": {"kind": look.kind, "number": look.number},
            "department": forms.text(fields, "department", needed=True),
            "doctor": forms.text(fields, "doctor"),
        }
        day = fields.get("today") or self._desk.today.isoformat()
        if fields.get("care") != Care.INPATIENT:
            return BY_NAME["registration"].number, {**common, "service_date": day}
        more = {"diagnoses": forms.diagnoses(fields), "bed": forms.text(fields, "bed")}
        return BY_NAME["admission"].number, {**common, "admitted_on": day, **more}

    async def _know(self, hid: str, look: Look) -> None:
        if self._desk.casebook.known(hid) is not None:
            return
        found = look.answers.person if look.answers else None
        who = person.seen(look.kind, look.number, look.card, look.answers)
        known = Known(
            at=self._desk.lobby.clock(),
            name=who.name,
            covers=found.covers if found else [],
            as_of=who.as_of,
            sex=who.sex,
            birth_date=who.birth_date,
        )
        await self._desk.casebook.know(hid, known)

    async def close(self, request: web.Request) -> web.Response:
        """The end of the day at this desk: 9002, and the clerk is signed out."""
        visitor = await self._desk.sender(request)
        reply = await self._desk.seats.end(visitor.seat, DEADLINE_MS)
        if reply.outcome is Outcome.REFUSED:
            return self._desk.back(visitor, "", Said(visitor.seat.workstation, reply.code, reply.detail))
        self._desk.lobby.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        settlements = (reply.answer or {}).get("settlements")
        visitor = visitor._replace(session=None)  # type: ignore[arg-type]  # the page has no one to sign out
        answer = self._desk.page(visitor, "desk/ended.html", {"settlements": settlements, "here": "/sign-in"})
        self._desk.lobby.forget(answer, SESSION_COOKIE)
        return answer


async def _or_nothing(sights: AsyncGenerator[Sight], wait_s: float) -> AsyncIterator[Sight | None]:
    """Each of ``sights``, and ``None`` whenever none has come for ``wait_s``; they are ended with this."""
    coming = asyncio.ensure_future(anext(sights))
    try:
        while True:
            done, _ = await asyncio.wait([coming], timeout=wait_s)
            if done:
                sight = coming.result()
                coming = asyncio.ensure_future(anext(sights))
                yield sight
            else:
                yield None
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await sights.aclose()


def _is_of(step: Step, look: Look) -> bool:
    asked: p.PersonRef | None = getattr(step.request, "person", None)
    return bool(look.number) and asked is not None and (asked.kind, asked.number) == (look.kind, look.number)


def _without(fields: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in fields.items() if key != name}
