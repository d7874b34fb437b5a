"""SHELL: the readers' endpoints; each needs the token of a workstation, since a card's data are a person's.

The same face is served by the edge and by the agent on a clerk's PC: it needs neither a journal nor a line.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
from aiohttp import web

from edge.calls import Caller
from edge.events import Event
from edge.faces import door
from edge.faces.bodies import CallContext
from edge.faces.cards import codec, openapi
from edge.faces.stream import Stream
from edge.readers.desks import Desks
from edge.readers.reads import CardRequest
from edge.readers.requests import CardRequests

MS_PER_S = 1000


class Admits(Protocol):
    """Who asks whether a caller may go on, and which desk it is."""

    def caller(self, request: door.Asked, context: CallContext | None, token: str = "") -> Caller:
        """The desk of a call whose context and token stood in its body.

        Raises:
            Refused: it may not.
        """
        ...

    def caller_of_query(self, request: web.Request) -> Caller:
        """The desk of a call without a body.

        Raises:
            Refused: it may not.
        """
        ...

    def still_admits(self, request: web.Request) -> bool:
        """Whether :meth:`caller_of_query` would let it in now as well."""
        ...


class CardsFace:
    """The readers over HTTP. ``stream``: of the cards' own events."""

    def __init__(self, desks: Desks, requests: CardRequests, gate: Admits, stream: Stream) -> None:
        self._desks = desks
        self._requests = requests
        self._gate = gate
        self._stream = stream
        self._document = b""

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        self._document = msgspec.json.encode(openapi.build())
        serve = {
            "readers": self.readers,
            "last": self.last,
            "read": self.read,
            "request": self.request,
            "poll": self.poll,
            "cancel": self.cancel,
            "events": self.events,
        }
        rows = [web.route(row.method, row.path, serve[row.name]) for row in openapi.ENDPOINTS]
        return [*rows, web.get(f"{openapi.BASE}/openapi.json", self.openapi)]

    async def readers(self, request: web.Request) -> web.StreamResponse:
        """All readers."""
        self._gate.caller_of_query(request)
        return door.json_response(codec.readers_body(self._desks.rows()))

    async def last(self, request: web.Request) -> web.StreamResponse:
        """Who was on the last card of this desk."""
        desk = self._gate.caller_of_query(request).desk
        return door.json_response(codec.read_body(self._desks.last(desk, request.query.get("reader", ""))))

    async def read(self, request: door.Asked) -> web.StreamResponse:
        """Who is on the card."""
        asked = await door.body(request, codec.ReadRequest)
        desk = self._gate.caller(request, asked.context, asked.token).desk
        read = await self._desks.read(desk, asked.reader, asked.deadline_ms / MS_PER_S, photo=asked.photo)
        return door.json_response(codec.read_body(read))

    async def request(self, request: door.Asked) -> web.StreamResponse:
        """Ask for a card; answered at once."""
        asked = await door.body(request, codec.AskRequest)
        desk = self._gate.caller(request, asked.context, asked.token).desk
        begun = self._requests.begin(desk, asked.reader, asked.prompt, asked.timeout_s)
        return door.json_response(codec.request_body(begun, None))

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """How a card request stands, when it has ended or the poll's time is over."""
        desk = self._gate.caller_of_query(request).desk
        wait_s = codec.wait_ms(request.query.get("wait_ms", "0")) / MS_PER_S
        return self._standing(await self._requests.ended(desk, request.match_info["request_id"], wait_s))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """End a card request."""
        desk = self._gate.caller_of_query(request).desk
        return self._standing(self._requests.cancel(desk, request.match_info["request_id"]))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """What happens at the desk's readers and at those that belong to nobody, until the caller is no longer admitted."""
        desk, until = self._gate.caller_of_query(request)

        def meant(event: Event) -> bool:
            return event.data["desk"] in ("", desk)

        return await self._stream.serve(request, until, lambda: self._gate.still_admits(request), meant)

    def _standing(self, asked: CardRequest) -> web.StreamResponse:
        return door.json_response(codec.request_body(asked, self._desks.find(asked.read_id)))

    async def openapi(self, _request: web.Request) -> web.StreamResponse:
        """The document that describes all this."""
        return web.Response(body=self._document, content_type="application/json")
