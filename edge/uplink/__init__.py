"""SHELL: carries what the journal holds to the hub, and brings the answers home.

Rules
    * Which work goes next is decided in ``lanes.py``, how much of the journal is at hand in ``window.py``, how fast in ``pace.py``, what is
      known of the line in ``pulse.py``, which entry is parked in ``suspicion.py``; all five are pure.
    * All answers of a batch are recorded in one commit before anyone who waits is told, and nothing without a receipt that holds.
    * Sending an entry again is always safe. A fence is withdrawn only if it has certainly not left; an exchange that is still
      connecting is given up for that.
    * Memory does not grow with what waits: what nobody waits for is read from the journal as it can be sent.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from central_sync.wire.limits import PACKET_BYTES_MAX
from central_sync.wire.messages import ItemAnswer, Transaction
from edge.events import Event, Events
from edge.journal import Journal, Standing, lane_key
from edge.limits import ATTEMPT_PATIENCE_S, JOURNAL_RETRY_S
from edge.line import Line
from edge.outcome import Outcome
from edge.uplink.answers import Answers, Carrying, Verify
from edge.uplink.items import CYCLE_LANE
from edge.uplink.lanes import Lanes, Work
from edge.uplink.loading import Loader
from edge.uplink.pace import Pace
from edge.uplink.pulse import LINE_DOWN, Pulse
from edge.uplink.sending import Flights
from edge.uplink.suspicion import Suspicion
from edge.waiting import Waiting

_log = structlog.get_logger(__name__)
CASE_HELD = "case_held"


class Uplink:
    """Carries entries and reads. ``came_up`` is set while the line is up.

    Args:
        institution: the code that this edge was enrolled for.
        line: started by the caller.
        journal: open.
        waiting: who is woken after each commit.
        events: told of every outcome and of the line's changes.
        verify: the check of the hub's receipts.
        now: the wall clock.
    """

    def __init__(
        self,
        institution: str,
        line: Line,
        journal: Journal,
        waiting: Waiting,
        events: Events,
        verify: Verify,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._journal = journal
        self._events = events
        self._now = now
        self._lanes = Lanes(aside={lane_key(CYCLE_LANE)})
        self._pulse = Pulse()
        self._pace = Pace()
        self._bell = asyncio.Event()
        self._loader = Loader(journal, self._lanes, self._bell.set)
        self._window = self._loader.window
        self._suspicion = Suspicion()
        carrying = Carrying(self._lanes, self._window, self._pace, self._suspicion)
        self._answers = Answers(journal, waiting, events, now, verify)
        self._flights = Flights(institution, line, journal, self._answers, carrying, self._pulse, now)
        self._answers.told = self._tell_reader
        self._flights.landed, self._flights.heard, self._flights.broke = self._bell.set, self.heard, self.broke
        self._reads: dict[int, asyncio.Future[ItemAnswer]] = {}
        self._last_read = 0
        self._dispatcher: asyncio.Task[None] | None = None
        self.came_up = asyncio.Event()

    async def start(self) -> None:
        """Begin to send, what an earlier life left open first."""
        self._loader.start()
        self._dispatcher = asyncio.create_task(self._dispatch(), name="uplink")

    async def stop(self) -> None:
        """Stop sending; what is under way is given up and stays open. Safe to call twice."""
        dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is None:
            return
        dispatcher.cancel()
        await asyncio.gather(dispatcher, return_exceptions=True)
        await self._loader.stop()
        await self._flights.stop()

    async def _dispatch(self) -> None:
        while True:
            self._bell.clear()
            now = time.monotonic()
            try:
                self._loader.look(sending=self._pulse.may_send(now))
                self._flights.begin(now)
                due_s = self._flights.until_due(now)
            except Exception:  # noqa: BLE001 -- a fault of ours in one entry must not end all sending without a word
                _log.exception("the uplink failed inside")
                await asyncio.sleep(JOURNAL_RETRY_S)
                continue
            try:
                # not wait_for: when the bell rings at that moment, the one of Python 3.11 swallows the cancellation of a stop
                async with asyncio.timeout(due_s):
                    await self._bell.wait()
            except TimeoutError:
                continue

    # -- what is known of the line --------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """Whether the hub answered last time."""
        return self._pulse.up

    @property
    def down(self) -> bool:
        """Whether it has failed for so long that nobody need wait for it."""
        return self._pulse.known_down

    @property
    def trouble(self) -> str:
        """Why not, as a refusal code; empty while up."""
        return self._pulse.trouble

    @property
    def in_hand(self) -> int:
        """How much is not yet receipted, reads included."""
        return max(len(self._lanes), self._journal.open_count)

    @property
    def at_hand(self) -> int:
        """How much of it is in memory."""
        return len(self._lanes)

    @property
    def contradictions(self) -> int:
        """How often the hub said otherwise than the journal, since the start."""
        return self._answers.contradictions

    def hopeless(self, since: float, *, patient: bool) -> bool:
        """Whether it is vain to wait on since ``since`` (monotonic): see :meth:`Pulse.hopeless`."""
        return self._pulse.hopeless(since, patient=patient)

    def heard(self) -> None:
        """The hub answered, here or on the downlink."""
        now = time.monotonic()
        self._flights.heard_at = now
        self._suspicion.heard += 1
        down_s = self._pulse.down_s(now)
        if self._pulse.succeeded():
            self._pace.came_back(now, down_s, random.random())  # noqa: S311 -- it spreads retries, no more
            self.came_up.set()
            self._tell_line()
        self._bell.set()

    def broke(self, began_at: float, trouble: str = LINE_DOWN) -> None:
        """An exchange that began at ``began_at`` got nothing; not believed if the hub was heard since."""
        if self._flights.heard_at > began_at and trouble == LINE_DOWN:
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

    def carry(
        self, standing: Standing, size: int, *, urgent: bool = True, dormant: bool = False, ask: bool = False
    ) -> None:
        """Take an entry that was just appended, in the order of the journal. ``urgent``: somebody waits for it. ``dormant``: it stays, and what
        follows it in its lane, until :meth:`wake` or :meth:`withdraw`. ``ask``: only ask what became of it.
        """
        try:
            self._carry(standing, size, urgent=urgent, dormant=dormant, ask=ask)
        except Exception:  # noqa: BLE001 -- a fault of ours must not leave it lying until the next start: it is read from the journal
            _log.exception("an entry could not be carried as it came", number=standing.number)
            self._window.left_out(standing.seq)
        self._hasten()

    def _carry(self, standing: Standing, size: int, *, urgent: bool, dormant: bool, ask: bool) -> None:
        seq, lane = standing.seq, lane_key(standing.lane)
        if self._lanes.get(seq) is not None:
            return
        urgent = urgent and not ask
        if not urgent and not ask and (self._loader.crowded or self._lanes.beyond(lane, seq)):
            self._window.left_out(seq)
            return
        self._enter(
            Work(
                key=seq, lane=lane, number=standing.number, size=size, urgent=urgent, dormant=dormant, ask=ask, left=ask
            )
        )
        self._window.arrived(seq)

    def wake(self, seq: int) -> None:
        """What was carried dormant may leave."""
        self._lanes.wake(seq)
        self._hasten()

    def _enter(self, work: Work) -> None:
        """Put it in its lane; if older entries may be in the journal only, they are looked up first."""
        self._lanes.add(work)
        if self._window.outside:
            self._lanes.cut(work.lane)

    @contextmanager
    def reading(self, item: Transaction) -> Iterator[tuple[int, asyncio.Future[ItemAnswer]]]:
        """Carry a read for the length of the block: its key, and the future of its answer."""
        self._last_read -= 1
        key = self._last_read
        future: asyncio.Future[ItemAnswer] = asyncio.get_running_loop().create_future()
        self._reads[key] = future
        work = Work(
            key=key, lane=lane_key(item.lane), number=item.number, size=len(item.packet), urgent=True, item=item,
            order=self._window.newest + 0.5,
        )  # fmt: skip
        if item.hid:
            self._enter(work)
        else:
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
        flight = self._flights.of(work)
        if flight and not flight.receiving and all(self._lanes.get(one.key) is None for one in flight.batch):
            flight.give_up()

    def _tell_reader(self, key: int, receipt: ItemAnswer) -> None:
        future = self._reads.get(key)
        if future is not None and not future.done():
            future.set_result(receipt)

    def withdraw(self, seq: int) -> bool:
        """Stop an entry for good, if it has certainly not left. False: it may have, or it is done."""
        work = self._lanes.get(seq)
        if work is None or not self.unsent(seq):
            return False
        flight = self._flights.of(work)
        if flight is not None:
            flight.give_up()
        self._lanes.remove(seq)
        self._window.gone(seq)
        return True

    def unsent(self, seq: int) -> bool:
        """Whether an entry that is not done has certainly not left."""
        work = self._lanes.get(seq)
        if work is None or work.left:
            return False
        flight = self._flights.of(work)
        return flight is None or not (flight.attempt.left or flight.receiving)

    def doubt(self, seq: int) -> None:
        """From now on, ask what became of it instead of sending it."""
        work = self._lanes.get(seq)
        if work is None:
            return
        work.ask = True
        flight = self._flights.of(work)
        if flight is not None and not flight.attempt.left:
            flight.give_up()  # it would send what is only to be asked
        self.calm(seq)

    def ask(self, standing: Standing) -> None:
        """Ask what became of it, whether it is at hand or not, and whatever it waited for."""
        self.doubt(standing.seq)
        self._lanes.wake(standing.seq)
        self.carry(standing, 0, ask=True)

    def hurry(self, standing: Standing) -> None:
        """Somebody waits for it, again: do not stand on an exchange that hangs."""
        seq = standing.seq
        work = self._lanes.get(seq)
        if work is None:
            if not self._window.outside or seq <= self._window.upto or standing.parked:
                return  # it is done, or a person has to let it go
            ask = standing.outcome is Outcome.IN_DOUBT
            size = 0 if ask else PACKET_BYTES_MAX // 4
            self._enter(
                Work(key=seq, lane=lane_key(standing.lane), number=standing.number, size=size, ask=ask, left=True)
            )
        self._lanes.hurry(seq)
        flight = self._flights.of(work) if work else None
        if flight and not flight.receiving and time.monotonic() - flight.attempt.began_at > ATTEMPT_PATIENCE_S:
            flight.give_up()
        self._hasten()

    def calm(self, seq: int) -> None:
        """Nobody waits for it any more."""
        work = self._lanes.get(seq)
        if work is None:
            return
        self._lanes.calm(seq)
        if self._loader.crowded or self._lanes.beyond(work.lane, work.order):
            for spilled in self._lanes.spill(work.lane):
                self._window.left_out(spilled)
        self._bell.set()

    def held(self, key: int) -> bool:
        """Whether it stands behind a parked entry of its case."""
        work = self._lanes.get(key)
        return work is not None and self._lanes.held(work.lane, work.order)

    def parked(self, standing: Standing) -> None:
        """A person parked an open entry: it is not sent until it is released. If it is under way now, its answer still counts."""
        lane = lane_key(standing.lane)
        work = self._lanes.get(standing.seq)
        flight = self._flights.of(work) if work else None
        if flight is not None and not flight.receiving and len(flight.batch) == 1:
            flight.give_up()
        self._lanes.park(lane, standing.seq)
        self._window.gone(standing.seq)
        self._bell.set()

    def released(self, standing: Standing) -> None:
        """A person let a parked entry go: it and what stood behind it are carried again."""
        self._lanes.unpark(lane_key(standing.lane), standing.seq)
        self._window.released()
        self._hasten()

    def why(self, key: int) -> str:
        """The refusal code that says best why work of that key is not done."""
        work = self._lanes.get(key)
        if work is not None and self._lanes.held(work.lane, work.order):
            return CASE_HELD
        return self._pulse.trouble or (work.code if work else "") or LINE_DOWN

    def _hasten(self) -> None:
        self._pulse.hurry(time.monotonic())
        self._bell.set()
