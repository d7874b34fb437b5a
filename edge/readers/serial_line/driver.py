"""SHELL: a reader on a serial port, as the port of readers wants it: the loop's side of ``worker.py``.

The worker tells how the reader is; here that becomes states and events, in the loop. What the worker does one after the other is told in that order: an
insertion before the read that it allows has ended, a removal after. A worker whose sign of life stays away is left behind and another one takes
its place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import structlog

from central_sync.wire.refusals import Refused
from edge.readers import STOP_S_MAX, Change, OnEvent, ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.serial_line.address import SDT, LineAddress
from edge.readers.serial_line.port import Port, open_port
from edge.readers.serial_line.sam import SamReader
from edge.readers.serial_line.scanner import Scanner
from edge.readers.serial_line.worker import Device, Line, Snapshot, Task, Worker, refusal

STUCK_S = 5.0
LOOK_S = 0.25
LEFT_BEHIND_MAX = 4
NO_USE_TO_WAIT = ("library_missing", "reader_forbidden", "reader_busy")
"""Troubles that do not pass within a read's deadline."""
ENDING_S_MAX = STOP_S_MAX - 0.5
log = structlog.get_logger()


class SerialReader:
    """One reader on one serial port."""

    driver = "serial_line"

    def __init__(
        self,
        name: str,
        address: LineAddress,
        on_event: OnEvent,
        opens: Callable[[str, int], Port] = open_port,
        stuck_s: float = STUCK_S,
    ) -> None:
        self.name = name
        self._address = address
        self._on_event = on_event
        self._opens = opens
        self._stuck_s = stuck_s
        self._now = Snapshot(connected=False, present=False)
        self._worker: Worker | None = None
        self._left_behind: list[Worker] = []
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch the port."""
        self._begin_worker()
        self._supervisor = asyncio.create_task(self._supervise(), name=f"reader {self.name}")

    async def stop(self) -> None:
        """End watching; a worker that does not end in time is left behind."""
        worker, self._worker = self._worker, None
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
            self._supervisor = None
        if worker is None:
            return
        worker.leave()
        worker.refuse_all(Refused("reader_lost", "the readers are being stopped"))
        await asyncio.to_thread(worker.join, ENDING_S_MAX)
        self._now = Snapshot(connected=False, present=False)

    def states(self) -> list[ReaderState]:
        """How it is now."""
        return [self._state()]

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        """Read the card, waiting for one at most ``deadline_s`` seconds.

        Raises:
            Refused: see ``edge.readers.READ_REFUSALS``.
        """
        if reader != self.name:
            raise Refused("reader_unknown")
        worker = self._worker
        if worker is None or self._now.trouble in NO_USE_TO_WAIT:
            raise refusal(self._now.trouble)
        task, taken = Task(wanted), False
        worker.submit(task)
        try:
            async with asyncio.timeout(deadline_s):
                identity = await asyncio.wrap_future(task.future)
            taken = True
        except TimeoutError as error:
            raise task.meanwhile or self._too_late() from error
        finally:
            if not taken and not task.future.cancel() and task.future.exception() is None:
                worker.take_back(task.future.result())
        return identity

    def _too_late(self) -> Refused:
        if not self._now.connected:
            return refusal(self._now.trouble)
        if self._now.present:
            return Refused("card_slow", "before the deadline")
        return Refused("card_absent", "before the deadline")

    # -- the worker, and what it tells --------------------------------------------------------------------------------

    def _begin_worker(self) -> None:
        loop, address = asyncio.get_running_loop(), self._address

        def told(snapshot: Snapshot) -> None:
            try:
                loop.call_soon_threadsafe(self._told, worker, snapshot)
            except RuntimeError:
                return  # the loop has ended, and nobody is left to be told

        worker = Worker(self.name, lambda: self._opens(address.port, address.speed), self._device, told)
        self._worker = worker
        worker.start()

    def _device(self, line: Line) -> Device:
        if self._address.kind == SDT:
            return SamReader(line, y2023=self._address.y2023)
        return Scanner(line, self._address)

    async def _supervise(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._left_behind = [worker for worker in self._left_behind if worker.alive]
            worker = self._worker
            if worker is None:
                if len(self._left_behind) < LEFT_BEHIND_MAX:
                    self._begin_worker()
            elif time.monotonic() - worker.beat > self._stuck_s:
                log.warning("a card reader's driver does not come back; another worker takes over", reader=self.name)
                self._worker = None
                self._left_behind.append(worker)
                worker.leave()
                worker.refuse_all(Refused("reader_failed", "reader_stuck"))
                asyncio.get_running_loop().call_soon(
                    self._told, None, Snapshot(connected=False, present=False, trouble="reader_stuck")
                )

    def _told(self, worker: Worker | None, snapshot: Snapshot) -> None:
        """A read that ended before this was told has woken up when the loop comes round once more."""
        asyncio.get_running_loop().call_soon(self._take, worker, snapshot)

    def _take(self, worker: Worker | None, snapshot: Snapshot) -> None:
        if worker is not self._worker or self._supervisor is None:
            return  # it was left behind, or the driver was stopped
        stuck = any(left.alive for left in self._left_behind)
        if stuck and not snapshot.connected:
            snapshot = snapshot._replace(trouble="reader_stuck")
        self._apply(snapshot)

    def _apply(self, snapshot: Snapshot) -> None:
        before, self._now = self._now, snapshot
        for change in _changes(before, snapshot):
            log.info("a card reader changed", reader=self.name, driver=self.driver, change=str(change))
            self._on_event(ReaderEvent(change=change, state=self._state()))

    def _state(self) -> ReaderState:
        now = self._now
        return ReaderState(
            name=self.name,
            driver=self.driver,
            connected=now.connected,
            card_present=now.present,
            trouble=now.trouble,
        )


def _changes(before: Snapshot, now: Snapshot) -> list[Change]:
    """What is to be told, in order."""
    changes = []
    if before.present and not now.present:
        changes.append(Change.REMOVED)
    if before.connected != now.connected:
        changes.append(Change.READER_BACK if now.connected else Change.READER_LOST)
    if now.present and not before.present:
        changes.append(Change.INSERTED)
    return changes
