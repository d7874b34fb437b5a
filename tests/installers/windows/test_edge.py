"""The whole edge on Windows, as its service runs it: Windows' Python and Windows' libraries under Wine, the real hub beside it."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installers.windows import build
from tests.e2e.town import NATIONAL_CODE, Town
from tests.installers.windows import interpreter, wine
from tests.installers.windows.wine import Windows

pytestmark = pytest.mark.soak

SERVICE = "pishkhan-edge"
SETTINGS = 'listen = "127.0.0.1:0"\nagents_listen = "127.0.0.1:0"\n'
STARTED_S_MAX = 600


class Seen:
    """What :class:`Town` looks at of a running edge."""

    def __init__(self, face: str) -> None:
        self.face = face

    def kill(self) -> None:
        """Wine ends with the fixture."""


class WindowsTown(Town):
    """A town whose first hospital's edge runs on Windows, as a service."""

    def __init__(self, folder: Path, windows: Windows, program: Path) -> None:
        super().__init__(folder)
        self.windows = windows
        self.program = program
        self.edge_folder = windows.drive / "ProgramData" / "Pishkhan" / "edge"

    def command(self, *arguments: str, typed: str = "") -> str:
        """A verb of ``pishkhan-edge.exe``, in the data folder that it looks for by itself."""
        done = self.windows.asked(self.program / "pishkhan-edge.exe", *arguments, typed=typed, folder=self.program)
        assert done.returncode == 0, (arguments, done)
        return done.stdout

    def commands(self, *verbs: str) -> list[dict[str, Any]]:
        """Several verbs by one process, for to load it takes seconds: exit status, what was printed, and what went to stderr."""
        script = f"""import json
from click.testing import CliRunner
from edge.__main__ import main
done = [CliRunner().invoke(main, verb.split()) for verb in {list(verbs)!r}]
print(json.dumps([{{"status": one.exit_code, "out": one.stdout, "err": one.stderr}} for one in done]))
"""
        done = self.windows.asked(self.program / "python.exe", "-c", script, folder=self.program)
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def service(self, *arguments: str) -> None:
        """What the installer asks of the service's program."""
        self.windows.run(self.program / "pishkhan-service.exe", *arguments)

    def enrol(self, url: str, code: str) -> None:
        self.command("enrol", url, "-", typed=f"{code}\n")
        (self.edge_folder / "edge.toml").write_text(SETTINGS, encoding="utf-8")
        self.key = self.command("workstation", "add", "desk-1").strip()
        data, program = r"C:\ProgramData\Pishkhan\edge", f"Z:{self.program}/pishkhan-edge.exe".replace("/", "\\")
        self.service("install", SERVICE, "Pishkhan edge", data, program, "--data", data, "run")

    def start_edge(self) -> None:
        before = self.heard()
        self.service("start", SERVICE)
        until = time.monotonic() + STARTED_S_MAX
        while self.heard() == before:
            assert time.monotonic() < until, self.logged()[-4000:]
            time.sleep(0.1)
        self.edge = Seen(self.heard()[-1]["face"])

    def stop_edge(self) -> None:
        """In good order, as the service's program tells it."""
        self.service("stop", SERVICE)

    def entries(self) -> int:
        """How many transactions the journal has."""
        return sum(json.loads(self.commands("journal stats --json")[0]["out"])["entries"].values())

    def heard(self) -> list[dict[str, str]]:
        """Each time that it said where it listens."""
        lines = [
            line for line in self.logged().splitlines(keepends=True) if '"listening"' in line and line.endswith("\n")
        ]
        return [json.loads(line) for line in lines]

    def logged(self) -> str:
        """The service's log."""
        path = self.edge_folder / "service.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    with wine.started(tmp_path_factory.mktemp("wine")) as made:
        yield made


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, windows: Windows) -> Iterator[WindowsTown]:
    folder = tmp_path_factory.mktemp("windows-town")
    program = interpreter.assembled(folder / "program")
    build.service(program / "pishkhan-service.exe")
    with WindowsTown(folder, windows, program) as made:
        made.sign_in()
        yield made
    shutil.rmtree(folder, ignore_errors=True)


def test_a_desk_works_and_its_technician_sees_that_all_is_well(town: WindowsTown) -> None:
    _, _, answer = town.settled()
    assert answer["patient"] + answer["shares"][0]["amount"] == answer["total"]
    with urllib.request.urlopen(f"{town.edge.face}/console/") as page:
        assert b"<html" in page.read()
    status, doctor, _, backup, verify, agents, *refused = town.commands(
        "status --json", "doctor --json", "journal recovery-key", "journal backup --json", "journal verify", "agent list", "firmware check", "update status",
    )  # fmt: skip
    told = json.loads(status["out"])
    assert (told["line"], told["pending"], told["warnings"]) == ("up", 0, [])
    findings = [json.loads(line) for line in doctor["out"].splitlines()]
    assert not [one for one in findings if not one["well"]], findings
    assert {one["part"] for one in findings} > {"journal", "disk", "identity", "running"}
    assert json.loads(backup["out"])["transactions"] >= 3, backup
    assert list((town.edge_folder / "backups").glob("*.pskb"))
    assert verify["out"].startswith("sound"), verify
    assert (agents["status"], agents["out"]) == (0, "")
    for one in refused:  # what only the appliance has
        assert (one["status"], "Windows" in one["err"], "Traceback" in one["err"]) == (2, True, False), one


def test_a_stop_is_in_good_order_and_a_kill_loses_nothing(town: WindowsTown) -> None:
    hid = town.case()
    town.stop_edge()
    assert not (town.edge_folder / "control").exists(), "every part was stopped"
    assert not (town.edge_folder / "running.json").exists()
    assert '"a part did not stop well"' not in town.logged()
    town.start_edge()
    town.sign_in()
    assert town.handle("2204", town.fees(hid, "2"))["outcome"] == "final"
    accepted = town.entries()
    town.windows.run("taskkill", "/F", "/IM", "pishkhan-edge.exe", good=False)
    before = town.heard()
    until = time.monotonic() + STARTED_S_MAX
    while town.heard() == before:  # the service starts it again
        assert time.monotonic() < until, town.logged()[-4000:]
        time.sleep(0.1)
    town.edge = Seen(town.heard()[-1]["face"])
    assert town.entries() == accepted, "what was acknowledged is there"
    town.sign_in()
    town.settled()
    assert "Traceback" not in town.logged()
    assert NATIONAL_CODE not in town.logged()
    assert not [line for line in town.logged().splitlines() if '"level": "error"' in line]
