"""A hub that answers ``POST /v1/compare`` alone, out of a dictionary that a test fills, on a real socket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from aiohttp import web

from central_sync.wire import codec
from central_sync.wire.compare import Items, answered, fingerprint_of, key_of
from central_sync.wire.compression import DICTIONARY
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import BatchAnswer, CompareAnswer, CompareRequest, Named


class Held(NamedTuple):
    """A transaction in the hub's ledger."""

    number: str
    digest: bytes
    recorded_at: datetime
    confirmation: str = "none"


class ComparingHub:
    """Start it, fill ``held`` (msgid → what the hub holds), point a line at ``url``. ``meddle`` changes answers; ``bytes`` counts bodies."""

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.meddle: Callable[[CompareAnswer], CompareAnswer] = lambda answer: answer
        self.requests: list[CompareRequest] = []
        self.refuses = 0, ""
        """HTTP status and code of what it answers instead."""
        self.bytes = 0
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/v1/compare", self._compare)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _compare(self, request: web.Request) -> web.Response:
        status, code = self.refuses
        if status:
            told = BatchAnswer(version=WIRE_VERSION, hub_time=datetime.now(UTC), answers=[], code=code)
            return web.Response(body=codec.pack(told) if code else b"", status=status)
        body = await request.read()
        asked = codec.unpack(body, CompareRequest)
        self.requests.append(asked)
        inside = {m: one for m, one in self.held.items() if asked.from_at <= one.recorded_at < asked.to_at}
        items = Items(
            (key_of(msgid), fingerprint_of(one.digest, final=True, confirmation=one.confirmation))
            for msgid, one in inside.items()
        )
        named = {
            key_of(msgid): Named(key=key_of(msgid), msgid=msgid, number=one.number, recorded_at=one.recorded_at)
            for msgid, one in inside.items()
        }
        answer = self.meddle(answered(items, asked, named.get, datetime.now(UTC)))
        packed = codec.pack(answer, dictionary=DICTIONARY)
        self.bytes += len(body) + len(packed)
        return web.Response(body=packed, content_type=codec.CONTENT_TYPE)
