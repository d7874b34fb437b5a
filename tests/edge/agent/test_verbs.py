"""What a technician types: at the edge and on the PC; and that what runs on the PC is small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central_sync.wire import enrolment
from edge.__main__ import main
from edge.agents import Agents
from tests import programs
from tests.edge.agent.office import clock

RESIDENT_KIB_MAX = 80_000
"""A bare edge takes more before it has done anything."""
HEAVY = ("edge.journal", "edge.uplink", "edge.app", "edge.line", "edge.downlink", "edge.intake", "edge.verbs.whole",
         "edge.agents", "pysqlite3", "sqlite3", "apscheduler", "sqlalchemy")  # fmt: skip


def run(folder: Path, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["--data", str(folder), "agent", *arguments], input=typed)


def test_a_computer_is_invited_listed_and_removed(tmp_path: Path) -> None:
    invited = run(tmp_path, "invite", "pc-3", "--desk", "desk-3")
    assert invited.exit_code == 0
    secret, _ = enrolment.read_code(invited.stdout)
    assert "agent pair https://" in invited.stderr
    row = json.loads(run(tmp_path, "list", "--json").stdout)
    assert (row["name"], row["desk"], row["state"]) == ("pc-3", "desk-3", "invited")
    Agents(tmp_path).pair(secret, "k" * 43, clock())
    assert run(tmp_path, "list").stdout.split("\t")[:3] == ["pc-3", "desk-3", "unknown"]
    assert run(tmp_path, "remove", "pc-3").exit_code == 0
    assert run(tmp_path, "list").stdout == ""
    again = run(tmp_path, "remove", "pc-3")
    assert (again.exit_code, "agent list" in again.stderr) == (2, True)


def test_whose_the_readers_are_follows_from_the_name_unless_it_is_said(tmp_path: Path) -> None:
    run(tmp_path, "invite", "desk-4")
    run(tmp_path, "invite", "hall", "--any-desk", "--card-must-stay")
    found = {one.name: one.binding for one in Agents(tmp_path).invitations(clock())}
    assert (found["desk-4"].desk, found["desk-4"].card_must_stay) == ("desk-4", False)
    assert (found["hall"].desk, found["hall"].card_must_stay) == ("", True)


def test_what_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text('[[readers]]\nname = "hall"\ndriver = "simulated"\naddress = "x"\n')
    for arguments in (
        ("invite", "hall"),
        ("invite", "a b"),
        ("pair", "http://edge", "CODE"),
        ("pair", "https://127.0.0.1:1", "CODE"),
        ("run", "--listen", "0.0.0.0:1"),
    ):
        done = run(tmp_path, *arguments)
        assert (done.exit_code, done.stderr.startswith("Error: ")) == (2, True), arguments
        assert "Traceback" not in done.stderr


def test_a_code_that_is_not_typed_as_an_argument_is_asked_for(tmp_path: Path) -> None:
    done = run(tmp_path, "pair", "https://127.0.0.1:1", typed="NOT-A-CODE\n")
    assert (done.exit_code, "Pairing code" in done.stderr) == (2, True)


@pytest.fixture
def watched(tmp_path: Path) -> programs.Program:
    """An agent that runs as its own process, and tells at its end what it has loaded."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    )
    (tmp_path / "reader").mkdir()
    (tmp_path / "agent.toml").write_text('[[readers]]\nname = "card"\ndriver = "simulated"\naddress = "reader"\n')
    with programs.start_agent(tmp_path, environment={"PYTHONPATH": str(site)}) as running:
        yield running


def test_what_runs_on_the_pc_has_no_journal_no_line_and_no_database_and_is_small(watched: programs.Program) -> None:
    status = Path(f"/proc/{watched.process.pid}/status").read_text()
    resident = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    assert resident < RESIDENT_KIB_MAX
    assert watched.stop() == 0
    loaded = watched.log.split()
    assert "edge.agent.app" in loaded
    shared = ("programs", "terms", "wire")
    assert not [name for name in loaded if name.startswith("central_sync.") and name.split(".")[1] not in shared]
    assert not [name for name in loaded if any(name == one or name.startswith(f"{one}.") for one in HEAVY)]
