"""Which payers are waited for, on both databases: only those that fail, for whose shares wait there, and no longer than they do."""

from datetime import timedelta

import pytest

from central_sync.payers.standing import Standing
from simulator.insurer import Mood
from tests.central_sync.hospital import NOW
from tests.central_sync.payers.conftest import driver_of
from tests.central_sync.payers.deferring import PAYER, Clock, deferring, round_of
from tests.central_sync.store.deferred import share


@pytest.fixture
def asking(hospital, insurer):
    return deferring(hospital, driver_of(insurer))


def test_a_payer_that_never_answers_is_told_to_those_whose_shares_wait_until_it_answers(asking, store, insurer):
    for amount in (100_00, 200_00, 300_00):
        asking.settled(amount)
    clock = Clock()
    standing, round_ = Standing(store, [PAYER, "another"], clock), round_of(store, driver_of(insurer, 200), clock)
    assert standing.waited_for("H1") is None, "nobody has looked"
    insurer.mood = Mood.NEVER
    round_.run()
    clock.now += timedelta(minutes=1)
    standing.look()
    assert standing.waited_for("H1") == [], "it failed once only"
    round_.run()
    standing.look()
    (word,) = standing.waited_for("H1")
    assert (word.payer, word.since, word.shares) == (PAYER, NOW, 3)
    assert standing.waited_for("H2") == [], "nothing of another hospital waits"
    clock.now += timedelta(days=2)
    for _ in range(40):  # given up at last, and waited for all the same
        round_.run()
        clock.now += timedelta(hours=2)
    standing.look()
    assert standing.waited_for("H1")[0].shares == 3
    insurer.mood, round_.driver = Mood.ACCEPT, driver_of(insurer)
    for _ in range(3):
        clock.now += timedelta(hours=2)
        round_.run()
    standing.look()
    assert standing.waited_for("H1") == []


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ([(0, 1, None)], []),
        ([(0, 2, None)], [1]),
        ([(0, 9, None), (1, 0, 5)], []),
        ([(0, 9, None), (0, 9, None), (1, 0, 5)], []),
        ([(0, 9, None), (1, 0, 5), (6, 1, None)], []),
        ([(0, 9, None), (1, 0, 5), (6, 2, None)], [2]),
        ([(0, 9, None), (1, 0, 5), (6, 1, None), (7, 1, None)], [3]),
    ],
)
def test_claims_are_counted_that_failed_after_the_payers_latest_answer(hospital, store, claims, told):
    """Each claim: in which minute it was signed, how often it failed, and in which minute it was answered. One that the payer will not answer says nothing
    of the payer, however often it is tried.
    """
    minute = timedelta(minutes=1)
    with store.write() as uow:
        for number, (signed, tries, answered) in enumerate(claims):
            more = (
                {}
                if answered is None
                else {"state": "accepted", "next_at": None, "answered_at": NOW + answered * minute}
            )
            row = share(
                f"S{number}", payer=PAYER, signed_at=NOW + signed * minute, **{"next_at": NOW, "tries": tries, **more}
            )
            uow.payer_shares.add(row)
    standing = Standing(store, [PAYER], lambda: NOW + timedelta(hours=1))
    standing.look()
    assert [word.shares for word in standing.waited_for("H1")] == told


def test_what_was_settled_just_now_waits_for_nobody_yet(asking, store, insurer):
    asking.settled(100_00)
    insurer.mood = Mood.NEVER
    clock = Clock()
    round_ = round_of(store, driver_of(insurer, 200), clock)
    for _ in range(2):
        round_.run()
        clock.now += timedelta(seconds=3)
    standing = Standing(store, [PAYER], lambda: NOW + timedelta(seconds=4))
    standing.look()
    assert standing.waited_for("H1") == []


def test_a_hub_without_such_payers_looks_at_nothing_and_says_so(store):
    standing = Standing(store, [], Clock())
    standing.start()
    assert standing.waited_for("H1") == []
    standing.stop()
    standing.stop()


def test_while_the_database_does_not_answer_nothing_is_said(asking, store, insurer):
    standing = Standing(store, [PAYER], Clock())
    standing.look()
    assert standing.waited_for("H1") == []
    store.close()
    standing.start()
    standing.stop()
    assert standing.waited_for("H1") is None
