"""Alerts from boards: kept once, told once, acknowledged within a scope, and a storm is one message."""

import json
from datetime import timedelta

import pytest

from central_sync.fleet.alarms import Alarms
from central_sync.fleet.alerts import shipped
from central_sync.fleet.limits import MESSAGES_FREE, MESSAGES_PAUSE_S
from tests.central_sync.fleet.test_alerts import boarded
from tests.central_sync.fleet.test_lifecycle import NOW
from tests.central_sync.store.deferred import share


@pytest.fixture
def alarms(store):
    return Alarms(store, shipped(), ["mail", "desk"], "hub.example")


def told(store):
    with store.read() as uow:
        return [(row.channel, json.loads(row.body)) for row in uow.alert_messages.latest(99)]


def trail(store):
    with store.read() as uow:
        return uow.audit.latest(99)


def opened(store):
    with store.read() as uow:
        return uow.alerts.page(still_open=True, scope=None, before=None, rows_max=99)


def test_an_edge_goes_silent_is_told_once_comes_back_and_is_told_again(store, alarms):
    woken = []
    alarms.woken = lambda: woken.append(1)
    alarms.look(boarded(), NOW)
    assert (told(store), woken) == ([], [])
    for _ in range(3):
        alarms.look(boarded(quiet_s=400), NOW)
    assert [(row.rule, row.subject) for row in opened(store)] == [("edge_silent", "H1")]
    assert {channel for channel, _ in told(store)} == {"mail", "desk"}
    assert len(told(store)) == 2
    alarms.look(boarded(), NOW)
    assert opened(store) == []
    assert sorted(body["cleared_count"] for _, body in told(store)) == [0, 0, 1, 1]
    assert len(woken) == 2


@pytest.mark.parametrize("codes", [("H1",), tuple(f"H{n:03}" for n in range(300))])
def test_a_hub_that_begins_anew_clears_no_silence_and_tells_nothing_before_it_knows(store, alarms, codes):
    alarms.look(boarded(quiet_s=400, codes=codes), NOW)
    before = opened(store)
    assert (len(before), len(told(store))) == (1, 2)
    anew = Alarms(store, shipped(), ["mail", "desk"], "hub.example")
    for seconds in (0, 100, 200):
        now = NOW + timedelta(seconds=seconds)
        anew.look(boarded(quiet_s=400 + seconds, now=now, codes=codes, since=NOW), now)
    assert (opened(store), len(told(store))) == (before, 2)
    anew.look(boarded(now=now, codes=codes, since=NOW), now)
    assert opened(store) == []


def test_two_processes_raise_and_tell_one_alert(store, alarms):
    other = Alarms(store, shipped(), ["mail", "desk"], "hub.example")
    for one in (alarms, other):
        one.look(boarded(quiet_s=400), NOW)
    assert len(opened(store)) == 1
    assert len(told(store)) == 2


def test_hundreds_that_go_silent_are_one_alert_and_one_message(store, alarms):
    codes = [f"H{n:03}" for n in range(300)]
    alarms.look(boarded(quiet_s=400, codes=codes), NOW)
    assert [row.rule for row in opened(store)] == ["many_silent"]
    assert len(told(store)) == 2
    alarms.look(boarded(codes=codes), NOW)
    assert opened(store) == []


def test_trouble_that_trickles_is_gathered(store, alarms):
    now = NOW
    for n in range(MESSAGES_FREE + 5):
        now += timedelta(seconds=5)
        alarms.look(boarded(now=now, journal_usable=n % 2 == 1), now)
    assert len(told(store)) == 2 * MESSAGES_FREE
    now += timedelta(seconds=MESSAGES_PAUSE_S)
    alarms.look(boarded(now=now), now)
    assert len(told(store)) == 2 * MESSAGES_FREE + 2


def test_without_a_channel_alerts_are_kept_and_nothing_is_written_down_to_be_told(store):
    alarms = Alarms(store, shipped(), [], "h")
    alarms.look(boarded(quiet_s=400), NOW)
    assert len(opened(store)) == 1
    assert told(store) == []


def test_an_alert_is_acknowledged_within_the_scope_and_who_was_first_stays(store, alarms):
    alarms.look(boarded(quiet_s=400), NOW)
    (alert,) = opened(store)
    assert alarms.acknowledge(alert.id, "op.9", "mine", {"H2"}, NOW) is None
    assert alarms.acknowledge(alert.id, "op.9", "mine", frozenset(), NOW) is None
    assert alarms.acknowledge(alert.id + 1, "op.1", "x", None, NOW) is None
    found = alarms.acknowledge(alert.id, "op.1", " called\x00 them \n", {"H1"}, NOW)
    assert (found.acknowledged_by, found.note) == ("op.1", "called them")
    again = alarms.acknowledge(alert.id, "op.2", "me too", None, NOW)
    assert again.acknowledged_by == "op.1"
    with store.read() as uow:
        trail = [row for row in uow.audit.latest() if row.action == "alert_acknowledged"]
    assert [(row.actor, row.subject) for row in trail] == [("op.1", "H1")]


def test_a_trust_anchor_that_was_not_proven_alarms_and_stands_in_the_audit_trail_once(store, alarms):
    bad = {"authority_next": "abcd", "authority_drill": "drill_wrong_name", "tunnel_drill": "tunnel_unanswered"}
    for _ in range(2):
        alarms.look(boarded(**bad, update="expired"), NOW)
    assert [(row.rule, row.severity) for row in opened(store)] == [("anchor_refused", "urgent")]
    rows = [row for row in trail(store) if row.action == "anchor_refused"]
    assert [(row.actor, row.subject) for row in rows] == [("hub", "H1")]
    assert rows[0].detail == "authority drill_wrong_name, tunnel tunnel_unanswered, update expired"
    alarms.look(boarded(authority_drill="passed", tunnel_drill="in_place", update="nothing"), NOW)
    assert opened(store) == []


def test_a_payer_alarms_when_two_claims_fail_after_its_latest_answer_and_not_for_one_that_it_will_not_answer(
    store, alarms
):
    hour = timedelta(hours=1)
    with store.write() as uow:
        uow.payer_shares.add(share("S1", tries=9, signed_at=NOW - 3 * hour))
        uow.payer_shares.add(
            share("S2", state="accepted", next_at=None, signed_at=NOW - 3 * hour, answered_at=NOW - 2 * hour)
        )
    alarms.look(boarded(now=NOW), NOW)
    assert opened(store) == []
    with store.write() as uow:
        uow.payer_shares.add(share("S3", tries=1, signed_at=NOW - hour))
        uow.payer_shares.add(share("S4", tries=1, signed_at=NOW))
    later = NOW + timedelta(minutes=2)
    alarms.look(boarded(now=later), later)
    assert [(one.rule, one.subject) for one in opened(store)] == [("payer_away", "payer:fund")]
