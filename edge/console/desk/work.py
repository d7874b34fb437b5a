"""SHELL: one case: its charges, what a settlement would be, the settlement and its confirmation, taking back, the slip.

Every act is a form with the msgid of its transaction. Whether the hub takes it is the hub's to say; here only what a page that is too old would send is held back,
and a form that was sent before is told how that stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

import structlog
from aiohttp import web

from central_sync.pages.news import News
from central_sync.wire.catalogue import BY_NAME, Care
from edge.calls import Reply
from edge.console.desk import acts, bill, views
from edge.console.desk.bells import Bells
from edge.console.desk.bill import Bill
from edge.console.desk.case import Case, Stage, case_of
from edge.console.desk.forms import Mistyped
from edge.console.desk.frame import Desk, Visitor
from edge.console.desk.looks import Said
from edge.console.desk.teller import new_msgid
from edge.console.lobby import BASE
from edge.errors import JournalUnavailable
from edge.log import located
from edge.outcome import Outcome
from edge.steps import Step

BEAT_S = 5.0
MOVED_ON = "moved_on"
"""Not a refusal's code: the page was older than the case."""
SHARE_CHANGED = "share_changed"
"""Nor this: it is settled, and the patient's part is another than the page showed."""

log = structlog.get_logger(__name__)


class Found(NamedTuple):
    """A case with its steps."""

    case: Case
    steps: list[Step]


