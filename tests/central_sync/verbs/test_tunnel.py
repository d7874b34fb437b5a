"""The next key at the hub's end of the tunnels as an operator types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from central_sync.config import load
from central_sync.fleet.reports import packed
from central_sync.place import Place
from central_sync.releases.repository import FOLDER
from central_sync.store.fleet_records import ReportRow
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EdgeReport
from central_sync.wire.tunnels import key_name
from tests.central_sync.test_main import hub_command
from tests.releases import Centre

A, B = (f"{letter * 42}A=" for letter in "ab")


@pytest.fixture
def hub(tmp_path):
    folder = tmp_path / "hub"
    hub_command(folder, "init")
    hub_command(folder, "hospital", "add", "H01", "--name", "One", "--region", "cn", "--tier", "tier_3")
    centre = Centre(tmp_path / "centre").opened()
    centre.release("1.0")
    centre.folder.rename(folder / FOLDER)
    return folder


def reported(hub, used, following="", drill="") -> None:
    now = datetime.now(UTC)
    said = EdgeReport(version=WIRE_VERSION, sent_at=now, tunnel=used, tunnel_next=following, tunnel_drill=drill)
    with Place(hub, load(hub)).store() as store, store.write() as uow:
        uow.reports.keep([ReportRow("H01", now, 0, packed(said))])


def drilled(hub) -> tuple[int, dict[str, str]]:
    done = hub_command(hub, "tunnel", "drill", "--json", check=False)
    return done.returncode, json.loads(done.stdout)


def test_a_next_key_is_announced_drilled_and_withdrawn_and_each_is_in_the_audit_trail(hub):
    reported(hub, key_name(A))
    hub_command(hub, "tunnel", "next", A, B, "--port", "51821")
    [shown] = [json.loads(hub_command(hub, "tunnel", "show", "--json").stdout)]
    assert (shown["present_key"], shown["next"], shown["port"]) == (A, key_name(B), 51821)
    status, row = drilled(hub)
    assert (status, row["drill"]) == (1, "waiting")
    reported(hub, key_name(A), key_name(B), "tunnel_unanswered")
    status, row = drilled(hub)
    assert (status, row["drill"], row["why"]) == (1, "failed", "tunnel_unanswered")
    assert "nobody with that key" in row["sentence"]
    reported(hub, key_name(B), key_name(B), "in_place")
    assert drilled(hub)[0] == 0
    hub_command(hub, "tunnel", "withdraw", A)
    assert hub_command(hub, "tunnel", "withdraw", A, check=False).returncode == 2
    with Place(hub, load(hub)).store() as store, store.read() as uow:
        actions = [row.action for row in uow.audit.latest(9)]
    assert {"tunnel_announced", "tunnel_withdrawn"} <= set(actions)


@pytest.mark.parametrize("words", [(A, A), ("rubbish", B), (A, B, "--endpoint", "hub.example")])
def test_what_cannot_be_announced_is_refused_in_a_sentence(hub, words):
    done = hub_command(hub, "tunnel", "next", *words, check=False)
    assert (done.returncode, done.stderr.startswith("Error: ")) == (2, True)
    assert hub_command(hub, "tunnel", "show").stdout.strip() == ""
