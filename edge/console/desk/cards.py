"""SHELL: what lies on each desk's readers, for every page that is open there: one watch a desk, so that a card is read once however many pages listen.

A watch reads only while a page listens. A card that was read is not read again before it was taken away: the clerk who comes back to the start with the last
patient's card still lying there is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from enum import StrEnum
from typing import NamedTuple

import structlog

from central_sync.wire.refusals import Refused
from edge.console.desk.seats import Seat
from edge.events import Event
from edge.log import located
from edge.readers.desks import Desks
from edge.readers.reads import Read

READ_S = 60.0
LOOK_S = 2.0
"""How often a desk without a usable reader is looked at again."""
BEAT_S = 5.0
"""A page that hears nothing for longer believes that the gateway is gone."""
WAITING_MAX = 32

log = structlog.get_logger(__name__)


class State(StrEnum):
    """What a page says of the desk's reader."""

    NONE = "none"
    """There is no reader for this desk: numbers are typed."""
    LOST = "lost"
    EMPTY = "empty"
    READING = "reading"
    LYING = "lying"
    """The card that lies there was read before; ``look``: what was told of it."""
    FAILED = "failed"
    ASKING = "asking"
    """The card is read, and the insurer is asked."""
    FOUND = "found"


class Sight(NamedTuple):
    """What is seen. ``code``: why it failed; ``name``: who is on the card; ``look``: where the whole is told."""

    state: State
    code: str = ""
    name: str = ""
    look: str = ""


Asked = Callable[[Seat, Read], Awaitable[str]]
"""Asks the insurer about whoever was read; the name of the look."""


class DeskCards:
    """The watches of all desks. ``asked`` asks the insurer; it is called in the watch's own task."""

    def __init__(self, desks: Desks, asked: Asked) -> None:
        self._desks = desks
        self._asked = asked
        self._watches: dict[str, _Watch] = {}

    async def sights(self, seat: Seat) -> AsyncGenerator[Sight]:
        """What is seen at the seat's desk, from now on, again every ``BEAT_S``; for as long as somebody iterates."""
        watch = self._watches.get(seat.workstation)
        if watch is None:
            watch = self._watches[seat.workstation] = _Watch(seat.workstation, self._desks, self._asked)
        queue = watch.listen(seat)
        try:
            sight = watch.first()
            while True:
                yield sight
                try:
                    async with asyncio.timeout(BEAT_S):
                        sight = await queue.get()
                except TimeoutError:
                    sight = watch.sight
        finally:
            watch.leave(queue)

    def heard(self, event: Event) -> None:
        """Something happened at a reader."""
        for watch in self._watches.values():
            watch.heard(event)

    def glance(self, workstation: str) -> Sight:
        """What is seen there now, without watching."""
        watch = self._watches.get(workstation)
        return watch.sight if watch else look_at(self._desks, workstation)

    async def stop(self) -> None:
        """End every watch."""
        watches, self._watches = list(self._watches.values()), {}
        await asyncio.gather(*(watch.stop() for watch in watches))


def look_at(desks: Desks, workstation: str) -> Sight:
    """The readers of a desk, as they stand."""
    try:
        names = desks.usable(workstation, "")
    except Refused as refusal:
        return Sight(State.NONE, refusal.code)
    rows = [row for row in desks.rows() if row.name in names]
    if not any(row.connected for row in rows):
        return Sight(State.LOST, "reader_lost")
    return Sight(State.READING if any(row.card_present for row in rows) else State.EMPTY)


