"""Asking payers, on both databases, against a real server in each mood: what they say is kept once, and no layer holds up another."""

import threading
import time
from datetime import timedelta

import msgspec
import pytest

from central_sync.payers import Payers
from central_sync.payers.claims import Answer
from central_sync.payers.limits import PAYER_TRIES_MAX, PROBE_WAIT_S_MAX, PROBE_WAIT_S_MIN
from central_sync.payers.service import Asking
from central_sync.review import service as queue
from central_sync.wire import packets as p
from central_sync.wire.messages import FeedBody
from simulator.insurer import Mood
from tests.central_sync.hospital import NOW, books_agree
from tests.central_sync.payers.conftest import NEVER_MS, driver_of
from tests.central_sync.payers.deferring import PAYER, Clock, deferring, entries, round_of, shares
from tests.patience import HUNG_S

HOUR = timedelta(hours=1)


@pytest.fixture
def asking(hospital, insurer):
    return deferring(hospital, driver_of(insurer))


def undone(asking, answer):
    asking.done("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id))


def share_of(store, answer):
    return shares(store, answer)[-1]


def test_a_payer_that_accepts_ends_the_deferral_and_its_signed_words_are_kept(asking, store, insurer):
    answer = asking.settled(1_000_00)
    assert round_of(store, driver_of(insurer)).run() is False
    row = share_of(store, answer)
    assert (row.state, row.next_at, row.answered_at) == ("accepted", None, NOW)
    assert b"accepted" in row.answer
    assert entries(store) == []
    assert round_of(store, driver_of(insurer)).run() is False
    assert len(insurer.heard) == 1
    books_agree(store)


def test_a_payer_that_declines_moves_no_money_and_leaves_an_entry_for_a_person(asking, store, insurer):
    insurer.mood = Mood.DECLINE
    before = asking.accumulators()
    answer = asking.settled(1_000_00)
    counted = asking.accumulators()
    round_of(store, driver_of(insurer)).run()
    assert share_of(store, answer).state == "declined"
    assert asking.accumulators() == counted != before
    (entry,) = entries(store)
    assert (entry.reason, entry.state, entry.amount) == ("payer_declined", "needs_person", answer.shares[0].amount)
    assert "not_covered" in entry.detail
    books_agree(store)
    with store.write() as uow:
        queue.decide(uow, entry.id, accept=True, reason="the contract says otherwise", actor="officer", now=NOW)
        notices = [msgspec.msgpack.decode(row.body, type=FeedBody).text for row in uow.feed.after("H1", 0)]
    declined, decided = notices[-2:]
    assert answer.settlement_id in declined
    assert "charge nobody" in declined
    assert decided.endswith("a reviewer has accepted it.")


@pytest.mark.parametrize(
    "mood",
    [Mood.NEVER, Mood.LATE, Mood.OTHER_AMOUNT, Mood.GARBAGE, Mood.OTHER_CLAIM, Mood.WRONG_SIGNATURE, Mood.BROKEN],
)
def test_what_no_payer_may_say_is_asked_again_until_it_answers(asking, store, insurer, mood):
    answer = asking.settled(1_000_00)
    insurer.mood = mood
    clock = Clock()
    round_ = round_of(store, driver_of(insurer, deadline_ms=300), clock)
    round_.run()
    row = share_of(store, answer)
    round_.driver = driver_of(insurer)
    assert (row.state, row.tries) == ("asking", 1)
    assert row.next_at > NOW
    (entry,) = entries(store)
    assert (entry.reason, entry.state, entry.waits_for) == ("payer_unavailable", "waiting", f"payer:{PAYER}")
    insurer.mood = Mood.ACCEPT
    round_.run()
    assert share_of(store, answer).tries == 1, "not before its time"
    clock.now = row.next_at
    round_.run()
    assert share_of(store, answer).state == "accepted"
    assert entries(store) == []
    assert [entry.state for entry in entries(store, "resolved")] == ["resolved"]


def test_after_many_tries_a_person_is_told_and_the_next_answer_still_brings_it_back(asking, store, insurer):
    answer = asking.settled(1_000_00)
    insurer.stop()
    clock = Clock()
    round_ = round_of(store, driver_of(insurer), clock)
    for _ in range(PAYER_TRIES_MAX):
        round_.run()
        clock.now += 2 * HOUR
    row = share_of(store, answer)
    assert (row.tries, row.next_at) == (PAYER_TRIES_MAX, None)
    assert [entry.state for entry in entries(store)] == ["needs_person"]
    insurer.start()
    other = asking.settled(500_00)
    with store.write() as uow:
        fresh = uow.payer_shares.of(row.member, other.settlement_id)[0]
        uow.payer_shares.change(fresh, next_at=clock.now)
    round_.driver = driver_of(insurer)
    round_.run()
    round_.run()
    assert share_of(store, other).state == share_of(store, answer).state == "accepted"
    assert entries(store) == []


def given_up(store, driver, answers, clock):
    """Everything that waits for the payer is tried until it is given up; most of its tries are behind it."""
    round_ = round_of(store, driver, clock)
    with store.write() as uow:
        for answer in answers:
            uow.payer_shares.change(share_of(store, answer), tries=PAYER_TRIES_MAX - 1)
    while any(share_of(store, answer).next_at for answer in answers):
        round_.run()
        clock.now += 2 * HOUR


def test_a_payer_that_was_given_up_is_tried_about_one_claim_now_and_then_and_then_asked_about_all(
    asking, store, insurer
):
    answers = [asking.settled(1_000_00 + n) for n in range(3)]
    insurer.stop()
    clock, driver = Clock(), driver_of(insurer)
    given_up(store, driver, answers, clock)
    before = clock.now
    rounds = [round_of(store, driver, clock) for _ in range(2)]
    for chance, one in zip((0.25, 0.5), rounds, strict=True):
        one.chance = lambda chance=chance: chance
        one.run()
    (probed,) = [row for answer in answers if (row := share_of(store, answer)).next_at]
    assert probed.next_at == before + timedelta(seconds=PROBE_WAIT_S_MIN + 0.25 * (PROBE_WAIT_S_MAX - PROBE_WAIT_S_MIN))
    (told,) = [entry for entry in entries(store) if "asked again at" in entry.detail]
    assert (told.settlement_id, told.state) == (probed.settlement_id, "needs_person")
    assert probed.next_at.isoformat(timespec="seconds") in told.detail
    clock.now = probed.next_at
    rounds[1].run()
    rounds[0].run()
    tried = [share_of(store, answer).tries for answer in answers]
    assert sorted(tried) == [PAYER_TRIES_MAX, PAYER_TRIES_MAX, PAYER_TRIES_MAX + 1]
    (again,) = [row for answer in answers if (row := share_of(store, answer)).next_at]
    assert again.tries == PAYER_TRIES_MAX, "another one than before"
    insurer.start()
    clock.now = again.next_at
    for one in rounds:
        one.driver = driver_of(insurer)
        one.away = False
    for one in rounds * 2:
        one.quiet_until = None
        one.run()
    assert {share_of(store, answer).state for answer in answers} == {"accepted"}
    assert entries(store) == []
    books_agree(store)


def test_nothing_is_tried_at_a_payer_that_was_not_given_up(asking, store, insurer):
    answer = asking.settled(1_000_00)
    insurer.mood = Mood.NEVER
    clock = Clock()
    round_ = round_of(store, driver_of(insurer, deadline_ms=NEVER_MS), clock)
    round_.run()
    waits = share_of(store, answer)
    round_.driver = driver_of(insurer)
    round_.quiet_until = None
    round_.run()
    assert share_of(store, answer) == waits
    insurer.mood = Mood.ACCEPT
    clock.now = waits.next_at
    round_.run()
    clock.now += HOUR
    round_.run()
    assert share_of(store, answer).next_at is None
    assert len(insurer.heard) == 2


def test_a_payer_that_is_away_is_not_asked_about_each_of_its_claims(asking, store, insurer):
    answers = [asking.settled(100_00 + n) for n in range(4)]
    insurer.mood = Mood.NEVER
    round_of(store, driver_of(insurer, deadline_ms=NEVER_MS)).run()
    assert len(insurer.heard) == 1
    assert sorted(share_of(store, answer).tries for answer in answers) == [0, 0, 0, 1]


def test_a_wrong_answer_to_one_claim_holds_up_no_other(asking, store, insurer):
    answers = [asking.settled(100_00 + n) for n in range(3)]
    insurer.moods[answers[0].settlement_id] = Mood.OTHER_AMOUNT
    round_of(store, driver_of(insurer)).run()
    assert [share_of(store, answer).state for answer in answers] == ["asking", "accepted", "accepted"]


def test_all_that_waited_for_a_payer_is_asked_when_it_is_back_some_in_each_commit(asking, store, insurer, monkeypatch):
    monkeypatch.setattr(queue, "AT_ONCE", 2)
    answers = [asking.settled(100_00 + n) for n in range(5)]
    insurer.mood = Mood.GARBAGE
    round_ = round_of(store, driver_of(insurer))
    round_.run()
    assert [share_of(store, answer).tries for answer in answers] == [1] * 5
    insurer.mood = Mood.ACCEPT
    asking.settled(900_00)
    round_.run()
    round_.run()
    assert [share_of(store, answer).state for answer in answers] == ["accepted"] * 5
    assert entries(store) == []


def test_what_was_taken_back_is_told_until_it_is_heard(asking, store, insurer):
    answer = asking.settled(1_000_00)
    clock = Clock()
    round_ = round_of(store, driver_of(insurer), clock)
    round_.run()
    row = share_of(store, answer)
    undone(asking, answer)
    for mood in (Mood.NEVER, Mood.OTHER_KIND, Mood.ACCEPT):
        insurer.mood = mood
        round_.driver = driver_of(insurer, 300 if mood is Mood.NEVER else 60_000)
        round_.run()
        clock.now += HOUR
    with store.read() as uow:
        (now,) = uow.payer_shares.of(row.member, row.settlement_id)
    assert now.state == "taken_back"
    assert insurer.decided == {f"{answer.settlement_id}.0.1": "taken_back"}
    assert entries(store) == []


def test_a_settlement_taken_back_while_its_payer_is_being_asked_is_told_to_it(asking, store, insurer):
    answer = asking.settled(1_000_00)
    row = share_of(store, answer)

    class Meanwhile:
        take_back = driver_of(insurer).take_back

        def settle(self, claim):
            said = driver_of(insurer).settle(claim)
            undone(asking, answer)
            return said

    round_ = round_of(store, Meanwhile())
    round_.run()
    round_.run()
    with store.read() as uow:
        (now,) = uow.payer_shares.of(row.member, row.settlement_id)
    assert now.state == "taken_back"
    assert insurer.decided == {f"{answer.settlement_id}.0.1": "taken_back"}


def test_threads_ask_by_themselves_and_end_when_told(asking, store, insurer):
    answer = asking.settled(1_000_00)
    running = Asking(store, Payers({PAYER: driver_of(insurer)}), lambda: NOW)
    running.start()
    ends = time.monotonic() + HUNG_S
    while share_of(store, answer).state != "accepted" and time.monotonic() < ends:
        time.sleep(0.05)
    running.stop()
    running.stop()
    assert share_of(store, answer).state == "accepted"


def test_two_processes_ask_about_a_claim_once(asking, store, insurer):
    for n in range(12):
        asking.settled(100_00 + n)
    rounds = [round_of(store, driver_of(insurer)) for _ in range(4)]
    threads = [threading.Thread(target=lambda r=one: [r.run() for _ in range(3)]) for one in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(insurer.heard) == 12
    assert len(set(insurer.heard)) == 12


def test_one_hanging_payer_holds_up_no_settlement(asking, store, insurer):
    asking.settled(100_00)
    insurer.mood = Mood.NEVER
    running = Asking(store, Payers({PAYER: driver_of(insurer, deadline_ms=60_000)}), lambda: NOW)
    running.start()
    ends = time.monotonic() + HUNG_S
    while not insurer.heard and time.monotonic() < ends:
        time.sleep(0.02)
    assert len(insurer.heard) == 1
    for n in range(10):
        asking.settled(10_00 + n)
    assert len(insurer.heard) == 1, "it hangs all the while"
    insurer.stop()
    running.stop()
    insurer.port = 0
    insurer.start()


def test_a_driver_that_stumbles_over_a_claim_holds_up_no_other(hospital, store):
    class Stumbling:
        first = ""

        def settle(self, claim):
            self.first = self.first or claim.id
            if claim.id == self.first:
                raise RuntimeError("a fault of the driver")
            return Answer(accepted=True)

        take_back = settle

    driver = Stumbling()
    settled = [deferring(hospital, driver).settled(10_00 + n) for n in range(3)]
    round_of(store, driver).run()
    states = [shares(store, one)[0].state for one in settled]
    assert sorted(states) == ["accepted", "accepted", "asking"]
    (entry,) = entries(store)
    assert entry.detail.endswith("fault_RuntimeError")
