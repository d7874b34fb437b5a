"""SHELL: exchanges under way: which begins when, and what its end means for the line and for the work in it.

Rules
    * What somebody waits for goes first, in small batches; the backlog in large ones, a few at once, at its measured pace.
    * While the line is down, one small batch at a time tries it.
    * An exchange that is given up before any of it can have left leaves nothing behind.
    * The backlog costs the loop nothing for each item: batches are built, packed and unpacked as wholes, the last two in a thread.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from central_sync.wire.compression import Level
from central_sync.wire.limits import BATCH_BYTES_MAX, BATCH_ITEMS_MAX, WIRE_VERSION
from central_sync.wire.messages import Batch, BatchAnswer, Item, Transaction
from edge.errors import JournalUnavailable, LineBroken, LineRefused
from edge.journal import Journal
from edge.limits import (
    INTERACTIVE_BYTES_MAX,
    INTERACTIVE_ITEMS_MAX,
    JOURNAL_RETRY_S,
    LANE_RETRY_CAP_S,
    LANE_RETRY_FIRST_S,
    PROBE_ITEMS_MAX,
    SUSPECT_SILENCE_S_MAX,
    WORKERS,
)
from edge.line import Attempt, Line
from edge.retry import Backoff
from edge.uplink.answers import Answers, Carrying
from edge.uplink.items import item_of
from edge.uplink.lanes import Work
from edge.uplink.pulse import LINE_DOWN, Pulse

_log = structlog.get_logger(__name__)
_BACKOFF = Backoff(LANE_RETRY_FIRST_S, LANE_RETRY_CAP_S)


class Flight:
    """One batch under way. ``receiving``: its answers are here and must not be given up."""

    def __init__(self, batch: list[Work]) -> None:
        self.batch = batch
        self.backlog = not any(work.urgent for work in batch)
        self.suspect = any(work.cap for work in batch)
        self.size = sum(work.size for work in batch)
        self.attempt = Attempt()
        self.receiving = False
        self.given_up = False
        self.task: asyncio.Task[None] | None = None
        self.begun = False

    def give_up(self) -> None:
        """Stop it; nothing more of it leaves. A task that is cancelled before its first step would never land, so that one
        is only told.
        """
        self.given_up = True
        if self.task is not None and self.begun:
            self.task.cancel()


class Flights:
    """Begins exchanges and ends them. ``heard`` and ``broke`` are told what each end says of the line."""

    def __init__(
        self,
        institution: str,
        line: Line,
        journal: Journal,
        answers: Answers,
        carrying: Carrying,
        pulse: Pulse,
        now: Callable[[], datetime],
    ) -> None:
        self._institution = institution
        self._line = line
        self._journal = journal
        self._answers = answers
        self._carrying = carrying
        self._lanes = carrying.lanes
        self._pulse = pulse
        self._now = now
        self.heard_at = float("-inf")
        self.under_way: set[Flight] = set()
        self.landed: Callable[[], None] = lambda: None
        self.heard: Callable[[], None] = lambda: None
        self.broke: Callable[[float, str], None] = lambda _began, _trouble: None

    def of(self, work: Work) -> Flight | None:
        """The exchange that carries ``work`` now."""
        if not work.in_flight:
            return None
        return next((flight for flight in self.under_way if work in flight.batch), None)

    async def stop(self) -> None:
        """Give up what is under way, but not answers that are being recorded."""
        tasks = [flight.task for flight in self.under_way if flight.task is not None]
        for flight in tuple(self.under_way):
            if not flight.receiving:
                flight.give_up()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, now: float) -> None:
        """Begin as many exchanges as may begin now."""
        while len(self.under_way) < WORKERS and self._pulse.may_send(now) and (batch := self._next_batch(now)):
            self._take_off(batch)
            self._pulse.began(now)
            self._carrying.suspicion.took(batch)

    def _take_off(self, batch: list[Work]) -> None:
        try:
            flight = Flight(batch)
            flight.task = asyncio.create_task(self._fly(flight), name="exchange")
        except Exception:
            self._lanes.landed(batch)  # only what flies lands by itself
            raise
        self.under_way.add(flight)

    def _next_batch(self, now: float) -> list[Work]:
        up, pace = self._pulse.up, self._carrying.pace
        share = WORKERS - len(self.under_way) if up else WORKERS
        items = INTERACTIVE_ITEMS_MAX if up else PROBE_ITEMS_MAX
        if batch := self._lanes.take_urgent(now, items, INTERACTIVE_BYTES_MAX, share):
            return batch
        if not up:
            return self._lanes.take_backlog(now, items, INTERACTIVE_BYTES_MAX)
        if not pace.may_send(now, sum(flight.backlog for flight in self.under_way)):
            return []
        return self._lanes.take_backlog(now, BATCH_ITEMS_MAX, min(pace.batch_bytes, BATCH_BYTES_MAX))

    def until_due(self, now: float) -> float | None:
        """How long until something is due without a bell; ``None``: nothing is."""
        ready = self._lanes.ready(now)
        moments = [self._lanes.next_wake(), self._carrying.pace.not_before if ready else None]
        later = [moment for moment in moments if moment is not None and moment > now]
        if self._pulse.up:
            return max(0.01, min(later) - now) if later else None
        if ready:
            return max(0.01, self._pulse.next_probe_at() - now)
        return max(0.01, max(min(later), self._pulse.next_probe_at()) - now) if later else None

    # -- one exchange ---------------------------------------------------------------------------------------------

    async def _fly(self, flight: Flight) -> None:
        flight.begun = True
        try:
            await self._exchange(flight)
        except LineBroken as error:
            await self._broken(flight, error)
        except LineRefused as error:
            await self._refused(flight, error)
        except JournalUnavailable:
            # the answers are lost to us, or the packets could not be read: later, when the disk is back
            self._lost(flight, flight.attempt.left)
            self._rest(flight, time.monotonic() + JOURNAL_RETRY_S)
        except asyncio.CancelledError:
            self._lost(flight, flight.attempt.left)
            self._pulse.stopped()
            raise
        except Exception:  # noqa: BLE001 -- a fault of ours in one batch must not stop the other lanes, nor spin on this one
            _log.exception("an exchange failed inside", items=len(flight.batch))
            self._lost(flight, flight.attempt.left)
            await self._suspect(flight)
        finally:
            self.under_way.discard(flight)
            try:
                self._lanes.landed(flight.batch)
            finally:
                self.landed()

    async def _exchange(self, flight: Flight) -> None:
        items, digests = ({}, {}) if flight.given_up else await self._items(flight.batch)
        if not items:
            self._pulse.stopped()
            return
        journal, carrying = self._journal, self._carrying
        batch = Batch(
            version=WIRE_VERSION, institution=self._institution, sent_at=self._now(), items=list(items.values()),
            life=journal.life, head=journal.head, run=self._line.run,
        )  # fmt: skip
        began = time.monotonic()
        answer: BatchAnswer = await self._line.exchange(
            batch, flight.attempt, Level.BACKLOG if flight.backlog else None
        )
        flight.receiving = True
        receipt = await self._answers.verify(batch, answer)
        self.heard()
        carrying.suspicion.answered(flight.batch)
        if flight.backlog:
            carrying.pace.finished(flight.size, time.monotonic() - began)
        sent = [work for work in flight.batch if work.key in items]
        await self._answers.take(sent, digests, answer.answers, receipt, carrying)

    async def _items(self, batch: list[Work]) -> tuple[dict[int, Item], dict[int, bytes]]:
        """What goes on the line, by key, in the batch's order, without what is gone meanwhile; and the entries' digests."""
        entries = [work.key for work in batch if work.key > 0]
        kept = await self._journal.sendables(entries) if entries else {}
        items: dict[int, Item] = {}
        for work in batch:
            if self._lanes.get(work.key) is not work:
                continue
            if isinstance(work.item, Transaction):
                items[work.key] = work.item
            elif work.key in kept:
                items[work.key] = item_of(kept[work.key], ask=work.ask)
        return items, {key: entry.digest for key, entry in kept.items()}

    # -- its ends -------------------------------------------------------------------------------------------------

    async def _broken(self, flight: Flight, error: LineBroken) -> None:
        self._lost(flight, error.left or flight.receiving)  # what breaks now may be the asking for a signer
        if flight.backlog:
            self._carrying.pace.broke()
        known_bad = flight.suspect and time.monotonic() - self.heard_at < SUSPECT_SILENCE_S_MAX
        if not known_bad:
            self.broke(flight.attempt.began_at, error.code)
        if error.left and error.code == LINE_DOWN:
            await self._suspect(flight, resting=known_bad)

    async def _refused(self, flight: Flight, error: LineRefused) -> None:
        self._lost(flight, flight.receiving)
        now, spread = time.monotonic(), random.random()  # noqa: S311 -- it spreads retries, no more
        if error.code != "hub_busy":
            self.broke(flight.attempt.began_at, error.code)
            return
        self.heard()
        if flight.backlog:
            self._carrying.pace.busy(now, error.retry_after_s, spread)
        for work in flight.batch:
            work.code = error.code
        for name in {work.lane for work in flight.batch if not flight.backlog}:
            until = _BACKOFF.next_at(self._lanes.attempts(name), now, spread)
            assert until is not None  # this one never parks
            self._lanes.rest(name, until)

    async def _suspect(self, flight: Flight, *, resting: bool = True) -> None:
        """It may be one of these entries that breaks what it is in."""
        self._pulse.stopped()
        try:
            for work in self._carrying.suspicion.broke(flight.batch):
                await self._answers.park(work, "breaks_exchanges", self._carrying)
        except JournalUnavailable:
            _log.error("an entry could not be parked")
        if resting:
            now, spread = time.monotonic(), random.random()  # noqa: S311 -- it spreads retries, no more
            for name in {work.lane for work in flight.batch}:
                until = _BACKOFF.next_at(self._lanes.attempts(name), now, spread)
                assert until is not None  # this one never parks
                self._lanes.rest(name, until)

    def _rest(self, flight: Flight, until: float) -> None:
        self._pulse.stopped()
        for work in flight.batch:
            self._lanes.rest(work.lane, until)

    def _lost(self, flight: Flight, left: bool) -> None:
        for work in flight.batch:
            work.left = work.left or left
