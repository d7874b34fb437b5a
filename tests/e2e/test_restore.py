"""Evidence and loss with real programs: proofs of a running edge hold, and a new box goes on from a backup of the one that burned."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import programs
from tests.e2e.test_faults import eventually, outcome
from tests.e2e.town import INSTITUTION, Desk, Town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        yield made


def _journal(desk: Desk, *arguments: str, typed: str = "") -> Any:
    return json.loads(programs.edge_command(desk.edge_folder, "journal", *arguments, typed=typed).stdout)


def test_a_proof_from_a_running_edge_holds_with_the_hubs_own_signature(town: Town, tmp_path: Path) -> None:
    msgid = town.msgid()
    assert town.handle("2201", town.registration(), msgid)["outcome"] == "final"
    assert _journal(town, "verify", "--json")["wrong"] == 0

    def proven() -> Any:
        proof = tmp_path / "proof.json"
        proof.write_text(programs.edge_command(town.edge_folder, "journal", "export", msgid).stdout)
        found = _journal(town, "check-proof", str(proof), "--json")
        return found if found["parts"][-1]["well"] is not None else None

    found = eventually(proven, "the answer was never folded")
    assert found["holds"]
    assert {part["part"]: part["well"] for part in found["parts"]} == {
        "authority": None, "transaction": True, "place": True, "day root": None, "answer": True,
    }  # fmt: skip


@pytest.mark.proof
def test_a_new_box_goes_on_from_a_backup_and_nothing_is_lost_or_doubled(town: Town, tmp_path: Path) -> None:
    secret = programs.edge_command(town.edge_folder, "journal", "recovery-key").stdout.strip()
    final, before, after = (town.msgid() for _ in range(3))
    town.handle("2201", town.registration(), final)
    town.hub.kill()
    opened = town.handle("2201", town.registration(), before, deadline_ms=3_000)
    assert opened["outcome"] == "provisional"
    made = _journal(town, "backup", "--to", str(tmp_path / "disk"), "--json")
    town.start_hub()
    eventually(lambda: outcome(town, before) == "final", "what was provisional was not sent")
    late = town.handle("2201", town.registration(), after)
    assert late["outcome"] == "final"
    asked, done = town.asked(), town.done()

    town.edge.kill()
    shutil.rmtree(town.edge_folder)  # the box burns down
    code = programs.hub_command(town.hub_folder, "invite", INSTITUTION).stdout.strip()
    town.enrol(town.hub.enrol, code)
    restored = _journal(town, "restore", made["path"], "--json", typed=f"{secret}\n")
    assert (restored["asked"], restored["sent"]) == ([], 1)
    town.start_edge()
    eventually(lambda: not _journal(town, "stats", "--json")["pending"], "what the backup held open was not resolved")
    assert (town.asked(), town.done()) == (asked, done), "the hub had it all: it answered from its ledger"
    compared = programs.edge_command(
        town.edge_folder, "journal", "compare", "--from", restored["compare_from"], "--json", check=False
    )
    told = json.loads(compared.stdout)
    assert after in [one["msgid"] for one in told["there"]], "the hub has it, the backup has not: it is told by name"
    assert before not in [one["msgid"] for one in told["there"]]
    town.sign_in()
    assert outcome(town, before) == "final"
    again = town.handle("2201", town.registration(), after)
    assert (again["outcome"], again["answer"]["hid"]) == ("final", late["answer"]["hid"]), "a resend is always safe"
    fresh = eventually(lambda: _opened(town), "no case numbers were leased to the new life")
    known = {opened["answer"]["hid"], late["answer"]["hid"]}
    assert fresh["answer"]["hid"] not in known
    assert _journal(town, "verify", "--json")["wrong"] == 0


def _opened(town: Town) -> Any:
    answer = town.handle("2201", town.registration())
    return answer if answer["outcome"] == "final" else None