class _Watch:
    """One desk's."""

    def __init__(self, workstation: str, desks: Desks, asked: Asked) -> None:
        self._workstation = workstation
        self._desks = desks
        self._asked = asked
        self._queues: dict[asyncio.Queue[Sight], Seat] = {}
        self._seen: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self.sight = look_at(desks, workstation)

    def listen(self, seat: Seat) -> asyncio.Queue[Sight]:
        """A page more. What other pages were led to is not for this one, which was opened after it."""
        queue: asyncio.Queue[Sight] = asyncio.Queue(WAITING_MAX)
        self._queues[queue] = seat
        if self._running is None or self._running.done():
            self.sight = self._resting()
            self._running = asyncio.create_task(self._run(), name="card watch")
        return queue

    def first(self) -> Sight:
        """What a page that was just opened sees."""
        return self._resting() if self.sight.state in (State.ASKING, State.FOUND) else self.sight

    def leave(self, queue: asyncio.Queue[Sight]) -> None:
        """A page less; with the last one the reading ends."""
        self._queues.pop(queue, None)
        if not self._queues and self._running is not None:
            self._running.cancel()
            self._running = None

    async def stop(self) -> None:
        """End the reading."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def heard(self, event: Event) -> None:
        """Something happened at a reader; also while nobody listens, so that it is known which cards were taken away."""
        reader = str(event.data.get("reader", ""))
        if event.kind in ("removed", "reader_lost"):
            self._seen.pop(reader, None)
        if event.kind == "inserted" and self.sight.state is State.EMPTY and reader in self._names():
            self._show(Sight(State.READING))
        if event.kind in ("reader_lost", "reader_back") and self.sight.state in (State.EMPTY, State.LOST, State.NONE):
            self._show(self._resting())
        if event.kind in ("inserted", "removed", "reader_lost", "reader_back"):
            self._changed.set()

    async def _run(self) -> None:
        try:
            while True:
                self._changed.clear()
                await self._once()
        except Exception as error:  # noqa: BLE001 - a fault of ours: the page says so, and numbers can be typed
            log.error("a desk's readers cannot be watched", **located(error))
            self._show(Sight(State.FAILED, "edge_fault"))

    async def _once(self) -> None:
        resting = self._resting()
        self._show(resting)
        if resting.state in (State.NONE, State.LOST, State.LYING):
            await self._change()
            return
        try:
            read = await self._desks.read(self._workstation, "", READ_S)
        except Refused as refusal:
            self._changed.clear()  # what led to this read was told before it ended
            if refusal.code not in ("card_absent", "shutting_down"):
                self._show(Sight(State.FAILED, refusal.code))
            if refusal.code != "card_absent":
                await self._change(stays=bool(self._lying()))
            return
        if read.identity is None or not self._queues:
            return
        self._changed.clear()
        self._seen[read.reader] = ""
        self._show(Sight(State.ASKING, name=read.identity.name))
        try:
            look = await self._asked(list(self._queues.values())[-1], read)
        except Refused as refusal:
            self._show(Sight(State.FAILED, refusal.code))
            await self._change(stays=bool(self._lying()))
            return
        if read.reader in self._seen:
            self._seen[read.reader] = look
        self._show(Sight(State.FOUND, name=read.identity.name, look=look))
        await self._change(stays=bool(self._lying()))

    def _resting(self) -> Sight:
        """What is seen while no card is being read."""
        sight = look_at(self._desks, self._workstation)
        lying = self._lying()
        if sight.state is State.READING and lying <= self._seen.keys():
            return Sight(State.LYING, look=next((look for name in lying if (look := self._seen[name])), ""))
        return sight

    def _names(self) -> tuple[str, ...]:
        try:
            return self._desks.usable(self._workstation, "")
        except Refused:
            return ()

    def _lying(self) -> set[str]:
        names = self._names()
        return {row.name for row in self._desks.rows() if row.name in names and row.card_present}

    async def _change(self, *, stays: bool = False) -> None:
        """Wait until something happens at a reader; unless the present sight ``stays`` until then, for ``LOOK_S`` at most."""
        with contextlib.suppress(TimeoutError):  # then it is looked at again
            async with asyncio.timeout(None if stays else LOOK_S):
                await self._changed.wait()

    def _show(self, sight: Sight) -> None:
        if sight == self.sight:
            return
        self.sight = sight
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(sight)
