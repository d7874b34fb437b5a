"""The command: one JSON object at the end, and no program left behind, however it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tidy import tree

pytestmark = [pytest.mark.timeout(240), pytest.mark.proof]
SMALL = "--hospitals 1 --patients 2 --outages 0 --kills 0 --desks 2 --json"


def _running(folder: Path) -> list[str]:
    """The command lines of all processes that name ``folder``."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if str(folder) in line:
            lines.append(line)
    return lines


def _command(folder: Path, options: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *options.split(), "--keep", str(folder)]


def test_it_ends_with_one_json_object_and_leaves_no_program(tmp_path: Path) -> None:
    done = subprocess.run(
        _command(tmp_path, SMALL + " --seed 5"), cwd=tree.ROOT, check=False, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)
    assert (found["hold"], found["seed"], found["patients"]) == (True, 5, 2)
    assert {name: found[name] for name in ("lost", "doubled", "unreconciled", "over_cap")} == dict.fromkeys(
        ("lost", "doubled", "unreconciled", "over_cap"), 0
    )
    assert done.stderr == ""
    assert _running(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_every_program_that_it_started(number: signal.Signals, tmp_path: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background has it ignored
    started = subprocess.Popen(
        _command(tmp_path, "--hospitals 2 --patients 500 --outages 0 --kills 0 --json"),
        cwd=tree.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    ends = time.monotonic() + 100
    while not list(tmp_path.glob("logs/H*.log")) and time.monotonic() < ends:
        time.sleep(0.1)
    assert any("central_sync" in line for line in _running(tmp_path))
    started.send_signal(number)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130, err.decode()
    assert (out, err) == (b"", b"")
    assert _running(tmp_path) == []
