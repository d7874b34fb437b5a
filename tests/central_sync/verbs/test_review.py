"""``pishkhan-hub review`` as an officer types it."""

import json

import pytest

from central_sync.intake import Intake
from central_sync.publications import shipped
from central_sync.review.auditing import Auditing
from central_sync.store import Store
from simulator.insurer import Mood
from tests.central_sync.hospital import NOW, RULEBOOK, Hospital, populate
from tests.central_sync.payers.conftest import *  # noqa: F403 - the simulated payer
from tests.central_sync.payers.deferring import deferring, round_of
from tests.central_sync.test_main import hub_command


@pytest.fixture
def place(tmp_path, insurer):
    """A hub's folder with a share that its payer declined and one that waits for it."""
    folder = tmp_path / "data"
    hub_command(folder, "init")
    store = Store(f"sqlite:///{folder / 'hub.db'}")
    store.open()
    populate(store)
    hospital = deferring(Hospital(store, Intake(store, RULEBOOK)), driver_of(insurer))  # noqa: F405
    insurer.mood = Mood.DECLINE
    hospital.settled(700_00)
    round_of(store, driver_of(insurer)).run()  # noqa: F405
    insurer.mood = Mood.GARBAGE
    hospital.settled(90_00)
    round_of(store, driver_of(insurer)).run()  # noqa: F405
    Auditing(store, lambda: NOW, lambda: shipped().audit).run()
    store.close()
    return folder


def rows(folder, *more):
    return [json.loads(line) for line in hub_command(folder, "review", "list", "--json", *more).stdout.splitlines()]


def test_the_queue_is_listed_by_priority_and_narrowed(place):
    found = rows(place)
    assert [row["reason"] for row in found] == ["payer_declined", "payer_unavailable"]
    assert found[0]["priority"] > found[1]["priority"]
    assert [row["reason"] for row in rows(place, "--reason", "payer_unavailable")] == ["payer_unavailable"]
    assert rows(place, "--institution", "H2") == []
    assert rows(place, "--last", "1") == found[:1]
    table = hub_command(place, "review", "list").stdout
    assert "payer_declined" in table
    assert "Planted Name" not in table


def test_one_entry_is_shown_with_its_history_its_shares_and_its_findings(place):
    entry = rows(place)[0]
    shown = json.loads(hub_command(place, "review", "show", entry["id"], "--json").stdout)
    assert [step["event"] for step in shown["history"]] == ["pend"]
    assert [(share["state"], share["reason"]) for share in shown["shares"]] == [("declined", "not_covered")]
    assert [found["rule"] for found in shown["findings"]] == ["DIA-01"]
    assert shown["expected_deduction"] == 700_00
    text = hub_command(place, "review", "show", entry["id"]).stdout
    for wanted in ("payer_declined", "history", "shares", "findings", "not_covered"):
        assert wanted in text
    assert "no entry R0" in hub_command(place, "review", "show", "R0", check=False).stderr


def test_a_decision_needs_its_reason_is_made_once_and_stands_in_the_trail(place):
    entry = rows(place)[0]["id"]
    assert hub_command(place, "review", "decide", entry, "--accept", check=False).returncode == 2
    assert hub_command(place, "review", "decide", entry, "--reason", "x", check=False).returncode == 2
    hub_command(place, "review", "decide", entry, "--decline", "--reason", "not insured there", "--actor", "li")
    assert "decided" in hub_command(place, "review", "decide", entry, "--accept", "--reason", "x", check=False).stderr
    assert [row["id"] for row in rows(place)] != [entry]
    assert [row["decision"] for row in rows(place, "--all") if row["id"] == entry] == ["declined"]
    trail = [json.loads(line) for line in hub_command(place, "audit", "--json").stdout.splitlines()]
    assert (trail[-1]["actor"], trail[-1]["action"], trail[-1]["subject"]) == ("li", "review decided", entry)


def test_entries_are_looked_at_again_when_a_person_says_so(place):
    declined, waiting = rows(place)
    hub_command(place, "review", "rerun", declined["id"])
    hub_command(place, "review", "rerun", "--reason", "payer_unavailable")
    assert {row["state"] for row in rows(place)} == {"rerunning"}
    shown = json.loads(hub_command(place, "review", "show", declined["id"], "--json").stdout)
    assert [(share["round"], share["state"]) for share in shown["shares"]] == [(1, "declined"), (2, "asking")]
    assert waiting["state"] == "waiting"
    assert hub_command(place, "review", "rerun", check=False).returncode == 2
    assert hub_command(place, "review", "rerun", "R0", check=False).returncode == 2
