"""SHELL: the event stream of every face: server-sent events, bounded, with a heartbeat, ended with the caller's cycle.

Nothing is sent again after a break: the stream only says sooner what ``query`` and ``uncertain`` say anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from central_sync.wire.refusals import Refused
from edge.events import Event, Events, Subscription
from edge.faces.limits import STREAM_HEARTBEAT_S, STREAMS_MAX, STREAMS_PER_WORKSTATION_MAX


class Stream:
    """The streams that are open now."""

    def __init__(self, events: Events, clock: Callable[[], datetime]) -> None:
        self._events = events
        self._clock = clock
        self._open: dict[asyncio.Task[None], web.Request] = {}

    async def serve(
        self,
        request: web.Request,
        until: datetime,
        admitted: Callable[[], bool],
        meant: Callable[[Event], bool] = lambda _: True,
    ) -> EventSourceResponse:
        """Send every event that is ``meant`` for the caller until it leaves, the edge stops, ``until``, or it is no longer ``admitted``:
        that is asked before each event.

        Raises:
            Refused: ``too_busy``.
        """
        self._end_what_nobody_hears()
        if len(self._open) >= STREAMS_MAX:
            raise Refused("too_busy", f"over {STREAMS_MAX} event streams")
        whose = _desk(request)
        if sum(_desk(one) == whose for one in self._open.values()) >= STREAMS_PER_WORKSTATION_MAX:
            raise Refused("too_busy", f"over {STREAMS_PER_WORKSTATION_MAX} event streams of this workstation")
        async with (
            self._events.subscribe() as events,
            sse_response(request, ping_interval=STREAM_HEARTBEAT_S) as response,
        ):
            sending = asyncio.create_task(_send(events, response, admitted, meant), name="event stream")
            self._open[sending] = request
            try:
                async with asyncio.timeout((until - self._clock()).total_seconds()):
                    await response.wait()  # its heartbeat ends when the caller has left
            except TimeoutError:
                pass  # the caller's cycle has ended, and its stream with it
            finally:
                self._open.pop(sending, None)
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        return response

    async def stop(self) -> None:
        """End every stream."""
        for sending in tuple(self._open):
            sending.cancel()

    def _end_what_nobody_hears(self) -> None:
        """Its heartbeat would notice it too, but seconds later: a page that is loaded again and again would be kept out by its own past."""
        for sending, request in tuple(self._open.items()):
            if request.transport is None:
                del self._open[sending]
                sending.cancel()


def _desk(request: web.Request) -> str:
    return request.query.get("workstation", "")


async def _send(
    events: Subscription,
    response: EventSourceResponse,
    admitted: Callable[[], bool],
    meant: Callable[[Event], bool],
) -> None:
    try:
        async for event in events:
            if not meant(event):
                continue
            if not admitted():
                return
            data = {"at": event.at, "missed": event.missed, **event.data}
            await response.send(msgspec.json.encode(data).decode(), event=event.kind)
    except (ConnectionError, TimeoutError):
        pass  # the caller has left, or does not listen
    finally:
        response.stop_streaming()
