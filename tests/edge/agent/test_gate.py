"""Who may call the agent's loopback face."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from central_sync.wire.refusals import Refused
from edge.agent.gate import LoopbackGate
from edge.faces.bodies import CallContext
from edge.workstations import FILE, Workstations
from tests.edge.agent.office import INSTITUTION, clock

CONTEXT = CallContext(institution=INSTITUTION, operator="op-1", workstation="desk-1")
QUERY = f"/cards/v1/readers?institution={INSTITUTION}&operator=op-1&workstation=desk-1"


def gate(folder: Path, institution: str = INSTITUTION) -> tuple[LoopbackGate, str]:
    known = Workstations(folder / FILE)
    return LoopbackGate(lambda: institution, Workstations(folder / FILE), clock), known.add("desk-1", clock())


def test_the_key_of_a_workstation_opens_it_in_the_header_or_in_the_body(tmp_path: Path) -> None:
    made, key = gate(tmp_path)
    bearer = {"Authorization": f"Bearer {key}"}
    assert made.caller(make_mocked_request("POST", "/", headers=bearer), CONTEXT).desk == "desk-1"
    assert made.caller(make_mocked_request("POST", "/"), CONTEXT, key).desk == "desk-1"
    query = make_mocked_request("GET", QUERY, headers=bearer)
    assert made.caller_of_query(query).desk == "desk-1"
    assert made.still_admits(query)
    Workstations(tmp_path / FILE).remove("desk-1")
    assert not made.still_admits(query)


@pytest.mark.parametrize(
    ("context", "key", "code"),
    [
        (None, "", "context_missing"),
        (CallContext(institution="H002", operator="op-1", workstation="desk-1"), "", "institution_wrong"),
        (CallContext(institution=INSTITUTION, operator="op-1", workstation="desk-2"), "", "token_invalid"),
        (CONTEXT, "wrong", "token_invalid"),
    ],
)
def test_others_are_refused(tmp_path: Path, context: CallContext | None, key: str, code: str) -> None:
    made, right = gate(tmp_path)
    with pytest.raises(Refused, match=code):
        made.caller(make_mocked_request("POST", "/"), context, key or right)


def test_a_pc_that_is_not_paired_yet_knows_no_institution(tmp_path: Path) -> None:
    made, key = gate(tmp_path, institution="")
    assert made.caller(make_mocked_request("POST", "/"), CONTEXT, key).desk == "desk-1"


def test_a_list_that_cannot_be_read_admits_nobody(tmp_path: Path) -> None:
    made, key = gate(tmp_path)
    (tmp_path / FILE).write_text("{")
    with pytest.raises(Refused, match="workstation_refused"):
        made.caller(make_mocked_request("POST", "/"), CONTEXT, key)
