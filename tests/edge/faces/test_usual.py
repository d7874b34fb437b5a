"""What is no HTTP, or no body as its head says, is answered as everything else is: typed, and definite."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.edge.faces.hospital import CONTEXT, Hospital, until
from tests.patience import HUNG_S

SECRET = "0499370899"
BODY = json.dumps({"context": CONTEXT, "original_msgid": SECRET}).encode()
HEAD = b"POST /embed/v1/query HTTP/1.1\r\nHost: localhost\r\n"


async def said(hospital: Hospital, *pieces: bytes) -> bytes:
    """All that comes back before the edge hangs up."""
    async with asyncio.timeout(HUNG_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        whole = await reader.read()
        writer.close()
    return whole


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(body)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ((HEAD + length(BODY)).replace(b"\r\n", b"\n") + b"\n" + BODY, "BadStatusLine"),
        (b"post" + HEAD[4:] + length(BODY) + b"\r\n" + BODY, "BadHttpMethod"),
        (HEAD + b"Host: other\r\n" + length(BODY) + b"\r\n" + BODY, "BadHttpMessage"),
        (HEAD + b"Content-Length: 5\r\n" + length(BODY) + b"\r\n" + BODY, "BadHttpMessage"),
        (HEAD + length(BODY) + b"Content-Encoding: br\r\n\r\n" + BODY, "ContentEncodingError"),
        (HEAD + length(BODY) + b"X-Long: " + b"x" * 9_000 + b"\r\n\r\n" + BODY, "LineTooLong"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY, "BadHttpMessage|TransferEncodingError"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), "Bad.*"),
        (HEAD + length(BODY) + b"Content-Encoding: gzip\r\n\r\n" + BODY, "RequestPayloadError"),
        (HEAD + length(BODY) + b"Content-Encoding: deflate\r\n\r\n" + BODY, "RequestPayloadError"),
    ],
    ids=["LF alone", "post", "two hosts", "two lengths", "brotli", "a long line", "no chunk", "TLS", "no gzip", "no deflate"],
)  # fmt: skip
async def test_what_cannot_be_read_as_http_is_refused_in_the_shape_of_every_answer(
    hospital: Hospital, asked: bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    head, _, body = (await said(hospital, asked)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Content-Type: application/json" in head
    told = msgspec.json.decode(body)
    assert (told["return_code"], told["outcome"], told["error"]["code"]) == (-2, "refused", "packet_invalid")
    assert re.fullmatch(f"the HTTP request is damaged: (?:{why})", told["error"]["detail"])
    assert SECRET.encode() not in body
    assert [call.number for call in hospital.desk.calls] == ["9001"]
    if "Payload" not in why:
        assert not [one for one in caplog.records if one.levelname == "ERROR"], (
            "what others write wrong is no error of ours"
        )


async def test_a_body_that_is_packed_as_it_says_is_read(hospital: Hospital) -> None:
    packed = gzip.compress(json.dumps({"context": CONTEXT, "token": hospital.token, "original_msgid": "m-1"}).encode())
    asked = HEAD + length(packed) + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed
    assert b'"return_code":0' in await said(hospital, asked)


async def test_a_caller_that_goes_away_in_the_middle_of_its_body_is_no_fault_of_the_edge(
    hospital: Hospital, capfd: pytest.CaptureFixture[str]
) -> None:
    async with asyncio.timeout(HUNG_S):
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
        writer.write(HEAD + length(BODY) + b"X-Letters: \xc3\xa9\r\n\r\n" + BODY[:-9])
        await until(lambda: hospital.door._under_way == 1)  # it waits for the rest
        writer.transport.abort()
        await until(lambda: hospital.door._under_way == 0)
    assert "a face failed" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        (b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 404"),
        (HEAD + length(BODY) + b"X-Letters: \xc3\xa9\r\n\r\n" + BODY, b"HTTP/1.1 "),
        (HEAD + length(BODY) + b"X-Letters: \xc3\xa9\r\n\r\n" + BODY[:-1], b""),
        (b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", b""),
        (b"", b""),
    ],
    ids=["GET", "POST", "half a body", "a stream", "nothing"],
)
async def test_who_says_that_it_says_nothing_more_is_answered_where_the_answer_is_one(
    hospital: Hospital, asked: bytes, first: bytes
) -> None:
    async with asyncio.timeout(HUNG_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
        writer.write(asked)
        writer.write_eof()
        told = await reader.read()
        writer.close()
    assert told.startswith(first)
    assert bool(told) is bool(first)
