"""Faults of the world around: hub away, hub or edge killed, a wrong clock, a disk that refuses. Nothing is lost or done twice."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import programs
from tests.e2e.town import Town, settle
from tests.patience import HUNG_S

RESOLVED_S_MAX = 40


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        made.case()
        yield made


def eventually(look: Callable[[], Any], what: str) -> Any:
    ends = time.monotonic() + RESOLVED_S_MAX
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(what)


def outcome(town: Town, msgid: str) -> str:
    return town.call("query", original_msgid=msgid)[1]["answer"]["outcome"]


def test_with_the_hub_down_at_start_the_desk_works_and_nothing_is_lost(town: Town) -> None:
    asked = town.asked()
    town.edge.stop()
    town.hub.kill()
    town.start_edge()
    signed_in = town.sign_in()
    assert signed_in["sign_in"]["outcome"] in ("final", "provisional")
    registration, fees, settlement, check = (town.msgid() for _ in range(4))
    began = time.monotonic()
    opened = town.handle("2201", town.registration(), registration, deadline_ms=3_000)
    assert (opened["outcome"], len(opened["answer"]["hid"])) == ("provisional", 16)
    hid = opened["answer"]["hid"]
    assert town.handle("2204", town.fees(hid), fees, deadline_ms=3_000)["outcome"] == "provisional"
    assert town.handle("2207", settle(hid), settlement, deadline_ms=3_000)["error"]["code"] == "line_down"
    read = town.handle("1101", {"person": town.registration()["person"]}, check, deadline_ms=3_000)
    assert read["error"]["code"] == "line_down"
    assert time.monotonic() - began < 4 * HUNG_S
    town.start_hub()
    eventually(lambda: outcome(town, fees) == "final", "the fees did not arrive")
    assert outcome(town, registration) == "final"
    assert outcome(town, settlement) == "refused", "what was refused never happens later"
    assert town.handle("2207", settle(hid))["outcome"] == "final"
    assert town.asked() == asked + 3


def test_a_hub_killed_in_the_middle_of_a_settlement_leaves_a_doubt_that_resolves_itself(town: Town) -> None:
    hid, msgid = town.case(), town.msgid()
    os.kill(town.hub.process.pid, signal.SIGSTOP)
    body = town.handle("2207", settle(hid), msgid, deadline_ms=1_500)
    assert (body["return_code"], body["outcome"], body["ticket"]) == (-1, "in_doubt", msgid)
    town.hub.kill()
    town.start_hub()
    decided = eventually(lambda: (o := outcome(town, msgid)) in ("final", "refused") and o, "the doubt did not resolve")
    again = town.handle("2207", settle(hid), msgid)
    assert again["outcome"] == decided
    fresh = town.handle("2207", settle(hid))
    assert (fresh.get("error") or {}).get("code", "") == ("already_settled" if decided == "final" else "")


@pytest.mark.parametrize("after_ms", [0, 3, 10, 30, 100, 300])
def test_an_edge_killed_at_any_moment_does_everything_exactly_once(town: Town, after_ms: int) -> None:
    hid = town.case()
    msgid, answers = town.msgid(), []

    def send() -> None:
        try:
            answers.append(town.handle("2204", town.fees(hid, "2"), msgid))
        except OSError:
            pass  # the edge was killed before it answered
        except ValueError:
            pass  # it was killed in the middle of its answer

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(after_ms / 1000)
    town.edge.kill()
    sender.join()
    town.start_edge()
    body = town.handle("2204", town.fees(hid, "2"), msgid)
    assert body["outcome"] in ("final", "provisional")
    eventually(lambda: outcome(town, msgid) == "final", "it was not done")
    assert all(answer["answer"] in (None, body["answer"]) or answer == body for answer in answers)
    settled = town.handle("2206", {"hid": hid, "currency": "IRR", "total": 2 * 920_000})
    assert settled["outcome"] == "final", "two lines on the bill: the first, and this one once"


def test_a_clock_that_is_wrong_by_a_day_stops_new_work_and_loses_none(town: Town) -> None:
    town.edge.stop()
    asked, happened = town.asked(), town.done()
    tomorrow = (
        "import datetime, edge.app as app; real = app.clock; app.clock = lambda: real() + datetime.timedelta(days=1);"
        "from edge.__main__ import main; main()"
    )
    listen = town.edge.face.removeprefix("http://")
    arguments = [sys.executable, "-c", tomorrow, "--data", str(town.edge_folder), "run", "--listen", listen]
    town.edge = programs._started(arguments, town.edge_folder / "edge-tomorrow.log")
    town.sign_in()
    eventually(lambda: town.request("GET", "/embed/v1/status", None, {})[1]["clock"] == "wrong", "nobody noticed")
    refusal = town.handle("2201", town.registration(), deadline_ms=20_000)
    assert (refusal["return_code"], refusal["error"]["code"]) == (-2, "clock_wrong")
    assert (town.asked(), town.done()) == (asked, happened)
    town.edge.stop()
    town.start_edge()
    town.sign_in()
    assert town.handle("2201", town.registration())["outcome"] == "final"


def test_a_full_disk_refuses_and_recovers(town: Town) -> None:
    pid, before = town.edge.process.pid, (town.kept(), town.asked())
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        body = town.handle("2201", town.registration(), deadline_ms=20_000)
        assert (body["return_code"], body["error"]["code"]) == (-2, "journal_unavailable")
        status, init = town.post("init", {**town.context, "workstation_key": town.key})
        assert (status, init["error"]["code"]) == (503, "journal_unavailable")
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    assert (town.kept(), town.asked()) == before
    assert town.handle("2201", town.registration())["outcome"] == "final"


def test_a_journal_that_vanishes_refuses_and_comes_back_with_its_file(town: Town) -> None:
    path, away = town.edge_folder / "journal.db", town.edge_folder / "journal.away"
    path.rename(away)
    try:
        body = town.handle("2201", town.registration(), deadline_ms=20_000)
        assert (body["return_code"], body["error"]["code"]) == (-2, "journal_unavailable")
    finally:
        away.rename(path)
    assert town.handle("2201", town.registration())["outcome"] == "final"


def test_told_to_end_the_edge_finishes_what_it_has_begun_and_takes_nothing_new(town: Town) -> None:
    hid = town.case()
    os.kill(town.hub.process.pid, signal.SIGSTOP)
    answers: list[dict[str, Any]] = []
    sender = threading.Thread(
        target=lambda: answers.append(town.handle("2204", town.fees(hid, "2"), deadline_ms=3_000))
    )
    sender.start()
    time.sleep(0.5)
    town.edge.process.terminate()
    time.sleep(0.5)
    status, late = town.call("handle", number="2201", msgid=town.msgid(), packet=town.registration())
    assert (status, late["error"]["code"]) == (503, "shutting_down")
    sender.join()
    assert answers[0]["outcome"] == "provisional"
    assert town.edge.process.wait(20) == 0
    os.kill(town.hub.process.pid, signal.SIGCONT)
    town.start_edge()
    eventually(lambda: outcome(town, answers[0]["msgid"]) == "final", "it was not brought home")
