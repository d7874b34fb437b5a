"""One writes at a time; people go first, and who lets go cannot take the turn again before those who wait."""

import threading
import time

import pytest

from central_sync.errors import StoreBusy
from central_sync.store.turns import Turns


def wanting(turns, order, name, *, urgent):
    def take():
        with turns.turn(20, urgent=urgent):
            order.append(name)

    thread = threading.Thread(target=take)
    thread.start()
    return thread


def until(look):
    ends = time.monotonic() + 20
    while not look():
        assert time.monotonic() < ends
        time.sleep(0.001)


def test_urgent_ones_go_first_and_each_kind_in_the_order_in_which_it_asked():
    turns, order, threads = Turns(), [], []
    with turns.turn(1, urgent=False):
        for number, (name, urgent) in enumerate((("b1", False), ("b2", False), ("p1", True), ("p2", True)), 1):
            threads.append(wanting(turns, order, name, urgent=urgent))
            until(lambda number=number: len(turns._urgent) + len(turns._patient) == number)
    for thread in threads:
        thread.join(20)
    assert order == ["p1", "p2", "b1", "b2"]


def test_who_waits_too_long_is_told_and_leaves_no_gap():
    turns = Turns()
    with turns.turn(1, urgent=True), pytest.raises(StoreBusy), turns.turn(0.01, urgent=False):
        pytest.fail("two at once")
    with turns.turn(0.01, urgent=False):
        assert not turns._patient


def test_only_one_ever_holds_the_turn_and_none_is_lost():
    turns, inside, done = Turns(), [], []

    def work(number):
        for _ in range(200):
            try:
                with turns.turn(0.0005 if number % 2 else 20, urgent=number % 3 == 0):
                    inside.append(number)
                    assert len(inside) == 1
                    inside.pop()
            except StoreBusy:
                continue
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == list(range(8))
    with turns.turn(0.01, urgent=True):
        assert not turns._urgent
