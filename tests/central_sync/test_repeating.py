"""Work in a thread of its own: when it begins, that it goes on, and that its end is its end."""

import threading

from central_sync.repeating import Repeating
from tests.patience import HUNG_S


def counting(times):
    """Work, and what is set once it was done so many ``times``."""
    done, reached = [], threading.Event()

    def work():
        done.append(threading.current_thread().name)
        if len(done) >= times:
            reached.set()

    return work, done, reached


def test_it_works_again_and_again_in_its_thread_until_it_is_told_to_end():
    work, done, reached = counting(3)
    repeating = Repeating("look", work)
    repeating.start(0.001)
    assert reached.wait(HUNG_S)
    assert repeating.stop() is True
    count = len(done)
    assert set(done) == {"look"}
    assert "look" not in {thread.name for thread in threading.enumerate()}
    assert repeating.stop() is False
    assert len(done) == count


def test_the_first_time_is_at_once_only_if_it_is_wanted():
    work, done, reached = counting(1)
    repeating = Repeating("look", work)
    repeating.start(10 * HUNG_S)
    repeating.stop()
    assert done == []
    repeating.start(10 * HUNG_S, at_once=True)
    assert reached.wait(HUNG_S)
    repeating.stop()
    assert done == ["look"]


def test_work_that_hangs_keeps_nobody_waiting_longer_than_that_one_is_patient():
    begun, goes_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        goes_on.wait(HUNG_S)

    repeating = Repeating("look", work)
    repeating.start(0.001)
    assert begun.wait(HUNG_S)
    assert repeating.stop(0.01) is True
    assert not goes_on.is_set()
    goes_on.set()
