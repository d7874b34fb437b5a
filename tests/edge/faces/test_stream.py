"""The event stream over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from edge.events import Event
from edge.faces import stream as stream_module
from tests.edge.faces.hospital import CONTEXT, NOON, Hospital, next_event, until
from tests.patience import HUNG_S


def event(number: int) -> Event:
    return Event(kind="outcome", at=NOON, data={"msgid": f"m-{number}"})


async def opened(hospital: Hospital, **query: str) -> aiohttp.ClientResponse:
    headers = {"Authorization": f"Bearer {hospital.token}"}
    return await hospital.http.get("/embed/v1/events", params={**CONTEXT, **query}, headers=headers)


async def test_what_happens_is_told_to_everybody_who_listens(hospital: Hospital) -> None:
    async with await opened(hospital) as one, await opened(hospital) as other:
        assert one.headers["Content-Type"].startswith("text/event-stream")
        hospital.events.publish(event(1))
        for response in (one, other):
            assert await next_event(response) == (
                "outcome",
                {"at": "2026-03-01T08:30:00Z", "missed": 0, "msgid": "m-1"},
            )


async def test_without_token_or_context_there_is_no_stream(hospital: Hospital) -> None:
    async with await opened(hospital, workstation="desk-2") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (401, "token_invalid")
    async with await opened(hospital, operator="") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (400, "context_missing")
    async with hospital.http.get("/embed/v1/events", params={**CONTEXT, "token": hospital.token}) as response:
        assert response.status == 401, "a token in an address would end up in logs"


async def test_only_so_many_streams_are_open_at_once(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "STREAMS_MAX", 1)
    async with await opened(hospital), await opened(hospital) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (503, "too_busy")


async def test_a_workstation_that_forgets_its_streams_takes_no_others_room(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "STREAMS_PER_WORKSTATION_MAX", 1)
    async with await opened(hospital), await opened(hospital) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (503, "too_busy")
        assert [one.query["workstation"] for one in hospital.stream._open.values()] == [CONTEXT["workstation"]]


async def test_a_page_that_is_loaded_again_and_again_is_not_kept_out_by_its_own_past(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "STREAM_HEARTBEAT_S", 3_600)  # no heartbeat will notice it
    monkeypatch.setattr(stream_module, "STREAMS_PER_WORKSTATION_MAX", 2)
    for _ in range(5):
        async with asyncio.timeout(HUNG_S):
            while (response := await opened(hospital)).status != 200:
                response.close()
        response.close()
    async with asyncio.timeout(HUNG_S):
        async with await opened(hospital) as last:
            assert last.status == 200
            hospital.events.publish(event(1))
            assert (await next_event(last))[1]["msgid"] == "m-1"


async def test_a_silent_stream_has_a_heartbeat_and_a_caller_that_left_is_forgotten(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "STREAM_HEARTBEAT_S", 0.05)
    response = await opened(hospital)
    async with asyncio.timeout(HUNG_S):
        assert (await response.content.readline()).startswith(b": ping")
    assert len(hospital.stream._open) == 1
    response.close()
    await until(lambda: not hospital.stream._open)


async def test_the_stream_ends_with_the_callers_day(hospital: Hospital) -> None:
    hospital.now = NOON.replace(hour=20, minute=29, second=59) + timedelta(milliseconds=700)
    async with asyncio.timeout(HUNG_S), await opened(hospital) as response:
        await response.content.read()


async def test_when_the_edge_stops_every_stream_ends(hospital: Hospital) -> None:
    async with asyncio.timeout(HUNG_S), await opened(hospital) as response:
        await hospital.stream.stop()
        await response.content.read()


async def test_who_is_no_longer_admitted_hears_nothing_more(hospital: Hospital) -> None:
    async with asyncio.timeout(HUNG_S), await opened(hospital) as response:
        await hospital.call("close")
        hospital.events.publish(event(1))
        assert await response.content.read() == b""
    await hospital.sign_in()
    async with asyncio.timeout(HUNG_S), await opened(hospital) as response:
        hospital.workstations.remove("desk-1")
        hospital.events.publish(event(2))
        assert await response.content.read() == b""
