"""A new version on trial: kept when it is well, taken back otherwise, whatever goes wrong and whenever."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import running
from edge.update import state as kept
from edge.update.slots import Slots
from edge.update.state import State, Trial, UpdateFailed
from edge.update.trial import Service, Sign, Times, Trials, Verdict, judged, preflight, sign_of, works
from tests.edge.test_report import STATUS
from tests.releases import WELL, archived, installed

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = Times(trial_s=0.3, answer_s=0.1, line_s=0.2, look_s=0.02)
OLD = Sign("1.0", works=True, line_up=True)


class Machine:
    """An edge whose signs follow the link: what each version says of itself, as often as it is asked."""

    def __init__(self, tmp_path, signs, *, restart_fails: bool = False) -> None:
        self.slots = Slots(installed(tmp_path / "opt", "1.0"))
        self.slots.unpack(archived(tmp_path / "a", {"pishkhan-edge": WELL}), "1.1")
        self.folder = tmp_path / "state"
        self.folder.mkdir()
        self.signs = signs
        self.restarts: list[str] = []
        self.restart_fails = restart_fails
        self.alive_for = 10**9
        self.trials = Trials(self.slots, self.folder, self, self.sign, lambda: NOW, TIMES)

    def sign(self) -> Sign:
        return OLD if self.slots.current == "1.0" else self.signs()

    def alive(self) -> bool:
        self.alive_for -= 1
        return self.alive_for >= 0

    def restart(self) -> None:
        self.restarts.append(self.slots.current)
        if self.restart_fails and self.slots.current == "1.1":
            raise UpdateFailed("restart", "The edge could not be restarted.")


def test_a_version_that_is_well_stays_and_the_one_before_is_kept(tmp_path):
    machine = Machine(tmp_path, lambda: Sign("1.1", works=True, line_up=True))
    told = machine.trials.run("1.1")
    assert (told.code, machine.slots.current, machine.restarts) == ("ok", "1.1", ["1.1"])
    assert machine.slots.has("1.0")
    state = kept.load(machine.folder)
    assert (state.running, state.trial, state.failed) == ("1.1", None, {})


@pytest.mark.parametrize(
    ("sign", "why"),
    [
        (Sign("none answers", works=False, line_up=False), "does not answer"),
        (Sign("1.0", works=True, line_up=True), "what answers is 1.0"),
        (Sign("1.1", works=False, line_up=True), "takes no work"),
        (Sign("1.1", works=True, line_up=False), "does not reach the hub"),
    ],
)
def test_a_version_that_is_not_well_is_taken_back_and_told_why(tmp_path, sign, why):
    machine = Machine(tmp_path, lambda: sign)
    told = machine.trials.run("1.1")
    assert told.code == "taken_back"
    assert why in told.sentence
    assert (machine.slots.current, machine.restarts) == ("1.0", ["1.1", "1.0"])
    state = kept.load(machine.folder)
    assert (state.running, state.trial) == ("1.0", None)
    assert why in state.failed["1.1"]


def test_a_version_that_falls_ill_during_the_trial_is_taken_back(tmp_path):
    asked = iter([True, True] + [False] * 1000)
    machine = Machine(tmp_path, lambda: Sign("1.1", works=next(asked), line_up=True))
    assert machine.trials.run("1.1").code == "taken_back"
    assert machine.slots.current == "1.0"


def test_a_line_that_was_down_before_does_not_count_against_the_new_version(tmp_path):
    machine = Machine(tmp_path, lambda: Sign("1.1", works=True, line_up=False))
    down = Sign("1.0", works=True, line_up=False)
    before = machine.sign
    machine.trials._sign = lambda: down if machine.slots.current == "1.0" else before()
    assert machine.trials.run("1.1").code == "ok"


def test_a_restart_that_fails_is_taken_back(tmp_path):
    machine = Machine(tmp_path, lambda: OLD, restart_fails=True)
    assert machine.trials.run("1.1").code == "taken_back"
    assert machine.slots.current == "1.0"


def test_a_trial_that_nobody_watches_any_more_is_taken_back(tmp_path):
    machine = Machine(tmp_path, lambda: Sign("1.1", works=True, line_up=True))
    kept.save(machine.folder, State(running="1.0", trial=Trial("1.1", "1.0", NOW)))
    machine.slots.switch("1.1")  # and then the power failed
    told = machine.trials.settle()
    assert told is not None
    assert (told.code, machine.slots.current) == ("taken_back", "1.0")
    assert machine.trials.settle() is None


def test_a_power_cut_between_the_note_and_the_link_leaves_the_old_one(tmp_path):
    machine = Machine(tmp_path, lambda: OLD)
    kept.save(machine.folder, State(running="1.0", trial=Trial("1.1", "1.0", NOW)))
    machine.trials.settle()
    assert machine.slots.current == "1.0"


def test_a_version_that_is_not_there_is_not_tried(tmp_path):
    machine = Machine(tmp_path, lambda: OLD)
    with pytest.raises(UpdateFailed, match="not there"):
        machine.trials.run("7.7")
    assert (machine.slots.current, machine.restarts) == ("1.0", [])
    assert kept.load(machine.folder).trial is None


def test_a_person_goes_back_to_a_release_that_is_still_there(tmp_path):
    machine = Machine(tmp_path, lambda: Sign("1.1", works=True, line_up=True))
    machine.trials.run("1.1")
    machine.trials.back("1.0", "a person went back")
    assert machine.slots.current == "1.0"
    assert "1.1" in kept.load(machine.folder).failed


def test_a_version_that_ends_by_itself_is_taken_back_at_once(tmp_path):
    machine = Machine(tmp_path, lambda: Sign("1.1", works=True, line_up=True))
    machine.alive_for = 2
    assert "ends by itself" in machine.trials.run("1.1").sentence
    assert (machine.slots.current, machine.restarts) == ("1.0", ["1.1", "1.0"])


@pytest.mark.parametrize("program", ["#!/bin/sh\nexit 3\n", "no program", "#!/nowhere/python\n"])
def test_a_version_that_cannot_even_be_loaded_is_never_switched_to(tmp_path, program):
    machine = Machine(tmp_path, lambda: OLD)
    machine.slots.program("1.1").write_text(program)
    told = machine.trials.run("1.1")
    assert (told.code, machine.slots.current, machine.restarts) == ("taken_back", "1.0", [])
    assert "1.1" in kept.load(machine.folder).failed
    assert preflight(machine.slots.program("1.0")) == ""


def test_a_service_is_restarted_and_asked_by_its_own_commands(tmp_path):
    mark = tmp_path / "mark"
    Service(["touch", str(mark)], ["true"]).restart()
    assert mark.exists()
    assert Service(["true"], ["test", "-e", str(mark)]).alive()
    assert not Service(["true"], ["test", "-e", str(tmp_path / "other")]).alive()
    assert not Service(["true"], ["/no/such/program"]).alive()
    with pytest.raises(UpdateFailed, match="could not be restarted"):
        Service(["false"], ["true"]).restart()


@given(st.lists(st.tuples(st.floats(0.01, 0.5), st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_a_trial_never_ends_well_after_it_was_unwell_for_too_long(steps):
    times, now, worked_at, well_at = Times(3.0, 0.8, 1.5, 0.25), 0.0, 0.0, 0.0
    idle = lost = 0.0
    for step, at_work, line in steps:
        now += step
        worked_at = now if at_work else worked_at
        well_at = now if at_work and line else well_at
        idle, lost = max(idle, now - worked_at), max(lost, now - well_at)
        verdict = judged(times, 0.0, worked_at, well_at, now)
        if verdict is Verdict.GOOD:
            assert (idle < times.answer_s, lost < times.line_s, now >= times.trial_s) == (True, True, True)
        if verdict is not Verdict.GOES_ON:
            return


@pytest.mark.parametrize(
    ("said", "at_work"),
    [
        ({"takes_work": False, "works": True}, True),
        ({"takes_work": False, "works": False}, False),
        ({"takes_work": True}, True),
        ({"takes_work": False}, False),
    ],
)
def test_a_full_disk_is_not_held_against_a_version_and_an_older_one_is_understood(tmp_path, said, at_work):
    rest = {name: value for name, value in msgspec.to_builtins(STATUS).items() if name != "works"}
    told = json.dumps({**rest, **said})

    class Face(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told.encode())

    with HTTPServer(("127.0.0.1", 0), Face) as face:
        thread = threading.Thread(target=face.handle_request)
        thread.start()
        running.tell(tmp_path, running.EDGE, f"http://127.0.0.1:{face.server_port}")
        sign = sign_of(tmp_path)
        thread.join()
    assert sign == Sign(STATUS.version, works=at_work, line_up=True)


def test_at_work_is_the_new_version_that_takes_work():
    assert works(Sign("1.1", works=True, line_up=False), "1.1")
    assert not works(Sign("1.1", works=False, line_up=True), "1.1")
    assert not works(Sign("1.0", works=True, line_up=True), "1.1")
