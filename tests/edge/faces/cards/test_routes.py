"""The readers' face over HTTP."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.readers import Change, ReaderEvent, ReaderState
from edge.readers.bindings import Binding
from tests.edge.faces.hospital import CONTEXT, Hospital, next_event, until
from tests.patience import HUNG_S

CARD = '{"kind": "ir_national_code", "number": "۰۴۹۹۳۷۰۸۹۹", "name": "زهرا", "sex": "female"}'
OTHER_CARD = '{"kind": "ir_national_code", "number": "1111111014", "name": "امید"}'
READERS = {
    "reader-1": Binding(desk="desk-1"),
    "reader-2": Binding(desk="desk-2", card_must_stay=True),
    "reader-3": Binding(),
}


@pytest.fixture
def hospital_with_card(hospital: Hospital) -> Hospital:
    hospital.put_card(CARD)
    return hospital


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[Hospital]:
    """Two desks with a reader each, and one reader for all; desk-1 is signed in."""
    async with Hospital(tmp_path, readers=READERS) as made:
        await made.sign_in()
        yield made


async def test_a_card_is_read_with_the_person_ready_for_the_next_call(hospital_with_card: Hospital) -> None:
    status, body = await hospital_with_card.call("/cards/v1/read", reader="reader-1")
    assert (status, body["return_code"], body["outcome"]) == (200, 0, "final")
    read_id = body["answer"].pop("read_id")
    assert body["answer"] == {
        "kind": "ir_national_code",
        "number": "0499370899",
        "card": "simulated",
        "name": "زهرا",
        "sex": "female",
        "person": {"kind": "ir_national_code", "number": "0499370899"},
        "reader": "reader-1",
        "desk": "desk-1",
        "read_at": "2026-03-01T08:30:00Z",
    }
    _, again = await hospital_with_card.call("/cards/v1/read")
    assert len(read_id) >= 22
    assert again["answer"]["read_id"] != read_id


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
    hospital.put_card(CARD).unlink()
    _, body = await hospital.call("/cards/v1/read", deadline_ms=1_000)
    assert body["error"]["code"] == "card_absent"
    assert body["error"]["again"] is True


async def test_the_readers_are_listed_with_their_desks_for_who_has_signed_in(desks: Hospital) -> None:
    _, body = await desks.get("/cards/v1/readers")
    assert (body["return_code"], body["error"]) == (0, None)
    assert body["readers"][0] == {
        "name": "reader-1",
        "driver": "simulated",
        "desk": "desk-1",
        "connected": False,
        "card_present": False,
        "trouble": "reader_absent",
    }
    assert [row["desk"] for row in body["readers"]] == ["desk-1", "desk-2", ""]
    desks.token = "another"
    for path in ("readers", "last", "events"):
        assert (await desks.get(f"/cards/v1/{path}"))[0] == 401


async def test_a_desk_reads_its_own_reader_without_naming_it_and_never_that_of_another(desks: Hospital) -> None:
    desks.put_card(CARD, "reader-1")
    desks.put_card(OTHER_CARD, "reader-2")
    _, body = await desks.call("/cards/v1/read")
    assert (body["answer"]["reader"], body["answer"]["number"]) == ("reader-1", "0499370899")
    for answer in (
        await desks.call("/cards/v1/read", reader="reader-2"),
        await desks.get("/cards/v1/last", reader="reader-2"),
    ):
        assert (answer[0], answer[1]["error"]["code"]) == (400, "reader_of_another_desk")
    await desks.sign_in("desk-2")
    _, body = await desks.call("/cards/v1/read")
    assert (body["answer"]["reader"], body["answer"]["number"]) == ("reader-2", "1111111014")


async def test_the_last_card_is_told_again_for_a_while_and_to_its_own_desk_alone(desks: Hospital) -> None:
    card = desks.put_card(CARD, "reader-3")
    assert (await desks.get("/cards/v1/last"))[1]["answer"] is None
    _, read = await desks.call("/cards/v1/read", reader="reader-3")
    card.unlink()
    _, last = await desks.get("/cards/v1/last", reader="reader-3")
    assert last == read
    assert (await desks.get("/cards/v1/last"))[1]["answer"] is None, "its own reader has read nothing"
    await desks.sign_in("desk-2")
    assert (await desks.get("/cards/v1/last", reader="reader-3"))[1]["answer"] is None
    await desks.sign_in("desk-1")
    desks.now += timedelta(seconds=120)
    assert (await desks.get("/cards/v1/last", reader="reader-3"))[1]["answer"] is None


async def test_the_stream_tells_a_desk_what_happens_at_its_readers_and_never_who(desks: Hospital) -> None:
    async with await desks.opened("/cards/v1/events") as stream:
        desks.put_card(OTHER_CARD, "reader-2")
        await until(lambda: desks.front.readers.states()[1].card_present)
        card = desks.put_card(CARD, "reader-1")
        told = [await next_event(stream), await next_event(stream)]
        await desks.call("/cards/v1/read")
        told.append(await next_event(stream))
        card.unlink()
        told.append(await next_event(stream))
        shutil.rmtree(desks.reader_folder)
        told.append(await next_event(stream))
        desks.put_card(CARD, "reader-3")
        told += [await next_event(stream), await next_event(stream)]
    assert [(kind, data["reader"], data["desk"]) for kind, data in told] == [
        ("reader_back", "reader-1", "desk-1"),
        ("inserted", "reader-1", "desk-1"),
        ("read", "reader-1", "desk-1"),
        ("removed", "reader-1", "desk-1"),
        ("reader_lost", "reader-1", "desk-1"),
        ("reader_back", "reader-3", ""),
        ("inserted", "reader-3", ""),
    ]
    for _, data in told:
        assert set(data) == {"at", "missed", "reader", "desk"}


async def test_where_the_card_must_stay_its_removal_ends_the_session(desks: Hospital) -> None:
    await desks.sign_in("desk-2")
    card = desks.put_card(OTHER_CARD, "reader-2")
    await until(lambda: desks.front.readers.states()[1].card_present)
    async with await desks.opened("/cards/v1/events") as stream:
        await desks.call("/cards/v1/read")
        card.unlink()
        assert [(await next_event(stream))[0] for _ in range(3)] == ["read", "removed", "session_ended"]


async def test_the_document_of_the_face_is_served(hospital: Hospital) -> None:
    async with hospital.http.get("/cards/v1/openapi.json") as response:
        assert {"/cards/v1/read", "/cards/v1/last", "/cards/v1/events", "/cards/v1/request/{request_id}"} <= set(
            (await response.json())["paths"]
        )


async def test_a_card_is_asked_for_and_the_answer_is_fetched_when_it_is_there(desks: Hospital) -> None:
    desks.reader_folder.mkdir()
    async with await desks.opened("/cards/v1/events") as stream:
        status, asked = await desks.call("/cards/v1/request", prompt="کارت بیمار", timeout_s=30)
        assert (status, asked["return_code"], asked["state"]) == (200, 0, "waiting")
        assert asked["until"] == "2026-03-01T08:30:30Z"
        path = f"/cards/v1/request/{asked['request_id']}"
        assert (await desks.get(path))[1] == asked
        told = [await next_event(stream), await next_event(stream)]
        assert {kind for kind, _ in told} == {"reader_back", "card_requested"}
        [requested] = [data for kind, data in told if kind == "card_requested"]
        assert (requested["prompt"], requested["desk"]) == ("کارت بیمار", "desk-1")
        poll = asyncio.create_task(desks.get(path, wait_ms="20000"))
        desks.put_card(CARD)
        _, ended = await poll
        assert [(await next_event(stream))[0] for _ in range(3)] == ["inserted", "read", "request_ended"]
    assert (ended["return_code"], ended["state"], ended["error"]) == (0, "read", None)
    assert ended["answer"]["person"] == {"kind": "ir_national_code", "number": "0499370899"}
    assert ended["answer"]["read_id"]
    desks.now += timedelta(seconds=121)
    _, late = await desks.get(path)
    assert (late["return_code"], late["answer"], late["error"]["code"]) == (-2, None, "card_forgotten")


async def test_a_request_that_ends_without_a_card_says_why(desks: Hospital) -> None:
    desks.reader_folder.mkdir()
    await until(lambda: desks.front.readers.states()[0].connected)
    _, asked = await desks.call("/cards/v1/request")
    path = f"/cards/v1/request/{asked['request_id']}"
    status, ended = await desks.get(path, "DELETE")
    assert (status, ended["return_code"], ended["state"]) == (200, -2, "cancelled")
    assert ended["error"]["code"] == "card_request_cancelled"
    assert (await desks.get(path))[1] == ended
    await desks.sign_in("desk-2")
    for method in ("GET", "DELETE"):
        status, body = await desks.get(path, method)
        assert (status, body["return_code"], body["error"]["code"]) == (404, -2, "card_request_unknown")


async def test_a_prompt_is_shown_at_its_own_desk_only(desks: Hospital) -> None:
    for folder in ("reader", "reader-2"):
        (desks.folder / folder).mkdir()
    await until(lambda: desks.front.readers.states()[1].connected)
    async with await desks.opened("/cards/v1/events") as stream:
        await desks.sign_in("desk-2")
        await desks.call("/cards/v1/request", prompt="for desk 2")
        await desks.sign_in("desk-1")
        await desks.call("/cards/v1/request", prompt="for desk 1")
        kind, data = await next_event(stream)
        assert (kind, data["prompt"]) == ("card_requested", "for desk 1")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"timeout_s": 0}, 400, "packet_invalid"),
        ({"timeout_s": 601}, 400, "packet_invalid"),
        ({"prompt": "x" * 201}, 400, "packet_invalid"),
        ({"reader": "reader-2"}, 400, "reader_of_another_desk"),
        ({"context": None}, 400, "context_missing"),
        ({"context": {**CONTEXT, "workstation": "desk-2"}}, 401, "token_invalid"),
    ],
)
async def test_what_is_wrong_with_a_request_is_said_in_the_same_shape(
    desks: Hospital, fields: dict[str, Any], status: int, code: str
) -> None:
    answer = await desks.call("/cards/v1/request", **fields)
    assert (answer[0], answer[1]["return_code"], answer[1]["error"]["code"]) == (status, -2, code)


@pytest.mark.parametrize("wait_ms", ["-1", "x", "30001", "١", "99999999999999999999"])
async def test_a_poll_waits_only_so_long(desks: Hospital, wait_ms: str) -> None:
    status, body = await desks.get("/cards/v1/request/any", wait_ms=wait_ms)
    assert (status, body["error"]["code"]) == (400, "deadline_invalid")


async def test_when_the_edge_stops_a_poll_and_a_read_that_wait_are_answered(tmp_path: Path) -> None:
    async with Hospital(tmp_path) as hospital:
        await hospital.sign_in()
        hospital.reader_folder.mkdir()
        _, asked = await hospital.call("/cards/v1/request")
        poll = asyncio.create_task(hospital.get(f"/cards/v1/request/{asked['request_id']}", wait_ms="30000"))
        read = asyncio.create_task(hospital.call("/cards/v1/read", deadline_ms=30_000))
        await until(lambda: hospital.door._under_way)
        async with asyncio.timeout(HUNG_S):
            await hospital.front.quieten()
            assert (await poll)[1]["error"]["code"] == "shutting_down"
            status, body = await read
    assert (status, body["error"]["code"]) == (503, "shutting_down")


async def test_what_a_driver_tells_is_on_the_stream_at_once(desks: Hospital) -> None:
    """Nothing else happens that could carry it along; how soon it is there is a figure: ``python -m benchmarks card-read``."""
    state = ReaderState(name="reader-1", driver="simulated", connected=True, card_present=True)
    async with await desks.opened("/cards/v1/events") as stream:
        for number in range(10):
            change = Change.REMOVED if number % 2 else Change.INSERTED
            desks.front._told(ReaderEvent(change=change, state=state))
            assert (await next_event(stream))[0] == str(change)
