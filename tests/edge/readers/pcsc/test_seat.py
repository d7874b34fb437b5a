"""A thread that keeps its conversation with the service."""

from __future__ import annotations

import queue
import threading

from edge.readers.pcsc.seat import Seat
from edge.readers.pcsc.service import Context
from tests.edge.readers.pcsc.conftest import Table
from tests.patience import HUNG_S

WAIT_S_MAX = HUNG_S


def asked(seat: Seat, work):
    """What ``work`` returns in the thread of ``seat``."""
    answers: queue.SimpleQueue = queue.SimpleQueue()
    seat.do(lambda: answers.put(work()))
    return answers.get(timeout=WAIT_S_MAX)


def test_all_work_is_done_in_one_thread_in_its_order() -> None:
    seat, done = Seat("a test"), []
    seat.start()
    for number in range(5):
        seat.do(lambda number=number: done.append((number, threading.current_thread())))
    thread = asked(seat, threading.current_thread)
    assert done == [(number, thread) for number in range(5)]
    assert thread.name == "pcsc read a test"
    seat.end()


def test_the_conversation_is_kept_until_it_is_forgotten_and_ends_with_the_thread(table: Table) -> None:
    seat = Seat("a test")
    seat.start()
    assert not asked(seat, lambda: seat.kept)
    first = asked(seat, seat.context)
    assert isinstance(first, Context)
    assert asked(seat, lambda: seat.kept)
    assert asked(seat, seat.context) is first
    asked(seat, seat.forget)
    assert not asked(seat, lambda: seat.kept)
    assert asked(seat, seat.context) is not first
    thread = asked(seat, threading.current_thread)
    seat.end()
    thread.join(WAIT_S_MAX)
    assert not thread.is_alive()
    assert not seat.kept
