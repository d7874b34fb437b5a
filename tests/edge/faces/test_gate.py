"""Whose a call is: the token in the head, which many heads say alike, or that in the body."""

from __future__ import annotations

import msgspec
import pytest

from tests.edge.faces.hospital import CONTEXT, Hospital
from tests.edge.faces.test_shortcut import answered, asked, connected


async def test_a_token_said_in_each_head_alike_ends_with_its_cycle(hospital: Hospital) -> None:
    said, body = f"Authorization: Bearer {hospital.token}", msgspec.json.encode({"context": CONTEXT})
    async with connected(hospital) as (reader, writer):
        for _ in range(2):
            writer.write(asked(hospital, said, body=body))
            assert (await answered(reader))[0] == 200
        cycle = hospital.cycles.of_token(hospital.token, hospital.now)
        await hospital.cycles.close(cycle)
        writer.write(asked(hospital, said, body=body))
        status, _, told = await answered(reader)
        assert (status, msgspec.json.decode(told)["error"]["code"]) == (401, "cycle_closed")


@pytest.mark.parametrize("wrong", ["", "wrong", "x" * 101])
async def test_a_token_in_the_body_counts_where_the_head_says_none(hospital: Hospital, wrong: str) -> None:
    body = msgspec.json.encode({"context": CONTEXT, "token": hospital.token})
    async with connected(hospital) as (reader, writer):
        for _ in range(2):
            writer.write(asked(hospital, f"Authorization: Bearer {wrong}", body=body))
            assert (await answered(reader))[0] == (401 if wrong else 200)
        writer.write(asked(hospital, body=body))
        assert (await answered(reader))[0] == 200
