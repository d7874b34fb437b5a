"""Updates with real programs: a hub that offers, an edge that runs from its slot under a supervisor, and a desk that goes on calling."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from edge.journal.schema import FORMAT
from edge.update.work import system
from tests import programs
from tests.e2e.site import CRASHES, Site, launcher
from tests.e2e.town import Town
from tests.patience import HUNG_S
from tests.releases import Centre, archived

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    with Town(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture(scope="module")
def site(tmp_path_factory, town):
    site = Site(tmp_path_factory.mktemp("site"), town)
    yield site
    site.stop()


@pytest.fixture(scope="module")
def centre(town):
    return Centre(town.hub_folder).opened()


@pytest.fixture(scope="module", autouse=True)
def believed(site, centre, tmp_path_factory):
    root = tmp_path_factory.mktemp("given") / "root.json"
    root.write_bytes(centre.root)
    site.update("trust", str(root))


def test_an_update_goes_in_and_what_waited_in_the_journal_goes_on(site, centre, town):
    town.hub.stop()
    town.sign_in()
    told = town.handle("2201", town.registration())  # waits for the hub in the journal of the old version
    hid = told["answer"]["hid"]
    assert told["outcome"] == "provisional"
    centre.release("1.1", launcher("1.1"), ring="canary")
    done = site.update("run", "--now", check=False)
    assert (done.returncode, "cannot be read now" in done.stderr) == (2, True), "the hub is away: nothing is changed"
    town.start_hub()
    assert "nothing newer" in site.update("run", "--now").stdout, "another ring"
    centre.repository.offer("1.1", "all", datetime.now(UTC))
    with site.interrupted() as desk:
        said = site.update("run", "--now").stdout
    assert "1.1 runs; 1.0 is kept" in said
    assert site.version() == "1.1"
    assert desk.longest_s < HUNG_S
    town.sign_in()
    assert town.handle("2204", town.fees(hid))["outcome"] == "final", "the case that the old version opened goes on"


def test_a_version_that_crashes_is_taken_back_soon_and_not_tried_again(site, centre):
    centre.release("1.2", launcher("1.2", CRASHES))
    with site.interrupted() as desk:
        done = site.update("run", "--now", check=False)
        site.answering("1.1")
    assert (done.returncode, "1.2 was taken back" in done.stdout) == (1, True)
    assert desk.longest_s < HUNG_S
    done = site.update("run", "--now", check=False)
    assert (done.returncode, "tried here and taken back" in done.stderr) == (2, True)
    told = json.loads(site.update("status", "--json").stdout)
    assert (told["current"], list(told["failed"]), told["last"]["code"]) == ("1.1", ["1.2"], "failed_before")


def test_the_watch_killed_in_the_middle_of_a_trial_ends_with_the_old_version(site, centre):
    centre.release("1.3", launcher("1.3"))
    arguments = ["--base", str(site.base), "--state", str(site.state), "--trial-s", "60", "--answer-s", str(HUNG_S), "--restart", f"kill -HUP {site.supervisor.pid}",
                 "--alive", f"test -e {site.alive}", "run", "--now"]  # fmt: skip
    watch = subprocess.Popen(
        [sys.executable, "-m", "edge", "--data", str(site.town.edge_folder), "update", *arguments],
        cwd=programs.ROOT,
        stderr=subprocess.DEVNULL,
    )
    site.answering("1.3")
    os.kill(watch.pid, signal.SIGKILL)
    watch.wait()
    assert "1.3 was taken back" in site.update("settle").stdout
    site.answering("1.1")


def test_a_stick_is_believed_as_little_as_the_hub(site, centre, tmp_path):
    centre.release("1.4", launcher("1.4"))
    centre.repository.export(tmp_path / "stick")
    archive = next((tmp_path / "stick" / "targets" / "edge" / system()).glob("*.1.4.tar.zst"))
    good = archive.read_bytes()
    archived(archive, launcher("6.6"))
    done = site.update("import", str(tmp_path / "stick"), check=False)
    assert (done.returncode, "Nothing was changed" in done.stderr) == (2, True)
    assert site.version() == "1.1"
    archive.write_bytes(good)
    assert "1.4 runs" in site.update("import", str(tmp_path / "stick")).stdout
    assert "1.1 runs" in site.update("back", "1.1").stdout
    site.answering("1.1")


def test_a_wrong_root_from_the_centre_costs_no_edge_its_service(site, centre, town, tmp_path):
    """The German outage of 2020: a wrong anchor is published to everybody. Here it stops updates, is told, and nothing else happens."""
    other = Centre(tmp_path / "other").opened()
    wrong = json.loads(other.root)
    wrong["signed"]["version"] = 2
    file = centre.folder / "metadata" / "2.root.json"
    file.write_text(json.dumps(wrong))
    try:
        with site.interrupted() as desk:
            done = site.update("run", "--now", check=False)
            town.sign_in()
            assert town.case()
        assert (done.returncode, "Tell the centre" in done.stderr) == (2, True)
        assert desk.away < 10, "it was not started anew, which takes some fifty looks"
    finally:
        file.unlink()
    assert "1.4" in site.update("run", "--now", check=False).stderr, "with the right root the look goes as before"


def test_an_older_release_and_an_unreadable_journal_are_refused(site, centre):
    centre.release("1.0.5", launcher("1.0.5"))
    assert "older than 1.1" in site.update("run", "--now", check=False).stderr
    archive = archived(centre.safe / "2.0", launcher("2.0"))
    centre.repository.add(archive, "2.0", system(), FORMAT + 1, centre.signer("release"), datetime.now(UTC))
    centre.repository.offer("2.0", "all", datetime.now(UTC))
    assert "no way back" in site.update("run", "--now", check=False).stderr
    assert site.version() == "1.1"
