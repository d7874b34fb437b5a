"""SHELL: one case: its charges, what a settlement would be, the settlement and its confirmation, taking back, the slip.

Every act is a form with the msgid of its transaction. Whether the hub takes it is the hub's to say; here only what a page that is too old would send is held back,
and a form that was sent before is told how that stands.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import structlog
from aiohttp import web

from central_sync.pages.news import News
from central_sync.pages.rendering import HEADERS
from central_sync.terms import identifiers, languages
from central_sync.terms.days import display
from central_sync.wire.catalogue import BY_NAME, Care
from edge.calls import Reply
from edge.console.desk import acts, bill, foresight, forms, views
from edge.console.desk import choices as catalogue
from edge.console.desk.bells import Bells
from edge.console.desk.bill import Bill
from edge.console.desk.case import Case, Stage, case_of
from edge.console.desk.changes import Missing, take_off_of
from edge.console.desk.choices import NOTED_SHOWN_MAX, Choice
from edge.console.desk.foresight import Foresight
from edge.console.desk.forms import Fields, Mistyped
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
WHICH = "which"
"""Nor this: what was typed as an item may be one of several."""
BOTH_STAND = "both_stand"
"""Nor this: a line has come in the place of another, and taking that off was refused; ``detail`` is why."""
TAKE_OFF_DEADLINE_MS = 3_000
"""It is waited for after the line in its place: both together for less long than a page says that it takes long."""

FEES = "fees"
WRITTEN = ("discharge", "diagnosis", "settle-part")
"""Forms of a case's page beside that of charges: one that comes back with what was typed is open, as when it is asked for (``?write=``)."""

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
            web.get(f"{BASE}/desk/items", served(self.items)),
            web.post(base + "/{act}", served(self.act)),
        ]

    async def case(self, request: web.Request) -> web.Response:
        """What the case has come to, and the next thing to do."""
        visitor = await self._desk.visitor(request)
        found = await self._found(visitor)
        if found is None:
            return self._unknown(visitor)
        settled = self._bill(visitor, found.case.settlement) if found.case.settlement else None
        for one in found.case.diagnoses:
            self._desk.diagnoses.note(one.code, one.name)
        parts = [
            (part, self._bill(visitor, part.step.answer) if part.step.answer else None)
            for part in found.case.parts
            if not part.over
        ]
        values = {**self._values(visitor, found), "bill": settled, "parts": parts, "which": await self._which(visitor)}
        said, write = self._desk.told(visitor), request.query.get("write", "")
        write = said.form if said and said.form in WRITTEN else write
        values |= {
            "write": write if found.case.stage is Stage.CHARGES else "",
            "typed_in": said.typed_in if said else lambda _form: {},
            "part_first": views.part_first(found.case),
        }
        return self._desk.page(visitor, "desk/case.html", {**values, **self._form(visitor, found.case)})

    def _form(self, visitor: Visitor, case: Case) -> dict[str, Any]:
        """What stands in the form of a line: what was typed before, or the line that is to be changed or to be put on again. ``field``: where the clerk goes on.
        ``msgid``: of what puts it on again; empty: any new one.
        """
        said, query = self._desk.told(visitor), visitor.request.query
        typed: Mapping[str, str] = said.typed_in(FEES) if said else {}
        line = case.changeable(typed.get("instead", "") or query.get("mend", "")) if case.may_charge else None
        if line is None:
            return {"typed": typed, "mended": None, "field": "item", "msgid": ""}
        msgid = line.msgid if isinstance(line, Missing) else ""
        into = visitor.tongue.language
        written = forms.typed_of(line.fee, self._desk.place.calendar, lambda text: languages.plain_digits(text, into))
        field = said.field if said else query.get("field", "")
        field = field if field in written else "item"
        return {"typed": {**written, **typed}, "mended": line, "field": field, "msgid": msgid}

    async def _which(self, visitor: Visitor) -> list[Choice]:
        """Items to choose from, if the form that was sent named none for certain."""
        said = self._desk.told(visitor)
        if said is None or said.code != WHICH:
            return []
        return catalogue.found(said.typed.get("item", ""), await self._desk.law.choices(self._desk.today))

    async def items(self, request: web.Request) -> web.Response:
        """Items of the catalogue by code or name, as they are typed."""
        visitor = await self._desk.visitor(request)
        choices = catalogue.found(request.query.get("q", ""), await self._desk.law.choices(self._desk.today))
        part = self._desk.part(visitor, "desk/choices.html", {"choices": choices})
        return web.Response(text=part, content_type="text/html", headers=HEADERS)

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
                yield self._desk.part(fresh, "desk/case_live.html", self._values(fresh, found))
            await self._bells.wait(hid, BEAT_S)

    async def bill(self, request: web.Request) -> web.Response:
        """What a settlement would be now: each payer's share and the patient's."""
        visitor = await self._desk.visitor(request)
        found = await self._found(visitor)
        if found is None:
            return self._unknown(visitor)
        case = found.case
        try:
            until = (
                forms.until(request.query, self._desk.place.calendar, self._desk.today)
                if "until" in request.query
                else None
            )
        except Mistyped as error:
            typed = {"until": request.query["until"][: forms.TEXT_CHARACTERS_MAX]}
            said = Said(visitor.seat.workstation, field=error.field, typed=typed, form="settle-part")
            return self._desk.back(visitor, f"/case/{case.hid}", said)
        if not (case.may_settle if until is None else case.may_settle_part and case.due_until(until)):
            return self._desk.to(f"/case/{case.hid}")
        reply, foresight = await asyncio.gather(self._asked(visitor, case, until), self._foreseen(visitor, case, until))
        shown = self._bill(visitor, reply.answer) if reply.answer else None
        values = {
            **self._values(visitor, found),
            "bill": shown,
            "code": reply.code,
            "until": until,
            "until_typed": display(until, self._desk.place.calendar) if until else "",
            "total": case.total_until(until),
            "bill_name": case.bill_until(until),
            "foresight": foresight,
        }
        return self._desk.page(visitor, "desk/bill.html", values)

    async def slip(self, request: web.Request) -> web.Response:
        """What the patient takes home: of the whole, or of the part that ``of`` names."""
        visitor = await self._desk.visitor(request)
        found = await self._found(visitor)
        if found is None:
            return self._unknown(visitor)
        case, code, answer = found.case, "", found.case.settlement
        stage, lines, until = case.stage, case.due, None  # what an earlier part settled stands on that part's slip
        named = case.settlement_of(request.query.get("of", ""))
        if named is not None:
            (step, stage), answer = named, named[0].answer
            until = getattr(step.request, "until", None)
        if until is not None and answer is not None:
            held = {str(line["serial"]) for line in answer.get("lines", ())}
            lines = tuple(line for line in case.lines if line.fee.serial in held)
        if answer is None and named is None and case.may_settle:
            reply = await self._asked(visitor, case, None)
            answer, code = reply.answer, reply.code
        settlement = named[0].answer if named else case.settlement
        shown = self._bill(visitor, answer) if answer else None
        more = {"bill": shown, "code": code, "settlement": settlement, "stage": stage, "lines": lines, "until": until}
        return self._desk.page(visitor, "desk/slip.html", {**self._values(visitor, found), **more})

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
            await self._desk.teller.query(visitor.seat, case.asked_about(fields.get("of", "")).msgid)
            return self._desk.to(page)
        form = request.match_info["act"]
        charges = form == FEES
        msgid, instead = fields.get("msgid") or new_msgid(), fields.get("instead", "") if charges else ""
        if charges and not instead and not fields.get("item", "").strip() and case.may_settle:
            return self._desk.to(f"{page}/bill")
        sent = next((step for step in found.steps if step.msgid == msgid), None)
        if sent is not None:
            stands = sent.outcome is not Outcome.REFUSED
            return await self._take_off(visitor, case, instead, msgid) if instead and stands else self._desk.to(page)
        mine = visitor.seat.workstation
        if not act.allowed(case, fields) or (instead and not _changes(case, instead, msgid)):
            return self._desk.back(visitor, page, Said(mine, MOVED_ON))
        if charges and await self._unclear(fields):
            return self._desk.back(visitor, page, Said(mine, WHICH, typed=_without_msgid(fields), form=form))
        try:
            number, packet = act.packet(case, fields, self._terms(msgid))
        except Mistyped as error:
            return self._desk.back(visitor, page, Said(mine, field=error.field, typed=fields, form=form))
        reply = await self._desk.teller.send(visitor.seat, number, packet, msgid)
        if instead and reply.outcome is not Outcome.REFUSED:
            return await self._take_off(visitor, case, instead, msgid)
        return self._ended(visitor, reply, page, fields)

    async def _take_off(self, visitor: Visitor, case: Case, serial: str, of: str) -> web.Response:
        """Take the line off in whose place the transaction ``of`` has put another one: afterwards, so that none is missing while the other is refused at once."""
        drop, page, fields = acts.ACTS["drop"], f"/case/{case.hid}", {"serial": serial}
        if case.due_line(serial) is None or not drop.allowed(case, fields):
            return self._desk.to(page)
        msgid = take_off_of(of)
        number, packet = drop.packet(case, fields, self._terms(msgid))
        reply = await self._desk.teller.send(visitor.seat, number, packet, msgid, deadline_ms=TAKE_OFF_DEADLINE_MS)
        if reply.outcome is Outcome.REFUSED:
            return self._desk.back(visitor, page, Said(visitor.seat.workstation, BOTH_STAND, reply.code))
        return self._desk.to(page)

    def _ended(self, visitor: Visitor, reply: Reply, page: str, fields: Fields) -> web.Response:
        if reply.outcome is not Outcome.REFUSED:
            shown, now = fields.get("patient"), (reply.answer or {}).get("patient")
            if shown is not None and now is not None and shown != str(now):
                return self._desk.back(visitor, page, Said(visitor.seat.workstation, SHARE_CHANGED))
            return self._desk.to(page)
        code = MOVED_ON if reply.code == "msgid_reused" else reply.code
        typed, form = _without_msgid(fields), visitor.request.match_info["act"]
        return self._desk.back(
            visitor, page, Said(visitor.seat.workstation, code, reply.detail, typed=typed, form=form)
        )

    async def _unclear(self, fields: Mapping[str, str]) -> bool:
        """Whether what was typed as an item is no code of the catalogue, and names of it have that in them."""
        typed = fields.get("item", "")
        if fields.get("as_typed") or self._desk.law.item(identifiers.normalised(typed).upper(), self._desk.today):
            return False
        return bool(catalogue.found(typed, await self._desk.law.choices(self._desk.today)))

    def _terms(self, msgid: str) -> acts.Terms:
        place = self._desk.place
        return acts.Terms(
            msgid, place.currency, place.calendar, self._desk.today, self._desk.law.item, self._desk.law.codes
        )

    async def _asked(self, visitor: Visitor, case: Case, until: date | None) -> Reply:
        packet = acts.settlement_packet(case, self._desk.place.currency, until)
        return await self._desk.teller.send(visitor.seat, case.number("pre_settle"), packet)

    async def _foreseen(self, visitor: Visitor, case: Case, until: date | None) -> Foresight | None:
        """What a review would take off, here and now, line or no line; ``None``: the rules do not say."""
        lines, place = case.due_until(until), self._desk.place
        law, known = self._desk.law, self._desk.casebook.known(case.hid)
        about = foresight.About(
            region=law.place,
            tier=law.tier,
            sex=known.sex if known else "",
            birth_date=known.birth_date if known else None,
        )
        packet = foresight.draft(case, lines, place.currency, about, visitor.tongue.language, until)
        if packet is None:
            return None
        reply = await self._desk.teller.send(visitor.seat, BY_NAME["audit_forecast"].number, packet)
        return foresight.of_answer(reply.answer, lines) if reply.answer else None

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
            "banner": views.banner(case, maintained=self._desk.maintained(visitor.now)),
            "views": views,
            "said": self._desk.told(visitor),
            "ways": acts.WAYS,
            "part_words": views.PARTS,
            "inpatient": case.care is Care.INPATIENT,
            "stages": Stage,
            "version": _version(found),
            "noted": self._desk.diagnoses.latest(NOTED_SHOWN_MAX),
            "settle_cancel": BY_NAME[f"{case.care}_settle_cancel"].number,
        }


def _version(found: Found) -> str:
    """What changes when the page would look otherwise."""
    told = [(step.msgid, step.outcome, step.confirmation, step.parked) for step in found.steps]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def _changes(case: Case, serial: str, msgid: str) -> bool:
    """Whether a line may come in the place of that one; in the place of a missing one as the transaction that ends its being missing."""
    line = case.changeable(serial)
    return line.msgid == msgid if isinstance(line, Missing) else line is not None


def _without_msgid(fields: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in fields.items() if key != "msgid"}
