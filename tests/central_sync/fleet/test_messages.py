"""What is told: all that came at once in one message, bounded, and not too often."""

import json
from datetime import timedelta

from central_sync.fleet import messages
from central_sync.fleet.alerts import shipped
from central_sync.fleet.limits import ALERTS_TOLD_MAX, MESSAGES_FREE, MESSAGES_PAUSE_S, MESSAGES_WINDOW_S
from central_sync.store.fleet_records import Alert
from tests.central_sync.fleet.test_lifecycle import NOW, ago


def alert(n=1, rule="edge_silent", severity="urgent", cleared=False):
    return Alert(n, rule, f"H{n}", f"H{n}", severity, 301.0, ago(400), NOW if cleared else None)


def test_one_alert_is_told_in_the_subject_and_in_words():
    told = messages.body([alert()], "hub.example", NOW)
    assert messages.subject(told) == "[hub.example] urgent: H1: the edge is silent"
    assert "  urgent: H1: the edge is silent (301), since 2026-03-01T07:53:20+00:00\n" in messages.text(told)


def test_hundreds_are_one_message_that_names_some_and_counts_all():
    many = [alert(n, "parked", "warning") for n in range(300)] + [alert(900)]
    told = messages.body(many, "hub.example", NOW)
    plain = json.loads(told)
    assert (plain["raised_count"], plain["cleared_count"], len(plain["raised"])) == (301, 0, ALERTS_TOLD_MAX)
    assert plain["raised"][0]["subject"] == "H900", "the urgent first"
    assert plain["raised_by_rule"] == {"edge_silent": 1, "parked": 300}
    assert messages.subject(told) == "[hub.example] 301 raised"
    assert f"… and {301 - ALERTS_TOLD_MAX} more" in messages.text(told)
    assert len(told) < 8_000


def test_what_is_over_is_told_as_cleared():
    told = messages.body([alert(cleared=True), alert(2)], "h", NOW)
    assert messages.subject(told) == "[h] 1 raised, 1 cleared"
    assert "Cleared:" in messages.text(told)
    assert messages.subject(messages.body([alert(cleared=True)], "h", NOW)) == "[h] 1 cleared"


def test_a_rule_of_the_hubs_own_is_told_by_its_name():
    assert "much_waits" in messages.text(messages.body([alert(rule="much_waits")], "h", NOW))


def test_every_shipped_rule_has_words():
    assert {rule.name for rule in shipped()} == set(messages.WORDS)


def test_after_some_messages_the_next_waits_and_then_tells_all():
    made = [ago(n) for n in range(MESSAGES_FREE)]
    assert not messages.postponed(made[1:], NOW)
    assert messages.postponed(made, NOW)
    assert not messages.postponed(made, NOW + timedelta(seconds=MESSAGES_PAUSE_S))
    assert not messages.postponed(made, NOW + timedelta(seconds=MESSAGES_WINDOW_S + 10))
    assert not messages.postponed([], NOW)
