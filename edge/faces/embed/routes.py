"""SHELL: the endpoints of the native dialect. Each reads a body, asks the gate, hands a Call to the intake, and writes the Reply."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog
from aiohttp import web

from central_sync.benefits.explain import Called, nobody_says
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.wire.refusals import Refused
from edge.audit import Audit
from edge.business_days import BusinessDays, Handles
from edge.calls import Call, Context, Reply
from edge.cycles import Cycles
from edge.faces import bodies, door
from edge.faces.answer import JsonAnswer
from edge.faces.bodies import CallContext, SignedRequest
from edge.faces.embed import codec, openapi
from edge.faces.gate import Clock, Gate
from edge.faces.stream import Stream
from edge.health import Status

log = structlog.get_logger()


class Takes(Handles, Protocol):
    """The one door behind this face."""

    def at_once(self, call: Call, told: Callable[[Reply], None]) -> bool:
        """Take on, without waiting, a call that is done when the journal has it: ``told`` gets its reply. False: it is none."""
        ...


class EmbedFace:
    """The native dialect over one intake. ``called``: what the rulebook in use here calls a rule or a scheme in a language."""

    def __init__(
        self,
        intake: Takes,
        gate: Gate,
        cycles: Cycles,
        stream: Stream,
        status: Callable[[], Awaitable[Status]],
        audit: Audit,
        clock: Clock,
        calendar: Calendar = Calendar.GREGORIAN,
        called: Called = nobody_says,
    ) -> None:
        self._intake = intake
        self._gate = gate
        self._days = BusinessDays(gate.institution, intake, cycles, audit, clock)
        self._stream = stream
        self._status = status
        self._audit = audit
        self._clock = clock
        self._calendar = calendar
        self._called = called
        self._document = b""

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        self._document = msgspec.json.encode(openapi.build())
        serve = {
            "init": self.init,
            "handle": self.handle,
            "confirm": self.confirm,
            "reverse": self.reverse,
            "query": self.query,
            "uncertain": self.uncertain,
            "close": self.close,
            "events": self.events,
            "status": self.status,
        }
        rows = [web.route(row.method, row.path, serve[row.name]) for row in openapi.ENDPOINTS]
        return [*rows, web.get(f"{openapi.BASE}/openapi.json", self.openapi)]

    async def init(self, request: door.Asked) -> web.StreamResponse:
        """Open the business cycle here, line or no line; its 9001 follows as soon as it can."""
        asked = await door.body(request, codec.InitRequest)
        self._gate.check_context(
            CallContext(institution=asked.institution, operator=asked.operator, workstation=asked.workstation)
        )
        try:
            key_sha256 = self._gate.check_key(asked.workstation, asked.workstation_key)
        except Refused as refusal:
            self._audit.note("sign_in_refused", self._clock(), code=refusal.code)
            raise
        begun = await self._days.begin(asked.workstation, asked.operator, key_sha256, token=True)
        cycle = begun.cycle
        if begun.refused:
            return door.json_response(codec.init_refused(cycle.business_day, cycle.expires_at, begun.reply))
        return door.json_response(
            codec.InitBody(
                return_code=0,
                token=begun.token,
                business_day=cycle.business_day,
                expires_at=cycle.expires_at,
                sign_in=codec.body(begun.reply),
            )
        )

    def shortcuts(self) -> dict[str, door.Quick]:
        """What can be served without a task, by its address."""
        return {f"{openapi.BASE}/handle": self.handle_at_once}

    def handle_at_once(self, post: door.Post, answer: door.Answer) -> Awaitable[web.StreamResponse] | None:
        """As :meth:`handle`: ``answer`` is told how to write the answer when it is there, or what is returned is to be awaited."""
        try:
            asked = bodies.read_but_packet(codec.HandleRequest, post.body)
            language = _accepts(post)
            call = codec.handle(asked, self._admitted(post, asked), language)
        except Refused:
            bodies.check_text(post.body)
            raise

        def told(reply: Reply) -> None:
            answer(lambda: self._told(reply, asked.language or language))

        if self._intake.at_once(call, told):  # it has read the packet
            return None
        bodies.check_text(post.body)
        return self._decided(post, asked, call)

    async def handle(self, request: door.Asked) -> web.StreamResponse:
        """Any transaction."""
        asked = await door.body(request, codec.HandleRequest)
        return await self._decided(
            request, asked, codec.handle(asked, self._admitted(request, asked), _accepts(request))
        )

    async def confirm(self, request: door.Asked) -> web.StreamResponse:
        """49."""
        asked = await door.body(request, codec.ConfirmRequest)
        return await self._decided(request, asked, codec.confirm(asked, self._admitted(request, asked)))

    async def reverse(self, request: door.Asked) -> web.StreamResponse:
        """2601."""
        asked = await door.body(request, codec.ReverseRequest)
        return await self._decided(request, asked, codec.reverse(asked, self._admitted(request, asked)))

    async def query(self, request: door.Asked) -> web.StreamResponse:
        """43."""
        asked = await door.body(request, codec.QueryRequest)
        return await self._decided(request, asked, codec.query(asked, self._admitted(request, asked), _msgid()))

    async def uncertain(self, request: door.Asked) -> web.StreamResponse:
        """44."""
        asked = await door.body(request, codec.UncertainRequest)
        return await self._decided(request, asked, codec.uncertain(asked, self._admitted(request, asked), _msgid()))

    async def close(self, request: door.Asked) -> web.StreamResponse:
        """9002; unless it is refused, the cycle has ended."""
        asked = await door.body(request, codec.CloseRequest)
        cycle, _ = self._gate.admit(request, asked.context, asked.token)
        return door.json_response(codec.body(await self._days.end(cycle, asked.deadline_ms)))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The event stream, until the caller's cycle ends."""
        cycle, _ = self._gate.admit_query(request)
        return await self._stream.serve(request, cycle.expires_at, lambda: self._gate.still_admits(request))

    async def status(self, _request: web.Request) -> web.StreamResponse:
        """How the edge stands; names nobody and needs no token."""
        return door.json_response(await self._status())

    async def openapi(self, _request: web.Request) -> web.StreamResponse:
        """The document that describes all this."""
        return web.Response(body=self._document, content_type="application/json")

    def _admitted(self, request: door.Asked, asked: SignedRequest) -> Context:
        return self._gate.admit(request, asked.context, asked.token)[1]

    async def _decided(self, request: door.Asked, asked: codec.DeskRequest, call: Call) -> web.StreamResponse:
        return self._told(await self._intake.handle(call), asked.language or _accepts(request))

    def _told(self, reply: Reply, language: Language | None) -> JsonAnswer:
        told = codec.body(reply, language or Language.EN, self._calendar, self._called)
        return door.json_response(told, retry_after_s=reply.retry_after_s)


def _accepts(request: door.Asked) -> Language | None:
    return codec.accepted(request.headers.get("accept-language", ""))


def _msgid() -> str:
    return f"edge-{uuid.uuid4().hex}"
