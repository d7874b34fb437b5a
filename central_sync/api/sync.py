"""The sync port: ``POST /v1/exchange``, ``GET /v1/feed``, ``POST /v1/compare`` and the small ones (signers, renew, roots, bundle, drill), for enrolled edges over mutual TLS.

Rules
    * The institution is what the certificate says, nothing else. TLS has verified it; the fleet says whether the hub still
      stands by it, on every request, also on a connection that has been open for long.
    * Work runs in worker threads and is finished once begun: a client that hangs up finds its answer when it sends again.
    * People's batches go before backlogs (``?backlog=1``: nobody waits for it), and more work than there is room for is turned away, a
      backlog before its body is read: see ``rooms.py``.
    * Nothing of a body is logged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog
from aiohttp import web

from central_sync.api import releases
from central_sync.api.bodies import answered, dictionary, name, number, raw, received, refused
from central_sync.api.limits import (
    BACKLOG_ITEMS_MIN,
    BUSY_S_MAX,
    COMPARISONS_WAITING_MAX,
    FEED_THREADS,
    REQUEST_BYTES_MAX,
    SMALL_BODY_BYTES_MAX,
)
from central_sync.api.rooms import Busy, Rooms
from central_sync.api.waiting import Waiting
from central_sync.audit import Trail
from central_sync.comparison import Comparisons
from central_sync.errors import StoreError
from central_sync.fleet.authority import named_in
from central_sync.fleet.deliveries import Deliveries
from central_sync.fleet.drills import Drills
from central_sync.fleet.limits import HIDS_LEFT_MAX
from central_sync.fleet.lives import Lives, Told
from central_sync.fleet.operations import Operations
from central_sync.fleet.renewal import Renewals
from central_sync.fleet.roots import Roots
from central_sync.fleet.service import Fleet, Page
from central_sync.fleet.signer import Signer
from central_sync.intake import Intake
from central_sync.payers.standing import Standing
from central_sync.wire.bundles import Fault
from central_sync.wire.limits import (
    BUNDLE_BYTES_MAX,
    BUNDLE_NUMBER_MAX,
    DRILL_BYTES_MAX,
    FEED_WAIT_S_MAX,
    HANDOVER_NUMBER_MAX,
    JOURNAL_SEQ_MAX,
    LIFE_BYTES,
    RUN_BYTES,
    WIRE_VERSION,
)
from central_sync.wire.messages import Batch, CompareRequest, Feed, Handover, Renewal, RootsOffer
from central_sync.wire.refusals import Refused

T = TypeVar("T")
CURSOR_MAX = 2**62
_log = structlog.get_logger(__name__)


class Services(NamedTuple):
    """What the routes call."""

    fleet: Fleet
    intake: Intake
    lives: Lives
    renewals: Renewals
    roots: Roots
    signer: Signer
    comparisons: Comparisons
    deliveries: Deliveries
    operations: Operations
    releases: Path
    payers: Standing
    handover: Callable[[int], Handover | None]
    drills: Drills


class SyncPort:
    """The routes of the sync port and the threads that they work in. ``clock`` gives aware UTC instants; no poll is held for longer than
    ``held_s_max``.
    """

    def __init__(
        self,
        services: Services,
        trail: Trail,
        clock: Callable[[], datetime],
        threads: int,
        held_s_max: float = FEED_WAIT_S_MAX,
    ) -> None:
        self._fleet, self._intake = services.fleet, services.intake
        self._lives, self._renewals = services.lives, services.renewals
        self._roots, self._signer = services.roots, services.signer
        self._comparisons, self._deliveries = services.comparisons, services.deliveries
        self._reports, self._flow = services.operations.reports, services.operations.flow
        self._held_s_max = held_s_max
        self._releases, self._payers = services.releases, services.payers
        self._handover, self._drills = services.handover, services.drills
        self._trail = trail
        self._clock = clock
        self._threads = threads
        self._rooms = Rooms(threads, time.monotonic)
        self._releases_given = releases.Counter(time.monotonic)
        self._work: ThreadPoolExecutor | None = None
        self._looks: ThreadPoolExecutor | None = None
        self._looking: ThreadPoolExecutor | None = None
        self._giving: ThreadPoolExecutor | None = None
        self._comparing = 0
        self._waiting = Waiting(self._heads)

    def start(self) -> None:
        """Make the worker threads ready."""
        self._work = ThreadPoolExecutor(self._threads, thread_name_prefix="exchange")
        self._looks = ThreadPoolExecutor(FEED_THREADS, thread_name_prefix="feed")
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="compare")
        self._giving = ThreadPoolExecutor(1, thread_name_prefix="bundle")

    def news(self) -> None:
        """Another rulebook is in force: who waits is told. On the event loop."""
        self._waiting.wake_all()

    def wake(self) -> None:
        """Let the long polls go home with an empty page: the hub stops."""
        self._waiting.stop()

    def stop(self) -> None:
        """Finish the work begun. Blocks."""
        for pool in (self._work, self._looks, self._looking, self._giving):
            if pool is not None:
                pool.shutdown(wait=True)

    def application(self) -> web.Application:
        """The routes."""
        application = web.Application(client_max_size=REQUEST_BYTES_MAX, middlewares=[self._guard])
        application.router.add_post("/v1/exchange", self._exchange)
        application.router.add_get("/v1/feed", self._feed)
        application.router.add_post("/v1/compare", self._compare)
        application.router.add_get("/v1/signers", self._signers)
        application.router.add_post("/v1/renew", self._renew)
        application.router.add_post("/v1/roots", self._offered)
        application.router.add_get("/v1/bundle", self._bundle)
        application.router.add_post("/v1/drill", self._drill)
        application.router.add_get(releases.PATH, self._release)
        return application

    def turned_away(self, peer: str, reason: str) -> None:
        """Note a refused handshake; called by TLS on the event loop."""
        if self._trail.note(peer or "unknown", "connection_refused", "sync", reason):
            _log.warning("a connection was refused", peer=peer, code=reason)

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as error:
            if error.code == "certificate_refused":
                _, institution = _client(request)
                self._trail.note(request.remote or "unknown", "certificate_refused", institution, error.detail)
            _log.warning("a request was refused", route=request.path, code=error.code, detail=error.detail)
            return refused(error, self._clock())
        except StoreError:
            _log.exception("the database did not do its part", route=request.path)
            return refused(Refused("hub_fault"), self._clock())

    async def _exchange(self, request: web.Request) -> web.Response:
        serial, institution = _client(request)
        await self._in(self._looks, self._fleet.admitted, institution, serial, self._clock())
        backlog = request.query.get("backlog") == "1"
        with self._rooms.place(backlog=backlog):
            batch = await received(request, Batch)
            arrived = self._clock(), time.monotonic()
            backlog = backlog or len(batch.items) >= BACKLOG_ITEMS_MIN
            async with self._rooms.thread(backlog=backlog):
                if request.transport is None or request.transport.is_closing():
                    raise Refused("hub_busy", "the edge has hung up")
                work = self._in(self._work, self._take, institution, batch, dictionary(request), not backlog, arrived)
                return await asyncio.shield(asyncio.ensure_future(work))

    def _take(
        self, institution: str, batch: Batch, shared: int, urgent: bool, arrived: tuple[datetime, float]
    ) -> web.Response:
        now = self._clock()
        self._lives.sent(institution, batch, now)
        answer = self._intake.take(institution, batch, now, urgent=urgent)
        response = answered(self._signer.signed(institution, batch, answer), dictionary=shared)
        if not answer.code:
            (at, at_s), now_s = arrived, time.monotonic()
            skew_ms = self._reports.skew_ms(institution)
            self._flow.took(batch, at, now_s - at_s, skew_ms, now_s, urgent=urgent, answers=answer.answers)
        return response

    async def _compare(self, request: web.Request) -> web.Response:
        serial, institution = _client(request)
        await self._in(self._looks, self._fleet.admitted, institution, serial, self._clock())
        message = await received(request, CompareRequest, SMALL_BODY_BYTES_MAX)
        if self._comparing >= COMPARISONS_WAITING_MAX:
            raise Busy("many compare at once", BUSY_S_MAX)
        self._comparing += 1
        try:
            answer = await self._in(self._looking, self._comparisons.answer, institution, message, self._clock())
        finally:
            self._comparing -= 1
        return answered(answer, dictionary=dictionary(request))

    async def _signers(self, request: web.Request) -> web.Response:
        serial, institution = _client(request)
        await self._in(self._looks, self._fleet.admitted, institution, serial, self._clock())
        bundle = await self._in(self._looks, self._fleet.signers, self._signer, self._clock())
        return web.Response(body=bundle, content_type="application/x-pem-file")

    async def _renew(self, request: web.Request) -> web.Response:
        serial, institution = _client(request)
        now, peer = self._clock(), request.remote or "unknown"
        certificate = await self._in(self._looks, self._fleet.admitted, institution, serial, now)
        message = await received(request, Renewal, SMALL_BODY_BYTES_MAX)
        return answered(await self._in(self._looks, self._renewals.renew, certificate, message, peer, now))

    async def _offered(self, request: web.Request) -> web.Response:
        serial, institution = _client(request)
        now = self._clock()
        await self._in(self._looks, self._fleet.admitted, institution, serial, now)
        offer = await received(request, RootsOffer, SMALL_BODY_BYTES_MAX)
        return answered(await self._in(self._looks, self._roots.take, institution, offer, now))

    async def _feed(self, request: web.Request) -> web.Response:
        cursor = number(request, "cursor", 0, CURSOR_MAX, 0) or 0
        wait_s = number(request, "wait_s", 0, FEED_WAIT_S_MAX, 0) or 0
        hids_left = number(request, "hids_left", 0, HIDS_LEFT_MAX)
        bundle = number(request, "bundle", 0, BUNDLE_NUMBER_MAX)
        heard = number(request, "handover", 0, HANDOVER_NUMBER_MAX)
        told = _told(request)
        serial, institution = _client(request)
        if trouble := request.query.get("bundle_trouble", ""):
            self._refused_there(institution, bundle or 0, trouble)
        if told.life:
            await self._in(self._looks, self._live, institution, serial, told)
        said = request.query.get("report", "")
        loop = asyncio.get_running_loop()
        until = loop.time() + min(wait_s, self._held_s_max)
        while True:
            page = await self._in(self._looks, self._page, institution, serial, cursor, hids_left)
            cursor = page.cursor
            if said:  # by an edge that was admitted
                self._report(institution, said)
                said = ""
            word = None if bundle is None else self._deliveries.word(bundle)
            handover = None if heard is None else self._handover(heard)
            if page.items or word or handover or not await self._waiting.wait(institution, cursor, until - loop.time()):
                waited = self._payers.waited_for(institution)
                feed = Feed(
                    version=WIRE_VERSION, hub_time=self._clock(), items=page.items, bundle=word, payers=waited,
                    handover=handover,
                )  # fmt: skip
                return answered(feed, dictionary=dictionary(request))

    async def _drill(self, request: web.Request) -> web.Response:
        serial, institution = _client(request)
        await self._in(self._looks, self._fleet.admitted, institution, serial, self._clock())
        hello = await raw(request, DRILL_BYTES_MAX)
        flight = await self._in(self._looks, self._drills.flight, request.query.get("authority", ""), hello)
        return web.Response(body=flight, content_type="application/octet-stream")

    async def _bundle(self, request: web.Request) -> web.Response:
        """A piece of a bundle. Making one takes seconds, and after a publication all edges ask: in a thread of its own no batch waits."""
        offset = number(request, "offset", 0, BUNDLE_BYTES_MAX, 0) or 0
        serial, institution = _client(request)
        now = self._clock()
        await self._in(self._looks, self._fleet.admitted, institution, serial, now)
        return answered(await self._in(self._giving, self._deliveries.part, institution, offset, now))

    async def _release(self, request: web.Request) -> web.StreamResponse:
        serial, institution = _client(request)
        await self._in(self._looks, self._fleet.admitted, institution, serial, self._clock())
        tail = request.match_info["tail"]
        answer = releases.file(self._releases, tail)
        if releases.large(tail):
            with self._releases_given.place(institution):
                await answer.prepare(request)  # sends it
        return answer

    def _report(self, institution: str, said: str) -> None:
        """Take what an edge says of itself. What cannot be read, perhaps of a newer edge, is dropped and noted: the feed is worth more."""
        try:
            self._reports.take(institution, said)
        except Refused as error:
            self._trail.note(institution, "report_refused", institution, error.code)

    def _refused_there(self, institution: str, bundle: int, trouble: str) -> None:
        """An edge did not take the rulebook that it heard of last."""
        if trouble not in set(Fault):
            raise Refused("packet_invalid", "bundle_trouble")
        self._trail.note(institution or "unknown", "rulebook_refused", str(bundle), trouble)

    def _live(self, institution: str, serial: str, told: Told) -> None:
        now = self._clock()
        self._lives.polled(self._fleet.admitted(institution, serial, now), told, now)

    def _page(self, institution: str, serial: str, cursor: int, hids_left: int | None) -> Page:
        now = self._clock()
        certificate = self._fleet.admitted(institution, serial, now)
        return self._fleet.page(certificate, cursor, hids_left, now)

    async def _heads(self, institutions: Sequence[str]) -> dict[str, int]:
        return await self._in(self._looks, self._fleet.heads, institutions)

    async def _in(self, pool: ThreadPoolExecutor | None, work: Callable[..., T], *arguments: object) -> T:
        assert pool is not None, "start() first"
        return await asyncio.get_running_loop().run_in_executor(pool, partial(work, *arguments))


def _told(request: web.Request) -> Told:
    """What a poll says of the edge's journal; its life is empty if it says nothing."""
    return Told(
        life=name(request, "life", LIFE_BYTES),
        head=number(request, "head", 0, JOURNAL_SEQ_MAX, 0) or 0,
        run=name(request, "run", RUN_BYTES),
        opened=number(request, "opened", 0, JOURNAL_SEQ_MAX, 0) or 0,
    )


def _client(request: web.Request) -> tuple[str, str]:
    """Serial and institution of the certificate that TLS verified; the institution is empty if it names none.

    Raises:
        Refused: ``certificate_refused`` if the connection is gone already.
    """
    secured = request.get_extra_info("ssl_object")
    der = secured.getpeercert(binary_form=True) if secured is not None else None
    if der is None:
        raise Refused("certificate_refused", "missing")
    serial, institution = named_in(der)
    return serial, institution or ""
