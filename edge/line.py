"""SHELL: the line to the hub. HTTPS with mutual TLS, HTTP/1.1 kept alive; decides nothing but what an exchange's end means.

Rules
    * Every exchange ends within its own total time, so a half-open connection never holds anyone.
    * ``left`` turns true before the first byte can leave: as soon as a connection is there, new or reused. Until then an exchange
      that is given up has certainly not reached the hub.
    * The hub's clock is read off every answer. While the clocks differ too much, ``skewed`` is true.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import aiohttp
from msgspec import Struct

from central_sync.wire import codec
from central_sync.wire.compression import DICTIONARY, KNOWN, OLDEST, Level, dictionary_of
from central_sync.wire.limits import BODY_BYTES_MAX, CLOCK_SKEW_S_MAX, RUN_BYTES
from central_sync.wire.messages import (
    Batch,
    BatchAnswer,
    BundlePart,
    CompareAnswer,
    CompareRequest,
    Feed,
    Renewal,
    Renewed,
    RootsAnswer,
    RootsOffer,
    Trail,
)
from central_sync.wire.refusals import REFUSALS, Refused
from edge.errors import CertificateEnded, LineBroken, LineRefused
from edge.limits import (
    ANSWER_TOLD_S,
    CONNECT_TIMEOUT_S,
    EXCHANGE_TIMEOUT_S,
    FEED_GRACE_S,
    PACKED_AT_ONCE_ITEMS_MAX,
    WORKERS,
)
from edge.sessions import Session, bound_to

M = TypeVar("M", bound=Struct)
_SMALL = aiohttp.ClientTimeout(total=EXCHANGE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)

_NOT_ADMITTED: Mapping[int, str] = {403: "certificate_refused", 409: "certificate_refused"}
_NOT_ANSWERED: Mapping[int, str] = {**_NOT_ADMITTED, 400: "packet_invalid", 413: "packet_too_large", 503: "hub_busy"}
"""HTTP status → what it means if the body does not say, for what is sent again anyway and for what a person has asked."""


class Attempt:
    """One exchange under way: when it began (monotonic seconds), and whether any of it may have left."""

    def __init__(self) -> None:
        self.began_at = time.monotonic()
        self.left = False


class Heads(NamedTuple):
    """What the hub is told of our journal: its life, the seq of its last record, and that with which this program opened it."""

    life: bytes
    head: int
    opened: int


class Line:
    """The client of the hub's sync port.

    Args:
        url: ``https://host:port`` (``http://`` is for tests against a simulator and takes no ``tls``).
        tls: the context with the edge's certificate and the hub's authority.
        device: the interface that every connection is bound to; empty: any.
        now: the wall clock.
    """

    def __init__(
        self,
        url: str,
        tls: ssl.SSLContext | None,
        device: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.url = url.rstrip("/")
        self.skew_s = 0.0
        self._answered = float("-inf"), 0.0
        self._dictionary, self._refused = OLDEST, DICTIONARY + 1
        self._tls = tls
        self._device = device
        self._now = now
        self._session: Session | None = None
        self.ends_at: datetime | None = None
        """When our certificate ends, if that is known: what to tell of connections that end without a word."""
        self.run = secrets.token_bytes(RUN_BYTES)
        """Names this start of the program to the hub: see ``central_sync/fleet/lives.py``."""

    async def start(self) -> None:
        """Make the session; nothing is connected yet."""
        self._session = self._new_session(self._tls)

    async def take_up(self, tls: ssl.SSLContext, ends_at: datetime) -> None:
        """Show another certificate, which ends at ``ends_at``, from the next connection on. Exchanges under way end on the old
        connections.
        """
        self._tls, self.ends_at = tls, ends_at
        if self._session is None:
            return
        old, self._session = self._session, self._new_session(tls)
        await old.retire()

    def _new_session(self, tls: ssl.SSLContext | None) -> Session:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_about_to_leave)
        trace.on_connection_reuseconn.append(_about_to_leave)
        connector = aiohttp.TCPConnector(
            limit=WORKERS + 4,
            ssl=tls if tls is not None else True,
            keepalive_timeout=60,
            socket_factory=bound_to(self._device) if self._device else None,
        )
        return Session(
            aiohttp.ClientSession(
                connector=connector, trace_configs=[trace], auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        )

    async def stop(self) -> None:
        """Close every connection. Safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def skewed(self) -> bool:
        """Whether the clocks differed by more than the limit when we last heard from the hub."""
        return abs(self.skew_s) > CLOCK_SKEW_S_MAX

    @property
    def answer_ms(self) -> int | None:
        """How long the last exchange took, from its beginning to its answers; ``None``: there was none for a while."""
        at, took_s = self._answered
        return round(1000 * took_s) if time.monotonic() - at < ANSWER_TOLD_S else None

    async def exchange(self, batch: Batch, attempt: Attempt, level: Level | None = None) -> BatchAnswer:
        """Send ``batch`` and read its answers. ``level``: how hard it is compressed; by its size if none is given. One of a backlog's
        levels also tells the hub that nobody waits for it.

        Raises:
            LineBroken: no answer; ``left`` says whether the hub may have it.
            LineRefused: the hub takes nothing of it.
        """
        body = await self._packed(batch, level)
        timeout = aiohttp.ClientTimeout(total=EXCHANGE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        query = {"backlog": "1"} if level is not None and level >= Level.BACKLOG else {}
        answer = await self._request("POST", "/v1/exchange", BatchAnswer, attempt, timeout, data=body, params=query)
        self._read_clock(answer.hub_time)
        self._answered = time.monotonic(), time.monotonic() - attempt.began_at
        if answer.code:
            raise LineRefused(answer.code if answer.code in REFUSALS else "hub_fault", float(answer.retry_after_s))
        if [a.msgid for a in answer.answers] != [item.msgid for item in batch.items]:
            raise LineBroken("the answers are not those of the batch", left=True)
        return answer

    async def feed(
        self,
        cursor: int,
        wait_s: float,
        hids_left: int,
        journal: Heads | None = None,
        said: Mapping[str, str] | None = None,
    ) -> Feed:
        """Wait up to ``wait_s`` for what comes after ``cursor``; ``journal`` is told to the hub, and what is ``said`` besides.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub does not admit us.
        """
        timeout = aiohttp.ClientTimeout(total=wait_s + FEED_GRACE_S, connect=CONNECT_TIMEOUT_S)
        query = {"cursor": str(cursor), "wait_s": str(int(wait_s)), "hids_left": str(hids_left)}
        if journal is not None and journal.life:
            query |= {"life": journal.life.hex(), "run": self.run.hex()}
            query |= {"head": str(journal.head), "opened": str(journal.opened)}
        query |= said or {}
        feed = await self._request("GET", "/v1/feed", Feed, Attempt(), timeout, params=query)
        self._read_clock(feed.hub_time)
        return feed

    async def bundle_part(self, offset: int) -> BundlePart:
        """The piece at ``offset`` of our rulebook as it is in force at the hub.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub does not admit us, or has none for us.
        """
        query = {"offset": str(offset)}
        return await self._request(
            "GET", "/v1/bundle", BundlePart, Attempt(), _SMALL, params=query, refusals=_NOT_ANSWERED
        )

    async def renew(self, asked: Renewal) -> Renewed:
        """Ask for a new certificate while the old one is good.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub does not admit us.
        """
        return await self._request("POST", "/v1/renew", Renewed, Attempt(), _SMALL, data=codec.pack(asked))

    async def offer_roots(self, offer: RootsOffer) -> RootsAnswer:
        """Have day roots countersigned.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub does not admit us.
        """
        return await self._request("POST", "/v1/roots", RootsAnswer, Attempt(), _SMALL, data=codec.pack(offer))

    async def renew_ended(self, enrol_url: str, tls: ssl.SSLContext, asked: Renewal) -> Renewed:
        """The same on the enrol port, over a connection that shows no certificate, when the old one has ended.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub refuses.
        """
        return await self._once("POST", enrol_url, "/v1/renew", tls, Renewed, data=codec.pack(asked))

    async def trail(self, enrol_url: str, tls: ssl.SSLContext) -> Trail:
        """How the hub came to its present authority, asked on the enrol port under ``tls``.

        Raises:
            LineBroken: no answer, or ``tls`` does not believe who answers.
            LineRefused: the hub refuses.
        """
        return await self._once("GET", enrol_url, "/v1/trail", tls, Trail)

    async def drill(self, authority: str, hello: bytes) -> bytes:
        """What the hub's server of the ``authority`` of that name says to a client's ``hello``.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub does not admit us, or knows no such authority.
        """
        query = {"authority": authority}
        return await self._ask("POST", "/v1/drill", Attempt(), _SMALL, params=query, data=hello, refusals=_NOT_ANSWERED)

    async def _once(self, method: str, enrol_url: str, path: str, tls: ssl.SSLContext, kind: type[M], **rest: Any) -> M:
        """One exchange with the enrol port, over a connection of its own."""
        session = self._new_session(tls)
        try:
            body = await self._over(session, method, enrol_url.rstrip("/") + path, Attempt(), _SMALL, **rest)
            return codec.unpack(body, kind)
        except Refused as error:
            raise LineBroken(f"answer not understood: {error.code}", left=True) from error
        finally:
            await session.retire()

    async def compare(self, asked: CompareRequest) -> CompareAnswer:
        """Ask what the hub holds of a window.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub does not admit us, or does not answer this.
        """
        body = codec.pack(asked, dictionary=self._dictionary)
        answer = await self._request(
            "POST", "/v1/compare", CompareAnswer, Attempt(), _SMALL, data=body, refusals=_NOT_ANSWERED
        )
        self._read_clock(answer.hub_time)
        if answer.code:
            raise LineRefused(answer.code if answer.code in REFUSALS else "hub_fault")
        return answer

    async def signers(self) -> bytes:
        """The certificates with which the hub signs and has signed, PEM; believed only as far as the authority vouches for them.

        Raises:
            LineBroken: no answer.
            LineRefused: the hub does not admit us.
        """
        return await self._ask("GET", "/v1/signers", Attempt(), _SMALL)

    async def _packed(self, batch: Batch, level: Level | None) -> bytes:
        """The body; a large batch is compressed in a thread, for it takes tens of milliseconds."""
        pack = partial(codec.pack, batch, level=level, dictionary=self._dictionary)
        return pack() if len(batch.items) <= PACKED_AT_ONCE_ITEMS_MAX else await asyncio.to_thread(pack)

    async def _request(
        self, method: str, path: str, kind: type[M], attempt: Attempt, limits: aiohttp.ClientTimeout, **rest: Any
    ) -> M:
        body = await self._ask(method, path, attempt, limits, **rest)
        try:
            return codec.unpack(body, kind)
        except Refused as error:
            raise LineBroken(f"answer not understood: {error.code}", left=True) from error

    async def _ask(self, method: str, path: str, attempt: Attempt, limits: aiohttp.ClientTimeout, **rest: Any) -> bytes:
        if self._session is None:
            raise LineBroken("the line is closed", left=False)
        return await self._over(self._session, method, self.url + path, attempt, limits, **rest)

    async def _over(
        self,
        session: Session,
        method: str,
        url: str,
        attempt: Attempt,
        limits: aiohttp.ClientTimeout,
        refusals: Mapping[int, str] = _NOT_ADMITTED,
        **rest: Any,
    ) -> bytes:
        headers = {"Content-Type": codec.CONTENT_TYPE, "Accept": codec.ACCEPT, "Accept-Encoding": "identity"}
        try:
            async with session.used() as client, client.request(
                method, url, headers=headers, timeout=limits, trace_request_ctx=attempt,
                allow_redirects=False, **rest,
            ) as response:  # fmt: skip
                body = await _bounded(response)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            refused = attempt.left and self.ends_at is not None and self._now() >= self.ends_at
            kind = CertificateEnded if refused else LineBroken
            raise kind(type(error).__name__, left=attempt.left) from error
        if status == 400 and _code_of(body, "") == "dictionary_unknown":
            # a hub that was put back to an older release, or has processes of one: the next body goes with an older one, or without
            self._refused = self._dictionary
            self._dictionary = max((number for number in KNOWN if number < self._refused), default=0)
        if status == 503 and (busy := _answer_in(body)) is not None and busy.code == "hub_busy":
            raise LineRefused(busy.code, float(busy.retry_after_s))
        if status in refusals:
            raise LineRefused(_code_of(body, refusals[status]))
        if status != 200:
            raise LineBroken(f"status {status}", left=True)
        if self._dictionary < (written := dictionary_of(body)) < self._refused:
            self._dictionary = written  # whoever writes with it reads it
        return body

    def _read_clock(self, hub_time: datetime) -> None:
        self.skew_s = (self._now() - hub_time).total_seconds()


async def _about_to_leave(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    context.trace_request_ctx.left = True


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The body; one that is too large for any answer of ours is given up."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return bytes(body)


def _code_of(body: bytes, otherwise: str) -> str:
    """Why the hub refuses, as far as it says so."""
    answer = _answer_in(body)
    return answer.code if answer is not None and answer.code in REFUSALS else otherwise


def _answer_in(body: bytes) -> BatchAnswer | None:
    """What the hub says with a refusal, if it can be read."""
    try:
        return codec.unpack(body, BatchAnswer)
    except Refused:
        return None
