"""What is told: all that came at once in one message, bounded, and not too often."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from central_sync import fleet
from central_sync.fleet import messages
from central_sync.fleet.alerts import shipped
from central_sync.fleet.channels.settings import tongue_of
from central_sync.fleet.limits import ALERTS_TOLD_MAX, MESSAGES_FREE, MESSAGES_PAUSE_S, MESSAGES_WINDOW_S
from central_sync.store.fleet_records import Alert
from central_sync.terms.languages import Language
from tests.central_sync.fleet.test_lifecycle import NOW, ago
from tests.central_sync.pages.messages import OTHERS, check_complete, check_translated, check_values, every

FOLDER = Path(fleet.__file__).parent
EN = tongue_of(Language.EN, "UTC")


def alert(n=1, rule="edge_silent", severity="urgent", cleared=False):
    return Alert(n, rule, f"H{n}", f"H{n}", severity, 301.0, ago(400), NOW if cleared else None)


def test_one_alert_is_told_in_the_subject_and_in_words():
    told = messages.body([alert()], "hub.example", NOW)
    assert messages.subject(told, EN) == "[hub.example] urgent: H1: the edge is silent"
    assert "  urgent: H1: the edge is silent (301), since 2026-03-01 07:53:20 (UTC)\n" in messages.text(told, EN)


def test_hundreds_are_one_message_that_names_some_and_counts_all():
    many = [alert(n, "parked", "warning") for n in range(300)] + [alert(900)]
    told = messages.body(many, "hub.example", NOW)
    plain = json.loads(told)
    assert (plain["raised_count"], plain["cleared_count"], len(plain["raised"])) == (301, 0, ALERTS_TOLD_MAX)
    assert plain["raised"][0]["subject"] == "H900", "the urgent first"
    assert plain["raised_by_rule"] == {"edge_silent": 1, "parked": 300}
    assert messages.subject(told, EN) == "[hub.example] 301 raised"
    assert f"… and {301 - ALERTS_TOLD_MAX} more" in messages.text(told, EN)
    assert len(told) < 8_000


def test_what_is_over_is_told_as_cleared():
    told = messages.body([alert(cleared=True), alert(2)], "h", NOW)
    assert messages.subject(told, EN) == "[h] 1 raised, 1 cleared"
    assert "Cleared:" in messages.text(told, EN)
    assert messages.subject(messages.body([alert(cleared=True)], "h", NOW), EN) == "[h] 1 cleared"


def test_a_rule_of_the_hubs_own_is_told_by_its_name():
    assert "much_waits" in messages.text(messages.body([alert(rule="much_waits")], "h", NOW), EN)


def test_every_shipped_rule_has_words():
    assert {rule.name for rule in shipped()} == set(messages.WORDS)


def test_after_some_messages_the_next_waits_and_then_tells_all():
    made = [ago(n) for n in range(MESSAGES_FREE)]
    assert not messages.postponed(made[1:], NOW)
    assert messages.postponed(made, NOW)
    assert not messages.postponed(made, NOW + timedelta(seconds=MESSAGES_PAUSE_S))
    assert not messages.postponed(made, NOW + timedelta(seconds=MESSAGES_WINDOW_S + 10))
    assert not messages.postponed([], NOW)


@pytest.mark.parametrize("language", OTHERS)
def test_no_words_of_a_mail_are_missing_in_any_language(language):
    check_complete(FOLDER, language, every(FOLDER))
    check_values(FOLDER, language)
    check_translated(FOLDER, language, set())


def test_a_reader_gets_their_own_words_digits_calendar_and_zone():
    told = messages.body([alert(), alert(2, "parked", "warning", cleared=True)], "hub.example", NOW)
    persian = messages.text(told, tongue_of(Language.FA, "Asia/Tehran"))
    assert "\u2068H1\u2069" in persian, "codes do not turn round"
    persian = persian.replace("\u2068", "").replace("\u2069", "")
    assert "فوری: H1: درگاه خاموش است (۳۰۱)" in persian
    assert "۱۴۰۴/۱۲/۱۰ ۱۱:۲۳:۲۰" in persian, "Jalali, in Tehran"
    subject = messages.subject(told, tongue_of(Language.FA, "UTC")).replace("\u2068", "").replace("\u2069", "")
    assert subject == "[hub.example] ۱ هشدار تازه، ۱ برطرف شد"
    chinese = messages.text(told, tongue_of(Language.ZH, "Asia/Shanghai"))
    assert "紧急：H1：前置机失联（301），自2026年3月1日 15:53:20 (Asia/Shanghai)" in chinese
    for text in (persian, chinese):
        assert "silent" not in text
        assert "urgent" not in text


def test_a_rule_or_severity_without_words_is_told_by_its_code_in_every_language():
    told = messages.body([alert(rule="much_waits", severity="odd")], "h", NOW)
    for language in Language:
        text = messages.text(told, tongue_of(language, "UTC"))
        assert "much_waits" in text
        assert "odd" in text
