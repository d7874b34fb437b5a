"""What is to be told is delivered, retried at growing intervals, and given up in the end; no channel waits for another."""

import threading
import time
from datetime import timedelta

import pytest

from central_sync.fleet import delivery as module
from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.delivery import Delivery, again_s
from central_sync.fleet.limits import MESSAGE_RETRY_S_MAX, MESSAGE_TAKEN_S, MESSAGE_TRIES_MAX
from central_sync.store.fleet_records import AlertMessage
from tests.central_sync.fleet.test_reports import AT, Hand
from tests.patience import HUNG_S


class Told:
    """A channel that remembers, and refuses while ``refuses`` is set."""

    def __init__(self):
        self.got, self.refuses = [], None

    def deliver(self, message_id, body):
        self.got.append(message_id)
        if self.refuses is not None:
            raise self.refuses


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def delivery(store, told, hand):
    return Delivery(store, {"desk": told}, hand)


def message(store, message_id="m1", channel="desk", at=AT):
    with store.write() as uow:
        uow.alert_messages.add(AlertMessage(message_id, channel, "{}", at, at))


def row(store, message_id="m1"):
    with store.read() as uow:
        return next(one for one in uow.alert_messages.latest(99) if one.id == message_id)


def test_a_message_is_delivered_once(store, delivery, told):
    message(store)
    assert not delivery.run("desk")
    assert not delivery.run("desk")
    assert told.got == ["m1"]
    assert row(store).delivered_at == AT


def test_what_is_not_taken_is_tried_again_at_growing_intervals_and_given_up(store, delivery, told, hand):
    message(store)
    told.refuses = NotDelivered("status_500")
    waits = []
    while (due := row(store).next_at) is not None:
        waits.append((due - hand.now).total_seconds())
        hand.now = due
        delivery.run("desk")
    assert len(told.got) == MESSAGE_TRIES_MAX
    assert waits[1:4] == [15, 30, 60]
    assert waits == sorted(waits)
    assert max(waits) == MESSAGE_RETRY_S_MAX
    assert row(store).fault == "status_500"
    with store.read() as uow:
        assert [one.subject for one in uow.audit.latest() if one.action == "alert_message_given_up"] == ["desk"]


def test_one_that_asks_for_time_gets_it(store, delivery, told, hand):
    message(store)
    told.refuses = NotDelivered("status_503", 900)
    delivery.run("desk")
    assert row(store).next_at == AT + timedelta(seconds=900)
    told.refuses = None
    hand.on(900)
    delivery.run("desk")
    assert row(store).delivered_at == hand.now


def test_a_driver_that_stumbles_keeps_no_other_message(store, delivery, told):
    message(store, "m1")
    message(store, "m2", at=AT + timedelta(seconds=1))
    told.refuses = ZeroDivisionError()
    delivery.run("desk")
    told.refuses = None
    delivery._clock.on(60)
    delivery.run("desk")
    assert row(store, "m2").delivered_at is not None
    assert row(store, "m1").delivered_at is not None


def test_a_message_that_a_dead_process_had_taken_is_delivered_by_another(store, delivery, told, hand):
    message(store)
    with store.write() as uow:
        uow.alert_messages.take("desk", AT, AT + timedelta(seconds=MESSAGE_TAKEN_S), 3)
    delivery.run("desk")
    assert told.got == []
    hand.on(MESSAGE_TAKEN_S)
    delivery.run("desk")
    assert told.got == ["m1"]


def test_a_channel_that_hangs_holds_up_no_other(store, told, hand, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
    hangs = threading.Event()

    class Hangs:
        def deliver(self, message_id, body):
            hangs.wait(2 * HUNG_S)

    delivery = Delivery(store, {"slow": Hangs(), "desk": told}, hand)
    message(store, "m1", "slow")
    message(store, "m2", "desk")
    delivery.start()
    began = time.monotonic()
    while not told.got and time.monotonic() - began < HUNG_S:
        time.sleep(0.01)
    assert told.got == ["m2"]
    hangs.set()
    began = time.monotonic()
    while row(store, "m1").delivered_at is None and time.monotonic() - began < HUNG_S:
        time.sleep(0.01)
    delivery.stop()
    assert row(store, "m1").delivered_at is not None


def test_waits_grow_up_to_a_bound_and_end():
    assert [again_s(tries) for tries in (1, 2, 3)] == [15, 30, 60]
    assert again_s(MESSAGE_TRIES_MAX - 1) == MESSAGE_RETRY_S_MAX
    assert again_s(MESSAGE_TRIES_MAX) is None
