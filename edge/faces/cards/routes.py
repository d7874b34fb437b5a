"""SHELL: the readers' endpoints; each needs the token of ``init``, since a card's data are a person's."""

from __future__ import annotations

import msgspec
from aiohttp import web

from edge.faces import door
from edge.faces.cards import codec, openapi
from edge.faces.gate import Gate
from edge.readers.registry import Readers

MS_PER_S = 1000


class CardsFace:
    """The readers over HTTP."""

    def __init__(self, readers: Readers, gate: Gate) -> None:
        self._readers = readers
        self._gate = gate
        self._document = b""

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        self._document = msgspec.json.encode(openapi.build())
        serve = {"readers": self.readers, "read": self.read}
        rows = [web.route(row.method, row.path, serve[row.name]) for row in openapi.ENDPOINTS]
        return [*rows, web.get(f"{openapi.BASE}/openapi.json", self.openapi)]

    async def readers(self, request: web.Request) -> web.StreamResponse:
        """All readers."""
        self._gate.admit_query(request)
        return door.json_response(codec.readers_body(self._readers.states()))

    async def read(self, request: web.Request) -> web.StreamResponse:
        """Who is on the card."""
        asked = await door.body(request, codec.ReadRequest)
        self._gate.admit(request, asked.context, asked.token)
        identity = await self._readers.read(asked.reader, asked.deadline_ms / MS_PER_S)
        return door.json_response(codec.card_body(identity))

    async def openapi(self, _request: web.Request) -> web.StreamResponse:
        """The document that describes all this."""
        return web.Response(body=self._document, content_type="application/json")
