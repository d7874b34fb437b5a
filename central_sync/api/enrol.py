"""The enrol port: ``GET /v1/authority`` and ``/v1/trail``, ``POST /v1/enrol`` and ``/v1/renew``, for edges that have no certificate yet, or one that
has ended (server TLS only).

Rules
    * Who comes here is a stranger: small bodies, few at a time, few failures a minute.
    * A refusal does not say whether a code was unknown, used or expired. Every failure is audited with the peer's address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog
from aiohttp import web

from central_sync.api.attempts import Attempts
from central_sync.api.bodies import answered, received, refused
from central_sync.api.limits import ENROL_BODY_BYTES_MAX, ENROL_THREADS
from central_sync.audit import Trail
from central_sync.errors import StoreError
from central_sync.fleet.renewal import Renewals
from central_sync.fleet.service import Fleet
from central_sync.wire import messages
from central_sync.wire.messages import EnrolRequest, Renewal
from central_sync.wire.refusals import Refused

OWN_HOST = "{host}"
"""Stands in ``sync_url`` for the address by which an edge reached the enrol port, where the hub listens on all of its own."""
ACTIONS = {"/v1/enrol": "enrolment_refused", "/v1/renew": "renewal_refused"}
"""Path → how the audit trail names a refusal there."""
_log = structlog.get_logger(__name__)


class EnrolPort:
    """The routes of the enrol port. ``sync_url`` is where edges are told to send; it may hold :data:`OWN_HOST`."""

    def __init__(
        self,
        fleet: Fleet,
        renewals: Renewals,
        authority_pem: Callable[[], str],
        handovers: Callable[[], messages.Trail],
        trail: Trail,
        clock: Callable[[], datetime],
        sync_url: str,
    ) -> None:
        self._fleet = fleet
        self._renewals = renewals
        self._authority_pem = authority_pem
        self._handovers = handovers
        self._trail = trail
        self._clock = clock
        self._sync_url = sync_url
        self._attempts = Attempts()
        self._work: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Make the worker threads ready."""
        self._work = ThreadPoolExecutor(ENROL_THREADS, thread_name_prefix="enrol")

    def stop(self) -> None:
        """Finish the work begun. Blocks."""
        if self._work is not None:
            self._work.shutdown(wait=True)

    def application(self) -> web.Application:
        """The routes."""
        application = web.Application(client_max_size=ENROL_BODY_BYTES_MAX, middlewares=[self._guard])
        application.router.add_get("/v1/authority", self._authority)
        application.router.add_get("/v1/trail", self._trail_told)
        application.router.add_post("/v1/enrol", self._enrol)
        application.router.add_post("/v1/renew", self._renew)
        return application

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        now, peer = self._clock(), request.remote or "unknown"
        try:
            return await handler(request)
        except Refused as error:
            action = ACTIONS.get(request.path)
            if action is not None:
                self._attempts.failed(peer, now)
                if self._trail.note(peer, action, "enrol", error.code):
                    _log.warning("a stranger was refused", peer=peer, code=error.code, detail=error.detail)
            return refused(error, now)
        except StoreError:
            _log.exception("the database did not do its part", route=request.path)
            return refused(Refused("hub_fault"), now)

    async def _authority(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._authority_pem(), content_type="application/x-pem-file")

    async def _trail_told(self, _request: web.Request) -> web.Response:
        return answered(self._handovers())

    async def _enrol(self, request: web.Request) -> web.Response:
        assert self._work is not None, "start() first"
        now, peer = self._clock(), request.remote or "unknown"
        if not self._attempts.allowed(peer, now):
            return self._too_many(request, peer, "enrolment_refused", now)
        message = await received(request, EnrolRequest, ENROL_BODY_BYTES_MAX)
        own_host = (request.get_extra_info("sockname") or ("localhost",))[0]
        url = self._sync_url.replace(OWN_HOST, f"[{own_host}]" if ":" in own_host else own_host)
        loop = asyncio.get_running_loop()
        return answered(await loop.run_in_executor(self._work, self._fleet.enrol, message, url, peer, now))

    async def _renew(self, request: web.Request) -> web.Response:
        assert self._work is not None, "start() first"
        now, peer = self._clock(), request.remote or "unknown"
        if not self._attempts.allowed(peer, now):
            return self._too_many(request, peer, "certificate_refused", now)
        message = await received(request, Renewal, ENROL_BODY_BYTES_MAX)
        loop = asyncio.get_running_loop()
        return answered(await loop.run_in_executor(self._work, self._renewals.renew_ended, message, peer, now))

    def _too_many(self, request: web.Request, peer: str, code: str, now: datetime) -> web.Response:
        self._trail.note(peer, ACTIONS[request.path], "enrol", "too many attempts")
        return refused(Refused(code, "too many attempts; wait a minute"), now)
