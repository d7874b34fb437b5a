"""Which heads are read here, and that of every other nothing is said."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser, HttpVersion11
from hypothesis import given
from hypothesis import strategies as st

from edge.faces import heads

PLAIN = b"POST /embed/v1/handle HTTP/1.1\r\nHost: localhost:7\r\nContent-Length: 4\r\nX-More:  a: b \r\n\r\n"
PIECES = [bytes([byte]) for byte in range(256)] + [
    b"\r\n", b"\r\nX: y", b"\r\nContent-Length: 2", b"\r\nTransfer-Encoding: chunked", b"\r\nConnection: close", b"\r\n y", b": ",
]  # fmt: skip


def test_a_plain_post_is_read_with_its_place_among_what_came() -> None:
    head = heads.read(PLAIN + b"bodyPOST")
    assert head is not None
    assert head.path == "/embed/v1/handle"
    assert head.headers == {"host": "localhost:7", "x-more": "a: b"}
    assert (PLAIN + b"bodyPOST")[head.body_at : head.end] == b"body"


@pytest.mark.parametrize("connection", [b"keep-alive", b"Keep-Alive"])
def test_a_head_that_only_says_that_the_connection_lives_on_is_plain(connection: bytes) -> None:
    assert heads.read(PLAIN.replace(b"X-More:  a: b ", b"Connection: " + connection)) is not None


@pytest.mark.parametrize(
    "line",
    [
        b"Transfer-Encoding: chunked",
        b"transfer-encoding : chunked",
        b" folded",
        b"\tfolded",
        b"Content-Length: 4",
        b"content-length: 5",
        b"Host: other",
        b"X-More: \xc3\xa9",
        b"X-More: a\x00b",
        b"X-More: a\nHost: b",
        b"X-More: a\rHost: b",
        b"X-More : a",
        b": a",
        b"no colon",
        b"Expect: 100-continue",
        b"Connection: close",
        b"Connection: keep-alive, upgrade",
        b"Upgrade: websocket",
        b"Content-Encoding: gzip",
        b"TE: trailers",
        b"Trailer: x",
        b"X: " + b"a" * heads.HEAD_BYTES_MAX,
    ],
    ids=lambda line: repr(line[:30]),
)
def test_of_a_head_that_could_be_read_in_two_ways_or_asks_for_more_nothing_is_said(line: bytes) -> None:
    assert heads.read(PLAIN.replace(b"X-More:  a: b ", line)) is None


@pytest.mark.parametrize("length", [b"", b"-1", b"+4", b"4 4", b"4,4", b"0x4", b"4_0", b"1" * 10, b"\xd9\xa4"])
def test_a_length_that_is_no_plain_number_is_not_read(length: bytes) -> None:
    assert heads.read(PLAIN.replace(b"Content-Length: 4", b"Content-Length: " + length)) is None


@pytest.mark.parametrize(
    "first",
    [
        b"GET /embed/v1/handle HTTP/1.1",
        b"POST /embed/v1/handle HTTP/1.0",
        b"POST  /embed/v1/handle HTTP/1.1",
        b"POST http://localhost/embed/v1/handle HTTP/1.1",
        b"POST /embed/v1/handle\tHTTP/1.1",
        b"post /embed/v1/handle HTTP/1.1",
        b"POST /embed/v1/h\xc3\xa9 HTTP/1.1",
    ],
)
def test_another_first_line_is_not_read(first: bytes) -> None:
    assert heads.read(PLAIN.replace(b"POST /embed/v1/handle HTTP/1.1", first)) is None


def test_a_head_in_pieces_or_without_a_host_or_a_length_is_not_read() -> None:
    for end in range(len(PLAIN)):
        assert heads.read(PLAIN[:end]) is None
    assert heads.read(PLAIN.replace(b"Host: localhost:7\r\n", b"")) is None
    assert heads.read(PLAIN.replace(b"Content-Length: 4\r\n", b"")) is None
    assert heads.read(b"\r\n" + PLAIN) is None
    assert heads.read(PLAIN.replace(b"\r\n", b"\n")) is None


@given(st.lists(st.tuples(st.integers(0, len(PLAIN)), st.sampled_from(PIECES)), min_size=1, max_size=3))
def test_what_is_read_here_aiohttp_reads_in_the_same_way(changes: list[tuple[int, bytes]]) -> None:
    data = PLAIN + b"body"
    for at, piece in changes:
        data = data[:at] + piece + data[at:]
    head = heads.read(data)
    if head is None:
        return
    loop = asyncio.new_event_loop()
    try:
        parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16)
        ((message, payload), *_), _, _ = parser.feed_data(data[: head.end])
    finally:
        loop.close()
    assert (message.method, message.path, message.version) == ("POST", head.path, HttpVersion11)
    others = [(name.lower(), value) for name, value in message.headers.items() if name.lower() != "content-length"]
    assert others == list(head.headers.items())
    assert len(message.headers) == len(others) + 1
    assert not (message.should_close)
    assert not (message.upgrade)
    assert not (message.chunked)
    assert not (message.compression)
    body = data[head.body_at : head.end]
    if len(body) == head.end - head.body_at:
        assert payload.is_eof()
        assert payload.read_nowait() == body


@pytest.mark.parametrize("name", [b"Content-Length: ", b"content-length:", b"CONTENT-LENGTH:\t "])
@pytest.mark.parametrize("place", [b"Host: localhost:7\r\n", b"X-More:  a: b \r\n"])
def test_a_head_as_the_one_before_is_known_again_whatever_its_length(name: bytes, place: bytes) -> None:
    line = name + b"%d \r\n"
    template = (
        PLAIN.replace(b"Content-Length: 4\r\n", b"X-Content-Length: 7\r\n")
        .replace(b"%", b"%%")
        .replace(place, place + line)
    )
    first = template % 4
    head = heads.read(first)
    assert head is not None
    form = heads.form(first, head)
    for length in (0, 5, 1_234, 999_999_999):
        data = template % length + b"body"
        found = heads.again(form, data)
        assert found == heads.read(data) == heads.again(form, bytearray(data))
        assert found is not None
        assert found.headers is head.headers
        assert found.end - found.body_at == length


@given(
    st.integers(0, 10**10),
    st.lists(st.tuples(st.integers(0, len(PLAIN)), st.sampled_from(PIECES)), max_size=2),
    st.integers(0, len(PLAIN)),
)
def test_what_is_known_again_is_what_would_be_read(length: int, changes: list[tuple[int, bytes]], cut: int) -> None:
    head = heads.read(PLAIN)
    assert head is not None
    form = heads.form(PLAIN, head)
    data = PLAIN.replace(b"h: 4", b"h: %d" % length) + b"body"
    for at, piece in changes:
        data = data[:at] + piece + data[at:]
    for told in (data, data[:cut]):
        found = heads.again(form, told)
        assert found is None or found == heads.read(told)


def test_one_that_grew_too_long_with_its_length_is_not_known_again() -> None:
    line = b"X: " + b"a" * (heads.HEAD_BYTES_MAX - len(PLAIN) - 5) + b"\r\n"
    long = PLAIN.replace(b"X-More", line + b"X-More")
    head = heads.read(long)
    assert head is not None
    assert head.body_at == heads.HEAD_BYTES_MAX
    form = heads.form(long, head)
    assert heads.again(form, long) == head
    longer = long.replace(b"h: 4", b"h: 44")
    assert heads.again(form, longer) is heads.read(longer) is None


def test_a_head_of_more_lines_than_aiohttp_takes_is_left_to_it() -> None:
    many = b"".join(b"X-%d: 1\r\n" % number for number in range(129))
    assert heads.read(PLAIN) is not None
    assert heads.read(PLAIN.replace(b"X-More:  a: b \r\n", many)) is None
