"""Who may knock: pages, hosts, the number of calls at once, and the way out."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from edge.faces import door as door_module
from tests.edge.faces.hospital import CONTEXT, Hospital, until
from tests.patience import HUNG_S


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


async def raw(hospital: Hospital, *lines: str, body: str = "") -> tuple[int, dict[str, str], str]:
    """A request as it stands on the wire, with no client's help; status, headers (in lower case) and body of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
    writer.write("\r\n".join([*lines, "Connection: close", "", body]).encode("utf-8", "surrogateescape"))
    async with asyncio.timeout(HUNG_S):
        answer = (await reader.read()).decode()
    writer.close()
    head, _, told = answer.partition("\r\n\r\n")
    first, *fields = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    return int(first.split()[1]), headers, told


READ = '{"reader": "reader-1", "deadline_ms": 200}'


def read_call(*more: str) -> list[str]:
    return ["POST /cards/v1/read HTTP/1.1", "Content-Type: text/plain", f"Content-Length: {len(READ)}", *more]


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: rebound.evil.example:7001", "Origin: http://rebound.evil.example:7001"),
        ("Host: rebound.evil.example:7001",),
        ("Host: 127.0.0.1.evil.example", "Origin: http://localhost"),
        ("Host: localhost", "Origin: null"),
        ("Host: localhost", "Origin: https://evil.example"),
        ("Host: localhost", "Origin: http://localhost.evil.example"),
        ("Host: localhost", "Origin: http://localhost@evil.example"),
        ("Host: localhost", "Origin: https://his.hospital:8443"),
        ("Host: localhost", "Origin: "),
        ("Host: localhost", "Origin: https://his.hospital\udcff"),
        ("Host: localhost", "Origin: http://localhost/\udcff"),
        ("Host: localhost", "Origin: http://localhost/é"),
        ("Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"),
        (),
    ],
    ids=lambda headers: ascii(" ".join(headers).replace(" ", "_"))[1:-1] or "no_host",
)
async def test_a_strangers_page_reaches_no_reader_even_with_the_token(
    hospital: Hospital, headers: tuple[str, ...]
) -> None:
    token = f"Authorization: Bearer {hospital.token}"
    status, answered, told = await raw(hospital, *read_call(*headers, token), body=READ)
    assert status in (400, 403)
    assert not any(name.startswith("access-control-allow") for name in answered)
    assert "origin_refused" in told or status == 400
    query = "&".join(f"{name}={value}" for name, value in CONTEXT.items())
    for address in (f"/cards/v1/last?{query}", f"/cards/v1/events?{query}", "/embed/v1/status"):
        status, answered, _ = await raw(hospital, f"GET {address} HTTP/1.1", *headers, token)
        assert status in (400, 403)
        assert not any(name.startswith("access-control-allow") for name in answered)


@pytest.mark.parametrize("origin", ["https://his.hospital", "http://localhost:3000"])
async def test_a_listed_page_of_a_wider_network_is_let_in_by_its_preflight_and_still_needs_the_token(
    hospital: Hospital, origin: str
) -> None:
    ask = [
        "Host: 127.0.0.1", f"Origin: {origin}", "Access-Control-Request-Headers: authorization,content-type",
        "Access-Control-Request-Private-Network: true",
    ]  # fmt: skip
    for method, path in (("POST", "read"), ("GET", "last"), ("DELETE", "request/some")):
        preflight = [f"OPTIONS /cards/v1/{path} HTTP/1.1", *ask, f"Access-Control-Request-Method: {method}"]
        status, answered, _ = await raw(hospital, *preflight)
        assert status == 204
        assert answered["access-control-allow-origin"] == origin
        assert answered["access-control-allow-private-network"] == "true"
        assert method in answered["access-control-allow-methods"]
        assert {"authorization", "content-type"} <= set(answered["access-control-allow-headers"].split(", "))
    status, answered, told = await raw(
        hospital, *read_call("Host: 127.0.0.1", f"Origin: {origin}", "Authorization: Bearer wrong"), body=READ
    )
    assert (status, answered["access-control-allow-origin"]) == (400, origin)
    assert "context_missing" in told


async def test_a_preflight_that_does_not_ask_for_it_is_not_told_of_private_networks(hospital: Hospital) -> None:
    ask = ["Host: localhost", "Origin: https://his.hospital", "Access-Control-Request-Method: POST"]
    _, answered, _ = await raw(hospital, "OPTIONS /cards/v1/read HTTP/1.1", *ask)
    assert "access-control-allow-private-network" not in answered


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_preflight_of_a_stranger_gets_nothing(hospital: Hospital, origin: str) -> None:
    ask = [
        "Host: localhost", f"Origin: {origin}", "Access-Control-Request-Method: POST",
        "Access-Control-Request-Private-Network: true",
    ]  # fmt: skip
    status, answered, _ = await raw(hospital, "OPTIONS /cards/v1/read HTTP/1.1", *ask)
    assert status == 403
    assert not any(name.startswith("access-control-allow") for name in answered)


async def test_a_person_who_follows_a_link_from_elsewhere_is_let_through(hospital: Hospital) -> None:
    came = ["Host: localhost", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"]
    assert (await raw(hospital, "GET /embed/v1/status HTTP/1.1", *came))[0] == 200


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
    async with asyncio.timeout(HUNG_S):
        assert b" 400 " in await reader.readline()
    writer.close()
