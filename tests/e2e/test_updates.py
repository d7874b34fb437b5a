"""Updates with real programs: a hub that offers, an edge that runs from its slot under a supervisor, and a desk that goes on calling.

The supervisor is what systemd is on an appliance: it starts what the link names, again and again, and is told to restart it.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge.journal.schema import FORMAT
from edge.update.work import system
from tests import programs
from tests.e2e.town import Town
from tests.patience import HUNG_S
from tests.releases import Centre, archived, installed

pytestmark = pytest.mark.proof

SUPERVISOR = """
import os, signal, subprocess, sys, time
link, data, listen, alive = sys.argv[1:]
child, asked = None, False
def restart(*_):
    global asked
    asked = True
    if child is not None and child.poll() is None:
        child.terminate()
signal.signal(signal.SIGHUP, restart)
def end(*_):
    restart()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    asked = False
    child = subprocess.Popen([link + "/pishkhan-edge", "--data", data, "run", "--listen", listen], stdout=subprocess.DEVNULL)
    open(alive, "w").close()
    child.wait()
    if not asked and os.path.exists(alive):
        os.unlink(alive)
    time.sleep(0.1)
"""
"""What systemd is for the edge: who was told to start it anew has not ended by itself."""
TRIAL_S = 3


def launcher(version: str, slot: str = "") -> dict[str, str]:
    """The edge of this tree, that calls itself ``version``."""
    script = (
        '#!/bin/sh\nhere="$(dirname "$(readlink -f "$0")")"\n'
        f'PYTHONPATH="$here:{programs.ROOT}" exec {sys.executable} -m edge "$@"\n'
    )
    return {
        "pishkhan-edge": slot or script,
        "pishkhan-0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: pishkhan\nVersion: {version}\n",
    }


CRASHES = '#!/bin/sh\ncase "$*" in *--help*) exit 0 ;; esac\nsleep 0.2\nexit 1\n'


class Site:
    """The town's edge, run from ``base`` by the supervisor; the centre's repository is the town's hub's."""

    def __init__(self, tmp_path: Path, town: Town) -> None:
        self.town = town
        self.face = urlsplit(town.edge.face).netloc
        town.edge.stop()
        self.base = installed(tmp_path / "opt", "1.0", launcher("1.0"))
        self.state = tmp_path / "update"
        self.alive = tmp_path / "alive"
        arguments = [str(self.base / "current"), str(town.edge_folder), self.face, str(self.alive)]
        self.supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, *arguments])
        self.answering("1.0")

    def answering(self, version: str) -> None:
        deadline = time.monotonic() + 2 * HUNG_S
        while self.version() != version:
            assert time.monotonic() < deadline, f"{version} does not answer"
            time.sleep(0.1)

    def version(self) -> str:
        connection = http.client.HTTPConnection(self.face, timeout=HUNG_S)
        try:
            connection.request("GET", "/embed/v1/status")
            told = json.loads(connection.getresponse().read())
            return told["version"] if told["takes_work"] else ""
        except (OSError, http.client.HTTPException):
            return ""
        finally:
            connection.close()

    def update(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        options = [
            "--base", str(self.base), "--state", str(self.state), "--trial-s", str(TRIAL_S), "--answer-s", str(HUNG_S),
            "--restart", f"kill -HUP {self.supervisor.pid}", "--alive", f"test -e {self.alive}",
        ]  # fmt: skip
        return programs.edge_command(self.town.edge_folder, "update", *options, *arguments, check=check)

    def interrupted(self) -> Interruption:
        return Interruption(self)

    def stop(self) -> None:
        self.supervisor.terminate()
        self.supervisor.wait(20)


class Interruption:
    """How long at most nothing answered, while the block ran, and how often it was looked at in vain."""

    def __init__(self, site: Site) -> None:
        self.longest_s, self.away = 0.0, 0
        self._site = site
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Interruption:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        answered = time.monotonic()
        while not self._over.is_set():
            if self._site.version():
                self.longest_s, answered = max(self.longest_s, time.monotonic() - answered), time.monotonic()
            else:
                self.away += 1
            time.sleep(0.02)
        self.longest_s = max(self.longest_s, time.monotonic() - answered)


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
