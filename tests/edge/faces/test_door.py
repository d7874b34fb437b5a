"""Who may knock: pages, hosts, the number of calls at once, and the way out."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from edge.faces import door as door_module
from tests.edge.faces.hospital import CONTEXT, Hospital, until


@pytest.mark.parametrize(
    "origin",
    ["http://localhost", "http://127.0.0.1:8080", "http://[::1]:1", "https://his.hospital", "HTTPS://HIS.hospital"],
)
async def test_a_page_from_loopback_or_a_listed_origin_may_call_and_read(hospital: Hospital, origin: str) -> None:
    async with hospital.http.get("/embed/v1/status", headers={"Origin": origin}) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "https://his.hospital.evil.example",
        "http://his.hospital",
        "http://localhost.evil.example",
        "",
        "http://[",
        "file://",
    ],
)
async def test_a_page_of_anybody_else_is_refused_and_may_not_read(hospital: Hospital, origin: str) -> None:
    status, body = await hospital.post(
        "uncertain", {"context": CONTEXT, "token": hospital.token}, headers={"Origin": origin}
    )
    assert (status, body["error"]["code"]) == (403, "origin_refused")
    async with hospital.http.options(
        "/embed/v1/handle", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
    ) as response:
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers
    assert len(hospital.desk.calls) == 1


async def test_a_listed_page_may_ask_before_it_calls(hospital: Hospital) -> None:
    ask = {"Origin": "https://his.hospital", "Access-Control-Request-Method": "POST"}
    async with hospital.http.options("/embed/v1/handle", headers=ask) as response:
        assert response.status == 204
        assert "authorization" in response.headers["Access-Control-Allow-Headers"]
        assert response.headers["Access-Control-Allow-Origin"] == "https://his.hospital"


@pytest.mark.parametrize(("host", "status"), [("localhost:1", 200), ("edge.hospital", 200), ("EDGE.hospital:7001", 200), ("127.0.0.1", 200),
    ("evil.example", 403), ("", 403), ("10.0.0.9", 403), ("127.0.0.1.evil.example", 403), ("[", 403)])  # fmt: skip
async def test_a_name_that_was_bent_to_our_address_is_refused(hospital: Hospital, host: str, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
    writer.write(f"GET /embed/v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.split()[1] == str(status).encode()


async def test_above_the_limit_of_calls_at_once_the_next_is_refused(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "CALLS_AT_ONCE_MAX", 2)
    hospital.desk.hold = asyncio.Event()
    waiting = [asyncio.create_task(hospital.call("uncertain")) for _ in range(2)]
    await until(lambda: len(hospital.desk.calls) == 3)
    status, body = await hospital.call("uncertain")
    assert (status, body["return_code"], body["error"]["code"]) == (503, -2, "too_busy")
    hospital.desk.hold.set()
    assert [status for status, _ in await asyncio.gather(*waiting)] == [200, 200]


async def test_when_we_stop_the_call_under_way_ends_and_a_new_one_is_refused(hospital: Hospital) -> None:
    hospital.desk.hold = asyncio.Event()
    waiting = asyncio.create_task(hospital.call("uncertain"))
    await until(lambda: len(hospital.desk.calls) == 2)
    hospital.door.stopping = True
    status, body = await hospital.call("uncertain")
    assert (status, body["error"]["code"]) == (503, "shutting_down")
    assert not await hospital.door.idle(0.05)
    hospital.desk.hold.set()
    assert (await waiting)[0] == 200
    assert await hospital.door.idle(1)


async def test_a_caller_that_leaves_in_the_middle_of_its_body_harms_nobody(hospital: Hospital) -> None:
    address = ("127.0.0.1", urlsplit(hospital.listener.url).port)
    with socket.create_connection(address) as left:
        left.sendall(b"POST /embed/v1/handle HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    assert (await hospital.call("uncertain"))[0] == 200
    assert await hospital.door.idle(2)


async def test_a_body_that_does_not_come_is_given_up(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "BODY_WAIT_S_MAX", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
    writer.write(b"POST /embed/v1/handle HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    async with asyncio.timeout(3):
        assert b" 400 " in await reader.readline()
    writer.close()
