"""The hub's commands as a technician types them: what they print, and what they say when something is not possible."""

import json
import logging
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
from click.testing import CliRunner

from central_sync.__main__ import main
from central_sync.wire.enrolment import read_code
from tests.programs import ROOT, NotStarted, start_hub

MEMBER = {
    "kind": "ir_national_code",
    "number": "0499370899",
    "name": "Planted Name",
    "birth_date": "1980-01-31",
    "sex": "female",
    "group": "insured",
    "region": "ir",
    "covers": [
        {"layer": "base", "scheme": "ir_social_security", "contract": "c1", "from_day": "2025-01-01", "to_day": None}
    ],
}


class Typed(NamedTuple):
    """What a command printed, and how it ended."""

    stdout: str
    stderr: str
    returncode: int


def hub_command(folder, *arguments, database="", check=True) -> Typed:
    """A command of ``pishkhan-hub``, run in this process: starting one takes a second. Afterwards the log is as it was."""
    handlers = logging.getLogger().handlers[:]
    try:
        where = ["--database", database] if database else []
        done = CliRunner().invoke(main, ["--data", str(folder), *where, *arguments], prog_name="pishkhan-hub")
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers[:] = handlers
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert not (check and done.exit_code), done.stderr
    return Typed(done.stdout, done.stderr, done.exit_code)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which `init` ran and one hospital was added."""
    folder = tmp_path_factory.mktemp("hub") / "data"
    hub_command(folder, "init", "--name", "hub.example")
    hub_command(folder, "hospital", "add", "H01", "--name", "First [b]Hospital", "--region", "cn", "--tier", "tier_3")
    return folder


def test_init_may_be_run_again_and_keeps_keys_private(made):
    before = (made / "authority" / "authority.pem").read_bytes()
    hub_command(made, "init", "--name", "10.0.0.1")
    assert (made / "authority" / "authority.pem").read_bytes() == before
    assert "10.0.0.1" in (made / "authority" / "names").read_text().split()
    assert stat.S_IMODE((made / "authority" / "authority.key").stat().st_mode) == 0o600


def test_invite_prints_the_code_alone(made):
    done = hub_command(made, "invite", "H01")
    assert read_code(done.stdout)
    assert done.stdout.count("\n") == 1


def test_lists_are_for_people_and_for_programs(made):
    assert "First [b]Hospital" in hub_command(made, "hospital", "list").stdout
    (row,) = map(json.loads, hub_command(made, "hospital", "list", "--json").stdout.splitlines())
    assert (row["code"], row["zone"]) == ("H01", "Asia/Shanghai")
    facts = json.loads(hub_command(made, "status", "--json").stdout)
    assert (facts["hospitals"], facts["transactions"], facts["awaited"]) == (1, 0, 0)
    assert facts["edges"][0]["edge"] == "never enrolled"
    assert "never enrolled" in hub_command(made, "status").stdout
    assert hub_command(made, "uncertain", "--json").stdout == ""
    actions = [json.loads(line)["action"] for line in hub_command(made, "audit", "--json").stdout.splitlines()]
    assert actions[0] == "hospital_added"


def test_members_are_imported_whole_or_not_at_all(made, tmp_path):
    file = tmp_path / "members.jsonl"
    file.write_text(json.dumps(MEMBER) + "\n" + json.dumps({**MEMBER, "number": "1234567890"}) + "\n")
    done = hub_command(made, "members", "import", str(file), check=False)
    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert "Planted" not in done.stderr
    assert "1234567890" not in done.stderr
    file.write_text(json.dumps(MEMBER) + "\n")
    assert "1 members added" in hub_command(made, "members", "import", str(file)).stderr
    assert "1 replaced" in hub_command(made, "members", "import", str(file)).stderr
    assert json.loads(hub_command(made, "status", "--json").stdout)["members"] == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["hospital", "add", "H01", "--name", "n", "--region", "cn", "--tier", "tier_3"], "already"),
        (["hospital", "add", "H02", "--name", "n", "--region", "zz", "--tier", "tier_3"], "region"),
        (["invite", "H99"], "no hospital"),
        (["invite", "H01", "--valid-hours", "0"], "hours"),
        (["revoke", "H99"], "no hospital"),
        (["notice", "H99", "x"], "no hospital"),
        (["run", "--sync-listen", "nowhere"], "HOST:PORT"),
        (["run", "--sync-device", "nosuchdev0", "--sync-listen", "127.0.0.1:0"], "nosuchdev0"),
        (["members", "import", "/nonexistent"], "does not exist"),
        (["init", "--name", "بیمه"], "write xn--"),
        (["init", "--name", "hub.example:7443"], "no host name"),
        (["init", "--name", ""], "no host name"),
        (["release", "export", "nowhere"], "nothing is listed yet"),
        (["nonsense"], "No such command"),
        (["audit", "--last", "9" * 30], "is not in the range"),
    ],
)
def test_what_is_not_possible_ends_with_2_and_a_reason(made, arguments, word):
    done = hub_command(made, *arguments, check=False)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("threads = 0", "threads"),
        ("thread = 3", "thread"),
        ('[sync]\nlisten = "x"', "HOST:PORT"),
        ('database = "mysql://x:secret@y/z"', "sqlite:///"),
        ("= broken", "TOML"),
        ("threads = " + "9" * 5000, "TOML"),
        ("threads = " + "[" * 5000, "TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, word):
    (tmp_path / "hub.toml").write_text(text)
    done = hub_command(tmp_path, "status", check=False)
    assert done.returncode == 2
    assert word in done.stderr
    assert "secret" not in done.stderr


def test_every_command_explains_itself(made):
    for words in ([], ["hospital"], ["hospital", "add"], ["members", "import"], ["invite"], ["run"], ["audit"]):
        assert "--help" in hub_command(made, *words, "--help").stdout


def test_what_the_system_refuses_is_a_sentence(made):
    typed = [sys.executable, "-m", "central_sync", "--data", str(made), "hospital", "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(typed, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "Error: the data folder, or where the output goes: No space left on device\n",
    )


def test_a_hub_that_was_never_set_up_says_so(tmp_path):
    done = hub_command(tmp_path, "run", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "init" in done.stderr


def test_a_missing_database_file_is_told_and_not_made_up_for(made):
    done = hub_command(made, "run", "--sync-listen", "127.0.0.1:0", database=f"sqlite:///{made}/lost.db", check=False)
    assert done.returncode == 2
    assert "init" in done.stderr
    assert not (made / "lost.db").exists()


@pytest.mark.parametrize("verb", [("run",), ("audit",), ("migrate",)])
def test_what_a_killed_hub_left_beside_a_lost_database_stays(made, verb):
    (made / "lost.db-wal").write_bytes(b"committed last")
    done = hub_command(made, *verb, database=f"sqlite:///{made}/lost.db", check=False)
    assert done.returncode == 2
    assert "restore" in done.stderr
    assert (made / "lost.db-wal").read_bytes() == b"committed last"
    assert not (made / "lost.db").exists()


def test_a_read_only_database_is_told_before_the_hub_listens(made):
    url = f"sqlite:///file:{made}/hub.db?mode=ro&uri=true"
    with pytest.raises(NotStarted, match="written") as caught:
        start_hub(made, database=url)
    assert "exit status 2" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_damaged_database_is_told(made):
    (made / "damaged.db").write_bytes(b"not a database" * 100)
    done = hub_command(
        made, "run", "--sync-listen", "127.0.0.1:0", database=f"sqlite:///{made}/damaged.db", check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_second_hub_on_one_sqlite_file_is_refused_and_commands_are_not(made):
    with start_hub(made):
        done = hub_command(made, "run", "--sync-listen", "127.0.0.1:0", "--enrol-listen", "127.0.0.1:0", check=False)
        assert json.loads(hub_command(made, "status", "--json").stdout)["hospitals"] == 1
    assert done.returncode == 2
    assert "another hub process" in done.stderr


def test_an_address_in_use_is_told(made, tmp_path):
    other = tmp_path / "other"
    hub_command(other, "init")
    with start_hub(made) as running:
        port = running.sync.rpartition(":")[2]
        done = hub_command(other, "run", "--sync-listen", f"127.0.0.1:{port}", check=False)
    assert done.returncode == 2
    assert "cannot listen" in done.stderr


@pytest.mark.parametrize(("text", "word"), [(None, "No such file"), ("no PEM", "no key and chain")])
def test_a_certificate_of_the_console_that_cannot_be_used_is_told(tmp_path, text, word):
    hub_command(tmp_path, "init")
    (tmp_path / "hub.toml").write_text('[console]\nlisten = "127.0.0.1:0"\ncertificate = "console.pem"\n')
    if text is not None:
        (tmp_path / "console.pem").write_text(text)
    done = hub_command(tmp_path, "run", "--sync-listen", "127.0.0.1:0", "--enrol-listen", "127.0.0.1:0", check=False)
    assert (done.returncode, "console.pem" in done.stderr, word in done.stderr) == (2, True, True), done.stderr


def test_a_stopped_hub_leaves_with_0_and_its_database_whole(made):
    running = start_hub(made)
    assert running.stop() == 0
    assert "the hub stops" in running.log
    assert all(json.loads(line)["event"] for line in running.log.splitlines())
    checked = sqlite3.connect(made / "hub.db").execute("PRAGMA integrity_check").fetchone()
    assert checked == ("ok",)


@pytest.mark.parametrize(
    "verb", [("review", "list"), ("settlements", "resettle"), ("members", "import"), ("hospital", "add")]
)
def test_the_help_of_every_verb_is_there_without_a_hub(verb):
    done = CliRunner().invoke(main, [*verb, "--help"], prog_name="pishkhan-hub")
    assert done.exit_code == 0, done.output
    assert f"Usage: pishkhan-hub {' '.join(verb)}" in done.output
    assert CliRunner().invoke(main, list(verb)).exit_code == 2, "without --help a hub is needed"


@pytest.mark.parametrize("verb", [("init",), ("authority", "next"), ("status",)])
def test_what_root_would_write_for_the_hubs_account_is_refused_with_what_to_type(verb, made, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    monkeypatch.setattr(os, "geteuid", lambda: made.stat().st_uid + 1)
    done = CliRunner().invoke(main, ["--data", str(made), *verb])
    assert (done.exit_code, "belongs to account" in done.stderr) == (2, True)
    assert f"runuser -u {made.owner()} -- " in done.stderr
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before
    assert CliRunner().invoke(main, ["--data", str(made), *verb, "--help"]).exit_code == 0


def test_a_folder_that_cannot_be_looked_at_is_told_in_a_sentence(tmp_path):
    folder = tmp_path / ("h" * 300)
    done = CliRunner().invoke(main, ["--data", str(folder), "status"])
    assert (done.exit_code, done.stderr) == (
        2,
        f"Error: {folder} cannot be looked at by this account: File name too long\n",
    )
