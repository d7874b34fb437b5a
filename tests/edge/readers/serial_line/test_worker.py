"""The thread that owns a port: tasks in line, and what is told of them."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from queue import Queue

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.serial_line.port import Port, PortTrouble
from edge.readers.serial_line.worker import TASKS_MAX, Device, Line, Snapshot, Task, Worker, refusal
from tests.patience import HUNG_S

WHO = CardIdentity(kind="ir_national_code", number="0499370899", card="played", photo=b"face")


def test_each_trouble_ends_a_read_with_a_refusal_of_its_own() -> None:
    assert [refusal(t).code for t in ("", "reader_absent", "reader_busy", "reader_forbidden", "reader_stuck")] == [
        *("reader_lost", "reader_lost", "reader_busy", "reader_failed", "reader_failed")
    ]


def test_a_task_is_given_its_card_once_and_the_photo_only_if_it_wants_one() -> None:
    plain, full = Task(Wanted()), Task(Wanted(photo=True))
    assert plain.give(WHO)
    assert not plain.give(WHO)
    assert plain.future.result().photo == b""
    assert full.give(WHO)
    assert full.future.result().photo == b"face"
    gone = Task(Wanted())
    gone.future.cancel()
    assert gone.over
    assert not gone.give(WHO)
    gone.refuse(Refused("card_slow"))
    with pytest.raises(CancelledError):
        gone.future.result()


class Nothing:
    """A port without bytes, that may be pulled out."""

    pulled = False

    def read(self) -> bytes:
        time.sleep(0.005)
        if self.pulled:
            raise PortTrouble("reader_absent")
        return b""

    def write(self, some: bytes) -> None:
        """Goes nowhere."""

    def forget(self) -> None:
        """Nothing came."""

    def close(self) -> None:
        """It is closed."""


class Gives:
    """A device that serves one task a turn."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def begin(self) -> None:
        """It is ready."""

    def turn(self, task: Task | None) -> float:
        self._line.port.read()
        self._line.live()
        if task is not None:
            self._line.seen(True)
            task.give(WHO)
        return 0.0


def made(port: Port, told: Queue[Snapshot]) -> Worker:
    def device(line: Line) -> Device:
        return Gives(line)

    return Worker("desk-1", lambda: port, device, told.put)


def test_tasks_are_served_in_line_and_what_happens_is_told_once() -> None:
    told: Queue[Snapshot] = Queue()
    port = Nothing()
    worker = made(port, told)
    tasks = [Task(Wanted()) for _ in range(5)]
    tasks[1].future.cancel()
    worker.start()
    for task in tasks:
        worker.submit(task)
    assert [task.future.result(5).number for task in tasks if not task.future.cancelled()] == [WHO.number] * 4
    port.pulled = True
    assert [told.get(timeout=HUNG_S) for _ in range(3)] == [
        *(Snapshot(True, False), Snapshot(True, True), Snapshot(False, False, "reader_absent"))
    ]
    port.pulled = False
    assert told.get(timeout=HUNG_S) == Snapshot(True, False)
    worker.leave()
    worker.join(5)
    assert not worker.alive
    assert told.empty()


def test_a_line_of_reads_has_an_end() -> None:
    worker = made(Nothing(), Queue())
    tasks = [Task(Wanted()) for _ in range(TASKS_MAX + 1)]
    for task in tasks:
        worker.submit(task)
    with pytest.raises(Refused, match="reader_busy"):
        tasks[-1].future.result(0)
    worker.refuse_all(Refused("reader_lost"))
    assert all(task.over for task in tasks)
