"""SHELL: carries what the journal holds to the hub, and brings the answers home.

Rules
    * Which work goes next is decided in ``lanes.py``, what is known of the line in ``pulse.py``; both are pure.
    * All answers of a batch are recorded in one commit before anyone who waits is told.
    * Sending an entry again is always safe. A fence is withdrawn only if it has certainly not left; an exchange that is still
      connecting is given up for that.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from central_sync.wire.limits import BATCH_BYTES_MAX, BATCH_ITEMS_MAX, WIRE_VERSION
from central_sync.wire.messages import Batch, BatchAnswer, Item, ItemAnswer, Transaction, Verdict
from edge.errors import JournalUnavailable, LineBroken, LineRefused
from edge.events import Event, Events, Waiting, outcome_event
from edge.journal import Journal, Received, Standing, lane_key
from edge.limits import (
    ATTEMPT_PATIENCE_S,
    BACKLOG_WORKERS,
    JOURNAL_RETRY_S,
    LANE_RETRY_CAP_S,
    LANE_RETRY_FIRST_S,
    WORKERS,
)
from edge.line import Attempt, Line
from edge.retry import Backoff
from edge.uplink.items import item_of, work_of
from edge.uplink.lanes import Lanes, Work
from edge.uplink.pulse import LINE_DOWN, Pulse

_log = structlog.get_logger(__name__)
_LANE_BACKOFF = Backoff(LANE_RETRY_FIRST_S, LANE_RETRY_CAP_S)


class _Flight:
    """One batch under way. ``receiving``: its answers are here and must not be given up."""

    def __init__(self, batch: list[Work], *, backlog: bool) -> None:
        self.batch = batch
        self.backlog = backlog
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


class Uplink:
    """Carries entries and reads. ``came_up`` is set while the line is up.

    Args:
        institution: the code that this edge was enrolled for.
        line: started by the caller.
        journal: open.
        waiting: who is woken after each commit.
        events: told of every outcome and of the line's changes.
        now: the wall clock.
    """

    def __init__(
        self,
        institution: str,
        line: Line,
        journal: Journal,
        waiting: Waiting,
        events: Events,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._institution = institution
        self._line = line
        self._journal = journal
        self._waiting = waiting
        self._events = events
        self._now = now
        self._lanes = Lanes()
        self._pulse = Pulse()
        self._heard_at = float("-inf")
        self._bell = asyncio.Event()
        self._flights: set[_Flight] = set()
        self._reads: dict[int, asyncio.Future[ItemAnswer]] = {}
        self._last_read = 0
        self._dispatcher: asyncio.Task[None] | None = None
        self.came_up = asyncio.Event()

    async def start(self) -> None:
        """Take up what an earlier life left open, then begin to send.

        Raises:
            JournalUnavailable: the journal cannot be read or written.
        """
        after = 0
        while entries := await self._journal.waiting(after, BATCH_ITEMS_MAX):
            after = entries[-1].seq
            for entry in entries:
                self._lanes.add(work_of(entry))
        self._dispatcher = asyncio.create_task(self._dispatch(), name="uplink")

    async def stop(self) -> None:
        """Stop sending; what is under way is given up and stays pending. Safe to call twice."""
        dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is None:
            return
        dispatcher.cancel()
        tasks = [flight.task for flight in self._flights if flight.task is not None]
        for flight in tuple(self._flights):
            if not flight.receiving:
                flight.give_up()
        await asyncio.gather(dispatcher, *tasks, return_exceptions=True)

    # -- what is known of the line --------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """Whether the hub answered last time."""
        return self._pulse.up

    @property
    def down(self) -> bool:
        """Whether it was tried, and in vain."""
        return not self._pulse.up and self._pulse.failures > 0

    @property
    def trouble(self) -> str:
        """Why not, as a refusal code; empty while up."""
        return self._pulse.trouble

    @property
    def in_hand(self) -> int:
        """How much is not yet receipted, reads included."""
        return len(self._lanes)

    def hopeless_since(self, since: float) -> bool:
        """Whether the line is down and was tried in vain after ``since`` (monotonic)."""
        return self._pulse.hopeless_since(since)

    def heard(self) -> None:
        """The hub answered, here or on the downlink."""
        self._heard_at = time.monotonic()
        if self._pulse.succeeded():
            self.came_up.set()
            self._tell_line()
        self._bell.set()

    def broke(self, began_at: float, trouble: str = LINE_DOWN) -> None:
        """An exchange that began at ``began_at`` got nothing; not believed if the hub was heard since."""
        if self._heard_at > began_at and trouble == LINE_DOWN:
            self._pulse.stopped()
            return
        if self._pulse.failed(time.monotonic(), random.random(), trouble):  # noqa: S311 -- it spreads retries, no more
            self.came_up.clear()
            self._tell_line()

    def _tell_line(self) -> None:
        state = "up" if self._pulse.up else "down"
        _log.info("the line has changed", line=state, code=self._pulse.trouble)
        self._events.publish(Event(kind="line", at=self._now(), data={"line": state, "code": self._pulse.trouble}))

    # -- work -----------------------------------------------------------------------------------------------------

    def carry(self, standing: Standing, size: int, *, urgent: bool = True, ask: bool = False) -> None:
        """Take an entry that was just appended. ``urgent``: somebody waits for it. ``ask``: only ask what became of it."""
        if self._lanes.get(standing.seq) is None:
            self._lanes.add(
                Work(
                    key=standing.seq, lane=lane_key(standing.lane), number=standing.number,
                    size=size, urgent=urgent and not ask, ask=ask, left=ask,
                )
            )  # fmt: skip
        self._hasten()

    @contextmanager
    def reading(self, item: Transaction) -> Iterator[tuple[int, asyncio.Future[ItemAnswer]]]:
        """Carry a read for the length of the block: its key, and the future of its answer."""
        self._last_read -= 1
        key = self._last_read
        future: asyncio.Future[ItemAnswer] = asyncio.get_running_loop().create_future()
        self._reads[key] = future
        work = Work(
            key=key, lane=lane_key(item.lane), number=item.number, size=len(item.packet), urgent=True, item=item
        )
        self._lanes.add(work)
        self._hasten()
        try:
            yield key, future
        finally:
            self._reads.pop(key, None)
            self._lanes.remove(key)
            future.cancel()
            self._abandon(work)

    def _abandon(self, work: Work) -> None:
        """Nobody waits for this read: an exchange that carries nothing else must not hold its lane."""
        flight = self._flight_of(work)
        if flight and not flight.receiving and all(self._lanes.get(one.key) is None for one in flight.batch):
            flight.give_up()

    def withdraw(self, seq: int) -> bool:
        """Stop an entry for good, if it has certainly not left. False: it may have, or it is done."""
        work = self._lanes.get(seq)
        if work is None or not self.unsent(seq):
            return False
        flight = self._flight_of(work)
        if flight is not None:
            flight.give_up()
        self._lanes.remove(seq)
        return True

    def carries(self, seq: int) -> bool:
        """Whether the entry was handed over and is not done."""
        return self._lanes.get(seq) is not None

    def unsent(self, seq: int) -> bool:
        """Whether an entry that is not done has certainly not left."""
        work = self._lanes.get(seq)
        if work is None or work.left:
            return False
        flight = self._flight_of(work)
        return flight is None or not (flight.attempt.left or flight.receiving)

    def doubt(self, seq: int) -> None:
        """From now on, ask what became of it instead of sending it."""
        work = self._lanes.get(seq)
        if work is None:
            return
        work.ask = True
        flight = self._flight_of(work)
        if flight is not None and not flight.attempt.left:
            flight.give_up()  # it would send what is only to be asked
        self.calm(seq)

    def hurry(self, seq: int) -> None:
        """Somebody waits for it, again: do not stand on an exchange that hangs."""
        work = self._lanes.get(seq)
        if work is None:
            return
        self._lanes.hurry(seq)
        flight = self._flight_of(work)
        if flight and not flight.receiving and time.monotonic() - flight.attempt.began_at > ATTEMPT_PATIENCE_S:
            flight.give_up()
        self._hasten()

    def calm(self, seq: int) -> None:
        """Nobody waits for it any more."""
        self._lanes.calm(seq)
        self._bell.set()

    def why(self, key: int) -> str:
        """The refusal code that says best why work of that key is not done."""
        work = self._lanes.get(key)
        return self._pulse.trouble or (work.code if work else "") or LINE_DOWN

    def _hasten(self) -> None:
        self._pulse.hurry(time.monotonic())
        self._bell.set()

    def _flight_of(self, work: Work) -> _Flight | None:
        if not work.in_flight:
            return None
        return next((flight for flight in self._flights if work in flight.batch), None)

    # -- sending --------------------------------------------------------------------------------------------------

    async def _dispatch(self) -> None:
        while True:
            self._bell.clear()
            now = time.monotonic()
            while len(self._flights) < WORKERS and self._pulse.may_send(now) and (batch := self._next_batch(now)):
                self._pulse.began(now)
                flight = _Flight(batch, backlog=not any(work.urgent for work in batch))
                self._flights.add(flight)
                flight.task = asyncio.create_task(self._fly(flight), name="exchange")
            try:
                # not wait_for: when the bell rings at that moment, the one of Python 3.11 swallows the cancellation of a stop
                async with asyncio.timeout(self._until_due(now)):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _next_batch(self, now: float) -> list[Work]:
        busy = sum(flight.backlog for flight in self._flights)
        share = WORKERS - len(self._flights) if self._pulse.up else WORKERS
        return self._lanes.take(now, BATCH_ITEMS_MAX, BATCH_BYTES_MAX, share, backlog=busy < BACKLOG_WORKERS)

    def _until_due(self, now: float) -> float | None:
        """How long until something is due without a bell; ``None``: nothing is."""
        if not len(self._lanes):
            return None
        if not self._pulse.up:
            return max(0.01, self._pulse.next_probe_at() - now)
        wake = self._lanes.next_wake()
        return None if wake is None else max(0.01, wake - now)

    async def _fly(self, flight: _Flight) -> None:
        flight.begun = True
        try:
            items = {} if flight.given_up else await self._items(flight.batch)
            if not items:
                self._pulse.stopped()
                return
            batch = Batch(
                version=WIRE_VERSION, institution=self._institution, sent_at=self._now(), items=list(items.values())
            )
            answer = await self._line.exchange(batch, flight.attempt)
            flight.receiving = True
            self.heard()
            await self._receive([work for work in flight.batch if work.key in items], answer)
        except LineBroken as error:
            self._lost(flight, error.left)
            self.broke(flight.attempt.began_at)
        except LineRefused as error:
            self.broke(flight.attempt.began_at, error.code)
        except JournalUnavailable:
            # the answers are lost to us, or the packets could not be read: later, when the disk is back
            self._lost(flight, flight.attempt.left)
            self._pulse.stopped()
            for work in flight.batch:
                self._lanes.rest(work.lane, time.monotonic() + JOURNAL_RETRY_S)
        except asyncio.CancelledError:
            self._lost(flight, flight.attempt.left)
            self._pulse.stopped()
            raise
        except Exception:  # noqa: BLE001 -- a fault of ours in one batch must not stop the other lanes, nor spin on this one
            _log.exception("an exchange failed inside", items=len(flight.batch))
            self._lost(flight, flight.attempt.left)
            self._pulse.stopped()
            for work in flight.batch:
                self._lanes.rest(work.lane, time.monotonic() + LANE_RETRY_CAP_S)
        finally:
            self._lanes.landed(flight.batch)
            self._flights.discard(flight)
            self._bell.set()

    def _lost(self, flight: _Flight, left: bool) -> None:
        for work in flight.batch:
            work.left = work.left or left

    async def _items(self, batch: list[Work]) -> dict[int, Item]:
        """What goes on the line, by key, in the batch's order; what is gone meanwhile is left out."""
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
        return items

    async def _receive(self, batch: list[Work], answer: BatchAnswer) -> None:
        received = []
        rest: dict[int, None] = {}
        for work, receipt in zip(batch, answer.answers, strict=True):
            if receipt.verdict is Verdict.AGAIN:
                work.code = receipt.code or "hub_fault"
                work.left = work.left or work.code == "hub_fault"  # perhaps just after its commit: only asking tells
                rest[work.lane] = None
                continue
            self._lanes.progressed(work.lane)
            if work.key < 0:
                self._tell_reader(work.key, receipt)
            else:
                received.append(Received(seq=work.key, number=work.number, answer=receipt))
        for lane in rest:
            until = _LANE_BACKOFF.next_at(self._lanes.attempts(lane), time.monotonic(), random.random())  # noqa: S311
            assert until is not None  # this one never parks
            self._lanes.rest(lane, until)
        if not received:
            return
        standings = await self._journal.receive(received, None, self._now())
        for one, standing in zip(received, standings, strict=True):
            self._lanes.remove(one.seq)
            known = standing or await self._journal.standing(one.seq)
            if known is not None:
                self._waiting.wake([known])
                self._events.publish(outcome_event(known, self._now()))

    def _tell_reader(self, key: int, receipt: ItemAnswer) -> None:
        self._lanes.remove(key)
        future = self._reads.get(key)
        if future is not None and not future.done():
            future.set_result(receipt)
