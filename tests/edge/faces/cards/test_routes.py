"""The readers' face over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from edge.faces.cards import codec
from edge.readers import Change, ReaderEvent, ReaderState
from tests.edge.faces.hospital import CONTEXT, Hospital

CARD = '{"kind": "ir_national_code", "number": "۰۴۹۹۳۷۰۸۹۹", "name": "زهرا", "sex": "female"}'


@pytest.fixture
def hospital_with_card(hospital: Hospital) -> Hospital:
    hospital.reader_folder.mkdir()
    (hospital.reader_folder / "card.json").write_text(CARD, encoding="utf-8")
    return hospital


async def test_a_card_is_read_with_the_person_ready_for_the_next_call(hospital_with_card: Hospital) -> None:
    status, body = await hospital_with_card.call("/cards/v1/read", reader="reader-1")
    assert (status, body["return_code"], body["outcome"]) == (200, 0, "final")
    assert body["answer"] == {
        "kind": "ir_national_code",
        "number": "0499370899",
        "card": "simulated",
        "name": "زهرا",
        "sex": "female",
        "person": {"kind": "ir_national_code", "number": "0499370899"},
    }


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"reader": "none"}, 400, "reader_unknown"),
        ({"deadline_ms": 1}, 400, "deadline_invalid"),
        ({"context": {**CONTEXT, "workstation": "desk-2"}}, 401, "token_invalid"),
        ({"context": None}, 400, "context_missing"),
        ({"colour": "red"}, 400, "packet_invalid"),
    ],
)
async def test_what_is_wrong_with_a_read_is_said_in_the_same_shape(
    hospital_with_card: Hospital, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = await hospital_with_card.call("/cards/v1/read", **fields)
    assert (answer[0], answer[1]["return_code"], answer[1]["error"]["code"]) == (status, -2, code)


async def test_without_a_card_the_deadline_is_kept(hospital: Hospital) -> None:
    _, body = await hospital.call("/cards/v1/read", deadline_ms=200)
    assert body["error"]["code"] == "card_absent"
    assert body["error"]["again"] is True


async def test_the_readers_are_listed_for_who_has_signed_in(hospital: Hospital) -> None:
    headers = {"Authorization": f"Bearer {hospital.token}"}
    async with hospital.http.get("/cards/v1/readers", params=CONTEXT, headers=headers) as response:
        assert await response.json() == {
            "return_code": 0,
            "readers": [
                {
                    "name": "reader-1",
                    "driver": "simulated",
                    "connected": False,
                    "card_present": False,
                    "trouble": "reader_absent",
                }
            ],
            "error": None,
        }
    async with hospital.http.get("/cards/v1/readers", params=CONTEXT) as response:
        assert response.status == 401


async def test_the_document_of_the_face_is_served(hospital: Hospital) -> None:
    async with hospital.http.get("/cards/v1/openapi.json") as response:
        assert "/cards/v1/read" in (await response.json())["paths"]


def test_an_event_says_which_reader_and_never_who() -> None:
    state = ReaderState(name="reader-1", driver="simulated", connected=True, card_present=True)
    assert codec.event_data(ReaderEvent(change=Change.INSERTED, state=state)) == {
        "reader": "reader-1",
        "change": "inserted",
        "connected": True,
        "card_present": True,
    }
