"""An entry that spoils its batches is found by halving, parked after tries of its own, and nothing is parked while the hub fails for all."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from edge.limits import PARK_TRIES_MAX
from edge.uplink.lanes import Work
from edge.uplink.suspicion import Suspicion


def works(count: int) -> list[Work]:
    return [Work(key=key, lane=key, number="2204", size=1) for key in range(1, count + 1)]


def test_a_break_of_the_line_for_all_puts_nothing_under_suspicion() -> None:
    suspicion = Suspicion()
    batch = works(8)
    for _ in range(100):
        suspicion.took(batch)
        assert suspicion.broke(batch) == []
    assert {work.cap for work in batch} == {0}


def test_batches_that_break_while_others_are_answered_are_halved_down_to_one() -> None:
    suspicion = Suspicion()
    batch = works(8)
    sizes = []
    while len(batch) > 1:
        suspicion.took(batch)
        suspicion.answered([])
        suspicion.broke(batch)
        batch = batch[: batch[0].cap]
        sizes.append(len(batch))
    assert sizes == [4, 2, 1]


def test_tries_count_only_while_something_else_is_decided_and_enough_of_them_park() -> None:
    suspicion = Suspicion()
    (poison,) = works(1)
    for _ in range(100):
        suspicion.took([poison])
        suspicion.answered([])
        assert suspicion.broke([poison]) == [], "the hub answers, but decides nothing for anybody"
    parked = []
    for _ in range(PARK_TRIES_MAX):
        suspicion.decided += 1
        suspicion.took([poison])
        parked = suspicion.broke([poison])
    assert parked == [poison]


def test_a_fault_of_the_hub_on_one_item_is_a_try_of_its_own() -> None:
    suspicion = Suspicion()
    (poison,) = works(1)
    suspicion.took([poison])
    for tries in range(1, PARK_TRIES_MAX + 1):
        assert not suspicion.faulted(poison) or tries > PARK_TRIES_MAX
        suspicion.decided += 1
    assert suspicion.faulted(poison)


def test_an_answer_clears_the_company() -> None:
    suspicion = Suspicion()
    batch = works(4)
    suspicion.took(batch)
    suspicion.answered([])
    suspicion.broke(batch)
    assert {work.cap for work in batch} == {2}
    suspicion.answered(batch)
    assert {work.cap for work in batch} == {0}


@given(st.integers(0, 2**32), st.integers(2, 64), st.integers(1, 3))
def test_whatever_is_poison_is_parked_and_nothing_else_is(seed: int, count: int, poisons: int) -> None:
    chance = random.Random(seed)
    waiting = works(count)
    poison = set(chance.sample(range(1, count + 1), min(poisons, count - 1)))
    suspicion = Suspicion()
    parked: set[int] = set()
    for _ in range(5000):
        if not waiting:
            break
        size = chance.randint(1, 16)
        batch: list[Work] = []
        for work in waiting:
            if len(batch) < min(size, work.cap or size):
                size = min(size, work.cap or size)
                batch.append(work)
        suspicion.took(batch)
        if chance.random() < 0.5:  # somebody else's call is answered and decided meanwhile
            suspicion.answered([])
            suspicion.decided += 1
        if any(work.key in poison for work in batch):
            gone = suspicion.broke(batch)
            parked |= {work.key for work in gone}
            waiting = [w for w in waiting if w not in batch] + [w for w in batch if w not in gone]
        else:
            suspicion.answered(batch)
            suspicion.decided += len(batch)
            waiting = [w for w in waiting if w not in batch]
    assert not waiting
    assert parked == poison