class WorkPages:
    """The pages of a case. ``bells``: ring when something becomes of a transaction."""

    def __init__(self, desk: Desk, news: News, bells: Bells) -> None:
        self._desk = desk
        self._news = news
        self._bells = bells

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served, base = self._desk.lobby.served, BASE + "/desk/case/{hid}"
        return [
            web.get(base, served(self.case)),
            web.get(f"{base}/live", served(self.live)),
            web.get(f"{base}/bill", served(self.bill)),
            web.get(f"{base}/slip", served(self.slip)),
            web.post(base + "/{act}", served(self.act)),
        ]

    async def case(self, request: web.Request) -> web.Response:
        """What the case has come to, and the next thing to do."""
        visitor = await self._desk.visitor(request)
        found = await self._found(visitor)
        if found is None:
            return self._unknown(visitor)
        settled = self._bill(visitor, found.case.settlement) if found.case.settlement else None
        return self._desk.page(visitor, "desk/case.html", {**self._values(visitor, found), "bill": settled})

    async def live(self, request: web.Request) -> web.StreamResponse:
        """How the case stands, as it changes."""
        visitor = await self._desk.visitor(request)
        return await self._news.serve(request, self._parts(visitor))

    async def _parts(self, visitor: Visitor) -> AsyncIterator[str]:
        hid, version = visitor.request.match_info["hid"], ""
        while True:
            fresh = visitor._replace(now=self._desk.lobby.clock())
            try:
                found = await self._found(fresh)
            except JournalUnavailable as error:  # what stands on the page stays, with what is typed there
                log.error("a case cannot be read", **located(error))
                yield self._desk.part(fresh, "desk/case_unread.html", {"version": version})
            else:
                if found is None or not self._desk.seats.current(fresh.seat):
                    return
                version = _version(found)
                yield self._desk.part(fresh, "desk/case_state.html", self._values(fresh, found))
            await self._bells.wait(hid, BEAT_S)

    async def bill(self, request: web.Request) -> web.Response:
        """What a settlement would be now: each payer's share and the patient's."""
        visitor = await self._desk.visitor(request)
        found = await self._found(visitor)
        if found is None:
            return self._unknown(visitor)
        case = found.case
        if not case.may_settle:
            return self._desk.to(f"/case/{case.hid}")
        reply = await self._asked(visitor, case)
        shown = self._bill(visitor, reply.answer) if reply.answer else None
        values = {**self._values(visitor, found), "bill": shown, "code": reply.code}
        return self._desk.page(visitor, "desk/bill.html", values)

    async def slip(self, request: web.Request) -> web.Response:
        """What the patient takes home."""
        visitor = await self._desk.visitor(request)
        found = await self._found(visitor)
        if found is None:
            return self._unknown(visitor)
        case, code, answer = found.case, "", found.case.settlement
        if answer is None and case.may_settle:
            reply = await self._asked(visitor, case)
            answer, code = reply.answer, reply.code
        shown = self._bill(visitor, answer) if answer else None
        values = {**self._values(visitor, found), "bill": shown, "code": code}
        return self._desk.page(visitor, "desk/slip.html", values)

    async def act(self, request: web.Request) -> web.Response:
        """Whatever is done with a case."""
        visitor = await self._desk.sender(request)
        found, fields = await self._found(visitor), await self._desk.fields(request)
        act = acts.ACTS.get(request.match_info["act"])
        if act is None:
            return await self._desk.lobby.nothing(request)
        if found is None:
            return self._unknown(visitor)
        case, page = found.case, f"/case/{found.case.hid}"
        if act.asks:
            await self._desk.teller.query(
                visitor.seat,
                case.back.msgid if case.back else case.settled.msgid if case.settled else case.opening.msgid,
            )
            return self._desk.to(page)
        if request.match_info["act"] == "fees" and not fields.get("item", "").strip() and case.may_settle:
            return self._desk.to(f"{page}/bill")
        msgid = fields.get("msgid") or new_msgid()
        if any(step.msgid == msgid for step in found.steps):
            return self._desk.to(page)
        mine = visitor.seat.workstation
        if not (act.allowed(case) and act.meant(case, fields)):
            return self._desk.back(visitor, page, Said(mine, MOVED_ON))
        try:
            number, packet = act.packet(case, fields, self._terms(msgid))
        except Mistyped as error:
            return self._desk.back(visitor, page, Said(mine, field=error.field, typed=fields))
        reply = await self._desk.teller.send(visitor.seat, number, packet, msgid)
        return self._ended(visitor, reply, page, fields)

    def _ended(self, visitor: Visitor, reply: Reply, page: str, fields: Mapping[str, str]) -> web.Response:
        if reply.outcome is not Outcome.REFUSED:
            shown, now = fields.get("patient"), (reply.answer or {}).get("patient")
            if shown is not None and now is not None and shown != str(now):
                return self._desk.back(visitor, page, Said(visitor.seat.workstation, SHARE_CHANGED))
            return self._desk.to(page)
        code = MOVED_ON if reply.code == "msgid_reused" else reply.code
        typed = {key: value for key, value in fields.items() if key != "msgid"}
        return self._desk.back(visitor, page, Said(visitor.seat.workstation, code, reply.detail, typed=typed))

    def _terms(self, msgid: str) -> acts.Terms:
        place = self._desk.place
        return acts.Terms(msgid, place.currency, place.calendar, self._desk.today, self._desk.law.item)

    async def _asked(self, visitor: Visitor, case: Case) -> Reply:
        packet = {"hid": case.hid, "currency": self._desk.place.currency, "total": case.total}
        return await self._desk.teller.send(visitor.seat, case.number("pre_settle"), packet)

    async def _found(self, visitor: Visitor) -> Found | None:
        steps = await self._desk.casebook.steps(visitor.request.match_info["hid"], visitor.now)
        case = case_of(steps)
        return Found(case, steps) if case else None

    def _unknown(self, visitor: Visitor) -> web.Response:
        return self._desk.page(visitor, "desk/unknown.html", {}, 404)

    def _bill(self, visitor: Visitor, answer: Mapping[str, Any] | None) -> Bill:
        assert answer is not None
        told = self._desk.retold(answer, visitor.tongue)
        named: Callable[[str], str] = lambda code: self._desk.law.scheme(code, visitor.tongue.language)  # noqa: E731 -- one word of the page
        return bill.bill_of(told, named, lambda step: str(step["text"]))

    def _values(self, visitor: Visitor, found: Found) -> dict[str, Any]:
        case, known = found.case, self._desk.casebook.known(found.case.hid)
        return {
            "case": case,
            "steps": found.steps,
            "known": known,
            "banner": views.banner(case),
            "views": views,
            "said": self._desk.told(visitor),
            "ways": acts.WAYS,
            "inpatient": case.care is Care.INPATIENT,
            "stages": Stage,
            "version": _version(found),
            "settle_cancel": BY_NAME[f"{case.care}_settle_cancel"].number,
        }


def _version(found: Found) -> str:
    """What changes when the page would look otherwise."""
    told = [(step.msgid, step.outcome, step.confirmation, step.parked) for step in found.steps]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]
