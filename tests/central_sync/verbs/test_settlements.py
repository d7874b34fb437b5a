"""``settlements export``: what the hub settled, in a file for trying other rules."""

from __future__ import annotations

import json
import shutil
import stat

import pytest
from click.testing import CliRunner

from central_sync.__main__ import main
from central_sync.intake import Intake
from central_sync.rulebook.load import PACKAGED, load
from central_sync.store import Store, migrate
from central_sync.wire import packets as p
from tests.central_sync.hospital import MASTER, RULEBOOK, Hospital, populate
from tests.central_sync.rulebook.mistakes import STAY, change, copied


@pytest.fixture
def folder(tmp_path):
    """A hub's folder with three settled cases, of which one was taken back."""
    place = tmp_path / "hub"
    place.mkdir()
    url = f"sqlite:///{place / 'hub.db'}"
    migrate(url)
    store = Store(url)
    store.open()
    populate(store)
    hospital = Hospital(store, Intake(store, RULEBOOK), "H1")
    for amount in (100_00, 250_00):
        hospital.settled(amount)
    undone = hospital.settled(300_00)
    hospital.done("2208", p.SettleCancel(hid=undone.hid, settlement_id=undone.settlement_id))
    store.close()
    return place


def typed(place, *words):
    return CliRunner().invoke(main, ["--data", str(place), *map(str, words)])


def test_what_is_in_force_is_written_and_can_be_simulated(folder, tmp_path):
    file = tmp_path / "settled.jsonl"
    done = typed(folder, "settlements", "export", file)
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [line["bill"][0]["amount"] for line in lines] == [100_00, 250_00]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for told in (MASTER[1], "Planted", "1949-12-31", "K1"):
        assert told not in file.read_text("utf-8")
    done = typed(folder, "rulebook", "simulate", file, "--other", copied(tmp_path / "same"), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["cases"], found["movers"]) == (2, [])
    from_hub = typed(folder, "rulebook", "simulate", "--from-hub", "--other", tmp_path / "same", "--json")
    assert json.loads(from_hub.stdout)["currencies"] == found["currencies"]


def test_before_is_what_is_in_force_at_the_hub(folder, tmp_path):
    law = copied(tmp_path / "law")
    shutil.copytree(PACKAGED / "rules", law / "rules")
    change(law, STAY, 'value: "300"', 'value: "310"')
    done = typed(folder, "rulebook", "publish", law)
    assert done.exit_code == 0, done.output
    done = typed(folder, "rulebook", "simulate", "--from-hub", "--other", law, "--processes", "2", "--json")
    versions = json.loads(done.stdout)["rulebooks"]
    assert versions["before"] == versions["after"] == load(law).version


def test_a_file_that_is_there_stays_as_it_is(folder, tmp_path):
    file = tmp_path / "settled.jsonl"
    file.write_text("mine")
    done = typed(folder, "settlements", "export", file)
    assert (done.exit_code, file.read_text()) == (2, "mine")
    done = typed(folder, "settlements", "export", "/nowhere/settled.jsonl")
    assert (done.exit_code, "cannot be written" in done.output) == (2, True)


def test_only_the_days_that_were_asked_for_are_written(folder, tmp_path):
    file = tmp_path / "settled.jsonl"
    done = typed(folder, "settlements", "export", file, "--from", "2025-06-03")
    assert (done.exit_code, file.read_text()) == (0, "")
