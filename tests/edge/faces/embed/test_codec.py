"""What the bodies of the native dialect may hold."""

from __future__ import annotations

import msgspec
import pytest

from central_sync.wire.refusals import Refused
from edge.faces import bodies
from edge.faces.embed import codec


def _confirm(his_result: int) -> codec.ConfirmRequest:
    body = b'{"msgid": "c", "original_msgid": "m", "his_result": %d}' % his_result
    return bodies.read(codec.ConfirmRequest, body)


@pytest.mark.parametrize("his_result", [2**63, -(2**63) - 1, 10**40])
def test_a_result_that_the_line_cannot_carry_is_refused_before_it_is_a_transaction(his_result: int) -> None:
    with pytest.raises(Refused, match="packet_invalid") as caught:
        _confirm(his_result)
    assert caught.value.detail.startswith("$.his_result")


@pytest.mark.parametrize("his_result", [0, -1, 2**63 - 1, -(2**63)])
def test_every_result_that_it_can_carry_is_taken(his_result: int) -> None:
    assert msgspec.msgpack.encode(_confirm(his_result).his_result)


def test_an_operator_whose_every_transaction_the_hub_would_refuse_does_not_sign_in() -> None:
    asked = {"institution": "H1", "operator": "op\0", "workstation": "desk-1", "workstation_key": "k"}
    with pytest.raises(Refused, match="packet_invalid") as caught:
        bodies.read(codec.InitRequest, msgspec.json.encode(asked))
    assert caught.value.detail.startswith("$.operator")
