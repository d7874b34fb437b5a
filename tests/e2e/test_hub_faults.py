"""Faults of the hub's own machine: a wrong clock, a full disk, a database that is away or can only be read.

Nothing of business changes at the hub meanwhile, and what the edge has kept arrives once.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import programs
from tests.e2e.town import NAME, NATIONAL_CODE, Town, settle

pytestmark = pytest.mark.proof

RESOLVED_S_MAX = 40
TOMORROW = (
    "import datetime, central_sync.app as app; real = app.clock; app.clock = lambda: real() + datetime.timedelta(days=1);"
    "from central_sync.__main__ import main; main()"
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        made.case()
        yield made


def eventually(look: Callable[[], Any], what: str) -> None:
    ends = time.monotonic() + RESOLVED_S_MAX
    while not look():
        assert time.monotonic() < ends, what
        time.sleep(0.2)


def outcome(town: Town, msgid: str) -> str:
    return town.call("query", original_msgid=msgid)[1]["answer"]["outcome"]


def test_a_hub_whose_clock_is_wrong_by_a_day_applies_nothing_and_the_edge_keeps_its_work(town: Town) -> None:
    hid, fees = town.case(), town.msgid()
    eventually(lambda: town.request("GET", "/embed/v1/status", None, {})[1]["pending"] == 0, "something is on its way")
    asked, happened = town.asked(), town.done()
    town.hub.stop()
    sync, enrol = town.hub.sync.removeprefix("https://"), town.hub.enrol.removeprefix("https://")
    listen = ["--sync-listen", sync, "--enrol-listen", enrol]
    command = [sys.executable, "-c", TOMORROW, "--data", str(town.hub_folder), "run", *listen]
    town.hub = programs._started(command, town.hub_folder / "hub-tomorrow.log")
    first = town.handle("2204", town.fees(hid, "2"), fees, deadline_ms=3_000)
    assert first["outcome"] in ("provisional", "refused")
    eventually(lambda: town.request("GET", "/embed/v1/status", None, {})[1]["clock"] == "wrong", "nobody noticed")
    later = town.handle("2201", town.registration(), deadline_ms=3_000)
    assert (later["return_code"], later["error"]["code"]) == (-2, "clock_wrong")
    settled = town.handle("2207", settle(hid), deadline_ms=3_000)
    assert (settled["return_code"], settled["error"]["code"]) == (-2, "clock_wrong")
    assert (town.asked(), town.done()) == (asked, happened)
    town.hub.stop()
    town.start_hub()
    eventually(lambda: outcome(town, fees) in ("final", first["outcome"]), "what was kept did not arrive")
    eventually(
        lambda: town.request("GET", "/embed/v1/status", None, {})[1]["clock"] == "right", "the clock stays wrong"
    )
    assert town.handle("2201", town.registration())["outcome"] == "final"


def test_a_hub_with_a_full_disk_applies_nothing_and_all_arrives_once_when_there_is_room(town: Town) -> None:
    hid, fees, settlement = town.case(), town.msgid(), town.msgid()
    eventually(lambda: town.request("GET", "/embed/v1/status", None, {})[1]["pending"] == 0, "something is on its way")
    asked, happened = town.asked(), town.done()
    pid = town.hub.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        kept = town.handle("2204", town.fees(hid, "2"), fees, deadline_ms=3_000)
        assert kept["outcome"] == "provisional", kept
        unsure = town.handle("2207", settle(hid, 2 * 920_000), settlement, deadline_ms=3_000)
        assert unsure["outcome"] in ("in_doubt", "refused"), unsure
        assert (town.asked(), town.done()) == (asked, happened)
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    eventually(lambda: outcome(town, fees) == "final", "the fees did not arrive")
    eventually(lambda: outcome(town, settlement) in ("final", "refused"), "the doubt did not resolve")
    if outcome(town, settlement) == "refused":
        assert town.handle("2207", settle(hid, 2 * 920_000))["outcome"] == "final", "both lines, each once"


@pytest.mark.parametrize("fault", ["missing", "read-only"])
def test_a_hub_whose_database_is_missing_or_read_only_says_so_and_the_desk_goes_on(town: Town, fault: str) -> None:
    hid, fees = town.case(), town.msgid()
    happened = town.done()
    town.hub.stop()
    path, away = town.hub_folder / "hub.db", town.hub_folder / "hub.away"
    database = f"sqlite:///file:{path}?mode=ro&uri=true" if fault == "read-only" else ""
    if fault == "missing":
        path.rename(away)
    try:
        with pytest.raises(programs.NotStarted, match="exit status 2"):
            programs.start_hub(town.hub_folder, database=database)
        kept = town.handle("2204", town.fees(hid, "2"), fees, deadline_ms=3_000)
        assert kept["outcome"] == "provisional"
    finally:
        if fault == "missing":
            away.rename(path)
    assert town.done() == happened
    town.start_hub()
    eventually(lambda: outcome(town, fees) == "final", "the fees did not arrive")
    assert town.handle("2207", settle(hid, 2 * 920_000))["outcome"] == "final"


def test_after_all_faults_no_log_and_no_trail_names_anybody(town: Town) -> None:
    trail = programs.hub_command(town.hub_folder, "audit").stdout
    assert "started" in trail
    told = town.logs() + trail + (town.edge_folder / "audit.jsonl").read_text()
    for planted in (NAME, NAME.split()[0], NATIONAL_CODE, NATIONAL_CODE[:-1], town.key, town.token):
        assert planted not in told
        assert json.dumps(planted).strip('"') not in told
