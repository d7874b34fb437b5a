"""The change of the hub's authority as an operator types it."""

from __future__ import annotations

import json
import os
import pty
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from central_sync.app import AUTHORITY_FOLDER
from central_sync.config import load
from central_sync.fleet import packing
from central_sync.fleet.handover import HandoverError
from central_sync.fleet.packing import take
from central_sync.fleet.reports import packed
from central_sync.place import Place
from central_sync.store.fleet_records import ReportRow
from central_sync.store.records import Certificate
from central_sync.verbs import authority as verbs
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EdgeReport
from tests.central_sync.test_main import hub_command
from tests.patience import HUNG_S
from tests.programs import start_hub
from tests.tidy import tree


@pytest.fixture
def hub(tmp_path):
    folder = tmp_path / "hub"
    hub_command(folder, "init")
    hub_command(folder, "hospital", "add", "H01", "--name", "One", "--region", "cn", "--tier", "tier_3")
    return folder


def reported(hub, uses, following="", drill="") -> None:
    now = datetime.now(UTC)
    said = EdgeReport(
        version=WIRE_VERSION, sent_at=now, authority=uses, authority_next=following, authority_drill=drill
    )
    with Place(hub, load(hub)).store() as store, store.write() as uow:
        if not uow.certificates.of("H01"):
            uow.certificates.add(Certificate("1", "H01", now + timedelta(days=30), now))
        uow.reports.keep([ReportRow("H01", now, 0, packed(said))])


def in_use(hub) -> str:
    return hub_command(hub, "authority", "show").stdout.split()[2].rstrip(",")


def test_no_step_is_taken_past_an_edge_that_is_not_ready(hub):
    old = in_use(hub)
    assert "there is no next authority" in hub_command(hub, "authority", "switch", check=False).stderr
    name = hub_command(hub, "authority", "next").stdout.split()[0]
    assert name in hub_command(hub, "authority", "show").stdout
    reported(hub, old, name, "drill_wrong_name")
    done = hub_command(hub, "authority", "drill", "--json", check=False)
    row = json.loads(done.stdout)
    assert (done.returncode, row["institution"], row["drill"], row["why"]) == (1, "H01", "failed", "drill_wrong_name")
    assert "name by which it is reached" in row["sentence"]
    done = hub_command(hub, "authority", "switch", check=False)
    assert (done.returncode, "H01 (drill_wrong_name)" in done.stderr, in_use(hub)) == (2, True, old)
    reported(hub, old, name, "passed")
    assert hub_command(hub, "authority", "drill").returncode == 0
    hub_command(hub, "authority", "switch")
    assert in_use(hub) == name
    done = hub_command(hub, "authority", "retire", check=False)
    assert (done.returncode, "1 edges still use" in done.stderr) == (2, True)
    reported(hub, name, name, "passed")
    assert f"{old} is over" in hub_command(hub, "authority", "retire").stdout
    actions = [json.loads(line)["action"] for line in hub_command(hub, "audit", "--json").stdout.splitlines()]
    assert actions[-3:] == ["authority_announced", "authority_switched", "authority_retired"]


def test_a_person_may_decide_despite_and_go_back(hub):
    old = in_use(hub)
    name = hub_command(hub, "authority", "next").stdout.split()[0]
    reported(hub, old)
    done = hub_command(hub, "authority", "switch", "--despite")
    assert (in_use(hub), "H01 (waiting)" in done.stderr) == (name, True)
    hub_command(hub, "authority", "back")
    assert in_use(hub) == old
    hub_command(hub, "authority", "withdraw")
    assert "beside it: none" in hub_command(hub, "authority", "show").stdout


def test_nothing_is_taken_back_that_an_edge_holds_on_to(hub):
    old = in_use(hub)
    name = hub_command(hub, "authority", "next").stdout.split()[0]
    reported(hub, old, name, "passed")
    hub_command(hub, "authority", "switch")
    reported(hub, name, name, "passed")
    hub_command(hub, "authority", "back")
    done = hub_command(hub, "authority", "withdraw", check=False)
    assert (done.returncode, "1 edges still use a certificate of it" in done.stderr) == (2, True)
    reported(hub, old, name, "passed")
    hub_command(hub, "authority", "withdraw")


