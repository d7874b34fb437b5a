"""What an answer looks like on the socket: whole, dated, never kept, and the connection as the caller wants it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.edge.faces.hospital import Hospital
from tests.patience import HUNG_S


async def _spoken(hospital: Hospital, *lines: str, alive: bool = True) -> tuple[dict[str, str], bytes, bool]:
    """What comes back to a GET of status: headers, body, and whether the edge then hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:-2])
    body = await reader.readexactly(int(headers["Content-Length"]))
    try:
        async with asyncio.timeout(0.3 if alive else HUNG_S):
            ended = await reader.read(1) == b""
    except TimeoutError:
        ended = False
    writer.close()
    return {"": head[0], **headers}, body, ended


async def test_an_answer_is_json_dated_and_never_kept(hospital: Hospital) -> None:
    headers, body, _ = await _spoken(hospital, "GET /embed/v1/status HTTP/1.1", "Host: localhost")
    assert headers[""] == "HTTP/1.1 200 OK"
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert abs(parsedate_to_datetime(headers["Date"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert msgspec.json.decode(body)["return_code"] == 0


@pytest.mark.parametrize(
    ("version", "asked", "told", "ends"),
    [
        ("1.1", None, None, False),
        ("1.1", "close", "close", True),
        ("1.0", "keep-alive", "keep-alive", False),
        ("1.0", None, None, True),
    ],
)
async def test_the_connection_lives_on_as_the_caller_wants_it(
    hospital: Hospital, version: str, asked: str | None, told: str | None, ends: bool
) -> None:
    lines = [f"GET /embed/v1/status HTTP/{version}", "Host: localhost"]
    more = [f"Connection: {asked}"] if asked else []
    headers, _, ended = await _spoken(hospital, *lines, *more, alive=not ends)
    assert headers.get("Connection") == told
    assert ended is ends


async def test_two_calls_on_one_connection_get_two_whole_answers(hospital: Hospital) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
    ask = b"GET /embed/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    writer.write(ask + ask)
    for _ in range(2):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        assert msgspec.json.decode(await reader.readexactly(length))["return_code"] == 0
    writer.close()


async def test_a_refusal_has_its_status_and_its_phrase(hospital: Hospital) -> None:
    headers, _, _ = await _spoken(hospital, "GET /embed/v1/nothing HTTP/1.1", "Host: localhost")
    assert headers[""] == "HTTP/1.1 404 Not Found"


@pytest.mark.parametrize("path", ["status", "handle", "nowhere"])
async def test_who_asks_for_the_head_alone_gets_no_body(hospital: Hospital, path: str) -> None:
    async with asyncio.timeout(HUNG_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
        for line in (f"HEAD /embed/v1/{path}", "GET /embed/v1/status"):
            writer.write(f"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert int(head.split(b"Content-Length: ")[1].split()[0]) > 0
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
