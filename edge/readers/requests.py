"""SHELL: a desk asks for a card and goes on with its work: what it waits for, and what becomes of it.

A request is told to whoever watches (``card_requested``, with a prompt for the clerk), and ends when a card is read, its time is over, it is
cancelled, or its reader is lost (``request_ended``). A card that cannot be read does not end it: the clerk turns it over or takes another, and
``card_failed`` says why. What is kept of a request names no person: whose card it was stands with the read, as long as that is kept.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from msgspec import structs

from central_sync.wire.refusals import Refused
from edge.log import located
from edge.readers.desks import Desks
from edge.readers.presence import Presence
from edge.readers.reads import CardRequest, RequestState

REQUESTS_MAX = 256
"""How many are remembered, waiting or ended."""
REQUESTS_PER_DESK_MAX = 4
"""How many of one desk wait at once."""
KEPT_AFTER = timedelta(minutes=10)
"""How long an ended request is remembered."""
BUSY_LOOK_S = 1.0
"""How often a reader that another program holds is tried again, and a card that failed looked at."""
REQUEST_ID_BYTES = 16
_ENDING = frozenset(
    {"reader_unknown", "reader_of_another_desk", "reader_lost", "reader_failed", "shutting_down", "card_absent"}
)

log = structlog.get_logger()


class CardRequests:
    """The requests of all desks."""

    def __init__(self, desks: Desks, presence: Presence, clock: Callable[[], datetime]) -> None:
        self._desks = desks
        self._presence = presence
        self._clock = clock
        self._requests: dict[str, CardRequest] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    async def stop(self) -> None:
        """End every request; call before the desks stop."""
        self._stopping = True
        for request_id in tuple(self._waiting):
            self._end(request_id, RequestState.CANCELLED, "shutting_down")
        await asyncio.gather(*self._waiting.values(), return_exceptions=True)

    def begin(self, desk: str, reader: str, prompt: str, timeout_s: float) -> CardRequest:
        """Ask for a card; returns at once.

        Raises:
            Refused: ``reader_unknown``, ``reader_of_another_desk``, ``too_busy`` or ``shutting_down``.
        """
        if self._stopping:
            raise Refused("shutting_down")
        self._desks.usable(desk, reader)
        self._make_room(desk)
        request = CardRequest(
            request_id=secrets.token_urlsafe(REQUEST_ID_BYTES),
            desk=desk,
            reader=reader,
            prompt=prompt,
            until=self._clock() + timedelta(seconds=timeout_s),
        )
        self._requests[request.request_id] = request
        task = asyncio.create_task(self._serve(request, timeout_s), name="card request")
        self._waiting[request.request_id] = task
        task.add_done_callback(lambda _: self._waiting.pop(request.request_id, None))
        self._tell("card_requested", request, prompt=prompt, until=request.until)
        return request

    def find(self, desk: str, request_id: str) -> CardRequest:
        """How a request of ``desk`` stands.

        Raises:
            Refused: ``card_request_unknown``.
        """
        request = self._requests.get(request_id)
        if request is None or request.desk != desk:
            raise Refused("card_request_unknown")
        return request

    async def ended(self, desk: str, request_id: str, wait_s: float) -> CardRequest:
        """How it stands when it has ended, or after ``wait_s`` seconds.

        Raises:
            Refused: ``card_request_unknown``.
        """
        request = self.find(desk, request_id)
        task = self._waiting.get(request_id)
        if request.state is RequestState.WAITING and task is not None and wait_s > 0:
            await asyncio.wait({task}, timeout=wait_s)
        return self.find(desk, request_id)

    def cancel(self, desk: str, request_id: str) -> CardRequest:
        """End a request that nobody needs any more; one that has ended stays as it is.

        Raises:
            Refused: ``card_request_unknown``.
        """
        if self.find(desk, request_id).state is RequestState.WAITING:
            self._end(request_id, RequestState.CANCELLED, "card_request_cancelled")
        return self.find(desk, request_id)

    async def _serve(self, request: CardRequest, timeout_s: float) -> None:
        try:
            await self._served(request, timeout_s)
        except Exception as error:  # noqa: BLE001 - a fault of ours: whoever waits is told, and the log says where it is
            log.error("a card request failed inside", **located(error))
            self._end(request.request_id, RequestState.FAILED, "edge_fault")

    async def _served(self, request: CardRequest, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout_s
        while (left := ends - loop.time()) > 0:
            try:
                names = self._desks.usable(request.desk, request.reader)
                read = await self._desks.read(request.desk, request.reader, left)
            except Refused as refusal:
                if refusal.code in _ENDING:
                    lost = RequestState.TIMED_OUT if refusal.code == "card_absent" else RequestState.FAILED
                    self._end(request.request_id, lost, refusal.code, refusal.detail)
                    return
                await self._failed(request, names, refusal, ends)
                continue
            self._end(request.request_id, RequestState.READ, read_id=read.read_id, reader=read.reader)
            return
        self._end(request.request_id, RequestState.TIMED_OUT, "card_absent")

    async def _failed(self, request: CardRequest, names: tuple[str, ...], refusal: Refused, ends: float) -> None:
        """A card could not be read, or its reader is taken: tell once, and wait until something has changed."""
        loop = asyncio.get_running_loop()
        code, before = refusal.code, self._requests[request.request_id]
        self._requests[request.request_id] = structs.replace(before, code=code, detail=refusal.detail)
        if before.code != code:
            self._tell("card_failed", request, code=code)
        pause = min(BUSY_LOOK_S, max(0.0, ends - loop.time()))
        if code == "reader_busy" or not self._desks.failed_card_there(names):
            await self._presence.change(pause)
            return
        while self._desks.failed_card_there(names) and loop.time() < ends:
            await self._presence.change(pause)

    def _end(
        self,
        request_id: str,
        state: RequestState,
        code: str = "",
        detail: str = "",
        *,
        read_id: str = "",
        reader: str = "",
    ) -> None:
        request = self._requests.get(request_id)
        if request is None or request.state is not RequestState.WAITING:
            return
        ended = structs.replace(
            request,
            state=state,
            code=code,
            detail=detail,
            read_id=read_id,
            reader=reader or request.reader,
            until=self._clock(),
        )
        self._requests[request_id] = ended
        self._tell("request_ended", ended, state=str(state), code=code)
        task = self._waiting.get(request_id)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _make_room(self, desk: str) -> None:
        """Forget what ended long ago, and if need be the oldest that has ended.

        Raises:
            Refused: ``too_busy``.
        """
        now = self._clock()
        ended = [one for one in self._requests.values() if one.state is not RequestState.WAITING]
        if sum(one.desk == desk for one in self._requests.values() if one.state is RequestState.WAITING) >= (
            REQUESTS_PER_DESK_MAX
        ):
            raise Refused("too_busy", f"over {REQUESTS_PER_DESK_MAX} card requests of this desk")
        spare = len(self._requests) - REQUESTS_MAX + 1
        for place, request in enumerate(sorted(ended, key=lambda one: one.until)):
            if place < spare or now - request.until >= KEPT_AFTER:
                del self._requests[request.request_id]
        if len(self._requests) >= REQUESTS_MAX:
            raise Refused("too_busy", f"over {REQUESTS_MAX} card requests")

    def _tell(self, kind: str, request: CardRequest, **more: object) -> None:
        self._presence.tell(kind, request.reader, request.desk, request_id=request.request_id, **more)