def test_a_switch_is_not_undone_past_an_edge_that_was_enrolled_since(hub):
    name = hub_command(hub, "authority", "next").stdout.split()[0]
    hub_command(hub, "authority", "switch")
    reported(hub, name)
    done = hub_command(hub, "authority", "back", check=False)
    assert (done.returncode, "enrolled since the switch" in done.stderr, in_use(hub)) == (2, True, name)
    assert "H01" in hub_command(hub, "authority", "back", "--despite").stderr
    noted = [json.loads(line)["detail"] for line in hub_command(hub, "audit", "--json").stdout.splitlines()][-1]
    assert "despite 1 edges" in noted


def typed(hub, *words, **streams) -> subprocess.CompletedProcess[bytes]:
    """A command as an operator types it, with its own stdin and stdout."""
    command = [sys.executable, "-m", "central_sync", "--data", str(hub), "authority", *words]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE} | streams
    if "input" in streams:
        del streams["stdin"]
    return subprocess.run(command, cwd=tree.ROOT, stderr=subprocess.PIPE, timeout=4 * HUNG_S, check=False, **streams)


@pytest.mark.proof
def test_the_authority_goes_to_another_hub_through_a_pipe_before_its_init(hub, tmp_path):
    other = tmp_path / "other"
    shown = hub_command(hub, "authority", "show").stdout
    fingerprint = shown.split("fingerprint: ")[1].split()[0]
    sent = typed(hub, "pack")
    assert sent.returncode == 0, sent.stderr
    assert fingerprint in sent.stderr.decode()
    taken = typed(other, "take", "--fingerprint", fingerprint, input=sent.stdout)
    assert taken.returncode == 0, taken.stderr
    assert b"not in the audit trail" in taken.stderr, "there is no database yet, and that is said"
    hub_command(other, "init")
    assert hub_command(other, "authority", "show").stdout == shown, "init keeps what was taken"
    assert "authority_packed" in hub_command(hub, "audit").stdout


def serves(port: str, name: str, trusted: str) -> bool:
    """Whether the hub there proves to be ``name`` to somebody who believes ``trusted`` alone."""
    asking = ssl.create_default_context(cadata=trusted)
    host, _, number = port.removeprefix("https://").partition(":")
    try:
        with (
            socket.create_connection((host, int(number)), HUNG_S) as bare,
            asking.wrap_socket(bare, server_hostname=name),
        ):
            return True
    except ssl.SSLCertVerificationError:
        return False


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_two_hubs_of_one_database_go_over_together_each_under_its_own_name(tmp_path, url):
    """Each with a folder of its own, both at work; whatever is done at the one is taken at the other."""
    folders = {name: tmp_path / name for name in ("hub1.example", "hub2.example")}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
        (folder / "hub.toml").write_text(f'database = "{url}"\n')
    one, two = folders.values()

    def given(fingerprint: str = "") -> None:
        now = datetime.now(UTC)
        take(two / AUTHORITY_FOLDER, packing.packed(one / AUTHORITY_FOLDER, now), now, fingerprint)

    hub_command(one, "init", "--name", "hub1.example")
    given(hub_command(one, "authority", "show").stdout.split("fingerprint: ")[1].split()[0])
    hub_command(two, "init", "--name", "hub2.example")
    with start_hub(one) as first, start_hub(two) as second:
        for step in ("next", "switch", "retire"):
            hub_command(one, "authority", step)
            given()
            trusted = Place(one, load(one)).authority().pem()
            for name, hub in zip(folders, (first, second), strict=True):
                until(lambda hub=hub, name=name, trusted=trusted: serves(hub.enrol, name, trusted), f"{name}: {step}")
        assert not serves(first.enrol, "hub2.example", trusted)


def until(what, why: str) -> None:
    ends = time.monotonic() + HUNG_S
    while not what():
        assert time.monotonic() < ends, why
        time.sleep(0.2)


def test_keys_are_written_neither_to_a_screen_nor_to_a_file_that_others_read(tmp_path):
    ours, screen = pty.openpty()
    try:
        with pytest.raises(HandoverError, match="a screen"):
            verbs._secret(screen, "written to")
    finally:
        os.close(screen)
        os.close(ours)
    with (tmp_path / "pack").open("wb") as file:
        (tmp_path / "pack").chmod(0o640)
        with pytest.raises(HandoverError, match="chmod 600"):
            verbs._secret(file.fileno(), "written to")
        (tmp_path / "pack").chmod(0o600)
        verbs._secret(file.fileno(), "written to")


def test_a_fingerprint_is_whole(hub):
    done = hub_command(hub, "authority", "take", "--fingerprint", "abc", check=False)
    assert (done.returncode, "64 hexadecimal" in done.stderr) == (2, True)
