"""SHELL: the thread that owns one serial port: opens it, lets a device work with it, opens it again after trouble.

All that may block happens here. What it finds it hands to the driver as :class:`Snapshot`, through a callback that is safe to call from any thread.
``beat`` is the time of its last sign of life; when that stays away the driver leaves it behind: it then touches nothing but its own port, gives
that back as soon as it comes to itself, and ends.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import NamedTuple, Protocol

from msgspec import structs

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.serial_line.port import Port, PortTrouble

REOPEN_S = 0.5
TASKS_MAX = 64
_REFUSALS = {"": "reader_lost", "reader_absent": "reader_lost", "reader_busy": "reader_busy"}


class Snapshot(NamedTuple):
    """How the reader is. ``trouble``: a key of ``edge.readers.troubles.TROUBLES``, or nothing."""

    connected: bool
    present: bool
    trouble: str = ""


def refusal(trouble: str) -> Refused:
    """How a read ends that meets ``trouble``."""
    return Refused(_REFUSALS.get(trouble, "reader_failed"), trouble)


class Leaving(Exception):
    """The worker was asked to end."""


class Task:
    """A read that somebody waits for. ``meanwhile`` is why it has not been served yet."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.future: Future[CardIdentity] = Future()
        self.meanwhile: Refused | None = None

    @property
    def over(self) -> bool:
        """Whether nobody waits any more."""
        return self.future.done()

    def give(self, identity: CardIdentity) -> bool:
        """Whether somebody took it; the photo is left out for who did not want it."""
        given = identity if self.wanted.photo or not identity.photo else structs.replace(identity, photo=b"")
        try:
            self.future.set_result(given)
        except InvalidStateError:
            return False
        return True

    def refuse(self, why: Refused) -> None:
        """It fails, if somebody still waits."""
        try:
            self.future.set_exception(why)
        except InvalidStateError:
            return  # cancelled meanwhile: nobody is to be told


class Line(Protocol):
    """What a device may do with its worker."""

    port: Port

    def live(self) -> None:
        """Give a sign of life.

        Raises:
            Leaving: the worker was asked to end.
        """

    def seen(self, present: bool) -> None:
        """A card is there, or is not."""

    def waiting(self) -> list[Task]:
        """All reads that wait, in order."""
        ...

    def returned(self) -> CardIdentity | None:
        """What was given to somebody who had just gone."""
        ...


class Device(Protocol):
    """What hangs on the port."""

    def begin(self) -> None:
        """Find out whether it answers.

        Raises:
            PortTrouble: it does not.
        """

    def turn(self, task: Task | None) -> float:
        """Look once, or serve ``task``; how many seconds to wait before the next turn.

        Raises:
            PortTrouble: the port or the device is gone.
        """
        ...


class Worker:
    """One port and its thread. It may be started once."""

    def __init__(
        self,
        name: str,
        opens: Callable[[], Port],
        device: Callable[[Line], Device],
        told: Callable[[Snapshot], None],
    ) -> None:
        self.beat = 0.0
        self.port: Port
        self._opens = opens
        self._device = device
        self._told = told
        self._thread = threading.Thread(target=self._run, name=f"reader {name}", daemon=True)
        self._wanted = threading.Event()
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self._tasks: list[Task] = []
        self._returned: deque[CardIdentity] = deque(maxlen=1)
        self._last = Snapshot(connected=False, present=False)

    @property
    def alive(self) -> bool:
        """Whether the thread has not ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self.beat = time.monotonic()
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for its end, so long at most."""
        self._thread.join(seconds)

    def leave(self) -> None:
        """End as soon as possible; returns at once."""
        self._leaving.set()
        self._wanted.set()

    def submit(self, task: Task) -> None:
        """Serve ``task`` when those before it are served."""
        if len(self.waiting()) >= TASKS_MAX:
            return task.refuse(Refused("reader_busy", f"over {TASKS_MAX} reads stand in line"))
        with self._lock:
            self._tasks.append(task)
        self._wanted.set()
        return None

    def take_back(self, identity: CardIdentity) -> None:
        """``identity`` was given to a read that was cancelled in the same moment."""
        self._returned.append(identity)
        self._wanted.set()

    def returned(self) -> CardIdentity | None:
        """See :class:`Line`."""
        return self._returned.popleft() if self._returned else None

    def waiting(self) -> list[Task]:
        """See :class:`Line`. Reads that are over leave the line here."""
        with self._lock:
            self._tasks = [task for task in self._tasks if not task.over]
            return list(self._tasks)

    def refuse_all(self, why: Refused) -> None:
        """Every read that waits fails."""
        for task in self.waiting():
            task.refuse(why)

    def live(self) -> None:
        """See :class:`Line`."""
        self.beat = time.monotonic()
        if self._leaving.is_set():
            raise Leaving

    def seen(self, present: bool) -> None:
        """See :class:`Line`."""
        self._tell(Snapshot(connected=True, present=present))

    def _run(self) -> None:
        try:
            while True:
                trouble = self._use_port()
                self._tell(Snapshot(connected=False, present=False, trouble=trouble))
                self._rest(REOPEN_S)
        except Leaving:
            return

    def _use_port(self) -> str:
        """Open the port and use it until there is trouble."""
        self.live()
        try:
            self.port = self._opens()
        except PortTrouble as error:
            return error.code
        try:
            self.live()
            self._serve(self._device(self))
        except PortTrouble as error:
            return error.code
        finally:
            self.port.close()
        return ""

    def _serve(self, device: Device) -> None:
        device.begin()
        self._tell(Snapshot(connected=True, present=False))
        while True:
            self._wanted.clear()
            self._rest(device.turn(next(iter(self.waiting()), None)))

    def _rest(self, seconds: float) -> None:
        self.live()
        self._wanted.wait(seconds)
        self.live()

    def _tell(self, snapshot: Snapshot) -> None:
        if snapshot != self._last and not self._leaving.is_set():
            self._last = snapshot
            self._told(snapshot)
