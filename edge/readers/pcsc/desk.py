"""SHELL: one reader as the loop sees it: how it stands, what was told of it, and its reads, one after the other.

While a read has the card, changes wait until it has ended or failed; a read that goes on although its card left is failed. A worker that nobody waits
for any more is left behind: the next read gets another one, ``LEFT_MAX`` of them at most, and the reader's trouble is ``reader_stuck``.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

import structlog

from central_sync.wire.refusals import Refused
from edge.readers import OnEvent, ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.pcsc.seat import Seat
from edge.readers.pcsc.standing import Standing, steps
from edge.readers.pcsc.worker import Identify, Outcome, Worker

GONE_S_MAX = 1.5
"""How long a read may go on whose card or reader has gone."""
BACK_S_MAX = 1.0
"""How long a read waits for a worker that an earlier one left."""
STUCK_S = 3.0
"""A worker that does not come back for so long is stuck."""
LEFT_MAX = 3
FAILED = ("service_down", "library_missing", "reader_failed", "reader_forbidden")
"""Troubles of a reader that is not connected, and not because it is unplugged."""
DRIVER = "pcsc"
log = structlog.get_logger()


def lost(trouble: str) -> Refused:
    """Why a reader with this ``trouble`` cannot be read."""
    return Refused("reader_failed" if trouble in FAILED else "reader_lost", trouble)


class Desk:
    """The reader ``name``. ``on_loop`` calls a function in the loop, from any thread."""

    def __init__(self, name: str, tell: OnEvent, identify: Identify, on_loop: Callable[..., None]) -> None:
        self.name = name
        self._tell = tell
        self._identify = identify
        self._on_loop = on_loop
        self._at = Standing()
        self._seen = Standing()
        self._stopped = False
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._reading: asyncio.Future[Outcome] | None = None
        self._holding = False
        self._out: dict[Worker, float] = {}
        self._seat: Seat | None = None

    @property
    def source(self) -> str:
        """The service's name of the reader, empty if it was never found or is away."""
        return self._seen.source

    def state(self) -> ReaderState:
        """How it stands."""
        now = time.monotonic()
        stuck = self._at.connected and any(now - left > STUCK_S for left in self._out.values())
        return ReaderState(
            name=self.name,
            driver=DRIVER,
            connected=self._at.connected,
            card_present=self._at.present,
            trouble="reader_stuck" if stuck else self._at.trouble,
        )

    def see(self, standing: Standing) -> None:
        """It now looks like ``standing``; what is new is told as soon as no read has the card."""
        self._seen = standing
        if not self._holding:
            self._say()
        elif self._reading is not None and steps(self._at, standing):
            refused = Refused("card_removed") if standing.connected else lost(standing.trouble)
            asyncio.get_running_loop().call_later(GONE_S_MAX, _fail, self._reading, refused)

    def stop(self) -> None:
        """End the read under way and those that wait; nothing is told any more."""
        self._stopped = True
        self._changed.set()
        if self._reading is not None:
            _fail(self._reading, Refused("reader_lost", "the program stops"))
        self._keep(None)

    async def read(self, deadline_s: float, wanted: Wanted) -> CardIdentity:
        """The card, waiting for it at most ``deadline_s`` seconds.

        Raises:
            Refused: one of ``READ_REFUSALS``.
        """
        if self._at.trouble and not self._at.connected:
            raise lost(self._at.trouble)
        ends = asyncio.get_running_loop().time() + deadline_s
        try:
            async with asyncio.timeout_at(ends):
                await self._turn.acquire()
        except TimeoutError as error:
            raise self._late() from error
        try:
            async with asyncio.timeout_at(ends):
                await self._ready()
            return await self._read(ends, wanted)
        except TimeoutError as error:
            raise self._late() from error
        finally:
            self._turn.release()

    async def _ready(self) -> None:
        """Wait until there is a card that was told, and a worker may begin."""
        waited = False
        while True:
            self._changed.clear()
            if self._stopped:
                raise Refused("reader_lost", "the program stops")
            if not self._at.present or self._holding:
                await self._changed.wait()
            elif self._out and not waited:
                await self._all_back()
                waited = True
            elif len(self._out) >= LEFT_MAX:
                raise Refused("reader_failed", "its driver does not come back from earlier calls")
            else:
                return

    async def _all_back(self) -> None:
        """Wait for workers that earlier reads left, but not for long."""
        until = asyncio.get_running_loop().time() + BACK_S_MAX
        while self._out:
            self._changed.clear()
            waiting = asyncio.ensure_future(self._changed.wait())
            done, _ = await asyncio.wait([waiting], timeout=until - asyncio.get_running_loop().time())
            waiting.cancel()
            if not done:
                log.warning("a card reader's driver does not come back", reader=self.name, driver=DRIVER)
                return

    async def _read(self, ends: float, wanted: Wanted) -> CardIdentity:
        """The card that is there."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Outcome] = loop.create_future()
        ends_at = time.monotonic() + ends - loop.time()
        worker = Worker(self._take_seat(), self._at.source, self._identify, wanted, ends_at)
        self._holding, self._reading = True, result
        self._out[worker] = math.inf
        try:
            worker.start(lambda outcome: self._on_loop(self._ended, worker, result, outcome))
            await asyncio.wait([result], timeout=ends - loop.time())
            if not result.done():
                shared = worker.sharing and len(self._out) == 1  # with others, and not with a worker that was left
                raise Refused("reader_busy" if shared else "card_slow", "before the deadline")
            outcome = result.result()
        finally:
            self._reading = None
            if worker in self._out:
                worker.leave()
                self._out[worker] = time.monotonic()
            # Twice: whoever waits for this read goes on before anybody hears that its card is gone.
            loop.call_soon(loop.call_soon, self._let_go)
        if outcome.identity is None:
            raise outcome.refused or Refused("card_unreadable")
        return outcome.identity

    def _ended(self, worker: Worker, result: asyncio.Future[Outcome], outcome: Outcome) -> None:
        """In the loop: ``worker`` is back, perhaps long after its read."""
        self._out.pop(worker, None)
        if self._stopped:
            worker.seat.end()
        else:
            self._keep(worker.seat)
        if not result.done():
            result.set_result(outcome)
        self._changed.set()

    def _take_seat(self) -> Seat:
        """The seat that is free, or a new one.

        Raises:
            Refused: ``reader_failed``.
        """
        seat, self._seat = self._seat, None
        if seat is None:
            seat = Seat(self.name)
            try:
                seat.start()
            except RuntimeError as error:
                raise Refused("reader_failed", "no thread can be started") from error
        return seat

    def _keep(self, seat: Seat | None) -> None:
        """Keep ``seat`` for the next read, in place of the one that was kept."""
        if self._seat is not None:
            self._seat.end()
        self._seat = seat

    def _let_go(self) -> None:
        self._holding = False
        self._say()

    def _say(self) -> None:
        if self._stopped:
            return
        for change, at in steps(self._at, self._seen):
            self._at = at
            log.info("a card reader changed", reader=self.name, driver=DRIVER, state=str(change))
            self._tell(ReaderEvent(change=change, state=self.state()))
        self._at = self._seen
        self._changed.set()

    def _late(self) -> Refused:
        """Why there is no identity at the deadline."""
        if not self._at.connected:
            return lost(self._at.trouble)
        return Refused("card_slow" if self._at.present else "card_absent", "before the deadline")


def _fail(result: asyncio.Future[Outcome], refused: Refused) -> None:
    if not result.done():
        result.set_result(Outcome(refused=refused))
