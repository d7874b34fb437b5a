"""``pishkhan-hub settlements resettle``, as a technician types it, on a hub's own database."""

from __future__ import annotations

import json

import pytest

from central_sync.intake import Intake
from central_sync.members.service import import_members
from central_sync.store import Store
from tests.central_sync.hospital import CN_COVERS, MASTER, NOW, RULEBOOK, Hospital, member_line, populate
from tests.central_sync.test_main import hub_command


@pytest.fixture
def hub(tmp_path):
    folder = tmp_path / "data"
    hub_command(folder, "init", "--name", "hub.example")
    return folder


@pytest.fixture
def settled(hub):
    """A confirmed settlement of a member whose group was wrong, and has been corrected since."""
    store = Store(f"sqlite:///{hub / 'hub.db'}")
    store.open()
    populate(store)
    answer = Hospital(store, Intake(store, RULEBOOK), "H1").settled(2_000_00)
    import_members(store, RULEBOOK, [member_line(*MASTER, "retiree", "cn", CN_COVERS)], NOW)
    store.close()
    return answer.settlement_id


def test_a_dry_run_shows_who_would_pay_what_and_changes_nothing(hub, settled):
    done = hub_command(hub, "settlements", "resettle", settled, "--dry-run")
    assert "patient" in done.stdout
    assert "base cn_employee" in done.stdout
    assert "would be replaced" in done.stderr
    again = hub_command(hub, "settlements", "resettle", settled, "--dry-run", "--json")
    assert json.loads(again.stdout)["differs"] is True


def test_a_settlement_is_replaced_once_and_then_comes_to_the_same(hub, settled):
    done = hub_command(hub, "settlements", "resettle", settled, "--reason", "wrong group", "--json")
    found = json.loads(done.stdout)
    assert found["replaced_by"]
    assert found["patient_now"] < found["patient_before"]
    said = hub_command(hub, "settlements", "resettle", found["replaced_by"], "--reason", "wrong group")
    assert "comes to the same" in said.stderr
    rows = hub_command(hub, "audit", "--json").stdout
    assert "wrong group" in rows


def test_what_cannot_be_settled_again_says_why(hub, settled):
    done = hub_command(hub, "settlements", "resettle", settled, check=False)
    assert done.returncode == 2
    assert "say why with --reason" in done.stderr
    hub_command(hub, "settlements", "resettle", settled, "--reason", "wrong group")
    done = hub_command(hub, "settlements", "resettle", settled, "--reason", "again", check=False)
    assert done.returncode == 2
    assert "already_undone" in done.stderr
    done = hub_command(hub, "settlements", "resettle", "NONE", "--reason", "again", check=False)
    assert "settlement_unknown" in done.stderr
