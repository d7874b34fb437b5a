"""The way around aiohttp: what goes it, what does not, and that nobody can tell which way a call went."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from aiohttp import web

from edge.calls import Reply
from edge.config import Address
from edge.faces import certificate
from edge.faces import shortcut as shortcut_module
from edge.faces.limits import BODY_BYTES_MAX
from edge.faces.listener import Listener
from edge.faces.shortcut import Shortcut
from edge.outcome import Outcome
from tests.edge.faces.hospital import CONTEXT, Hospital, until
from tests.patience import HUNG_S

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(hospital: Hospital) -> AsyncIterator[Pipe]:
    """A connection with no client's help."""
    async with asyncio.timeout(HUNG_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(hospital.listener.url).port)
        yield reader, writer
        writer.close()


def asked(hospital: Hospital, *more: str, path: str = "/embed/v1/uncertain", body: bytes | None = None) -> bytes:
    """A call as a program writes it."""
    if body is None:
        body = msgspec.json.encode({"context": CONTEXT, "token": hospital.token})
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *more, "", ""]
    return "\r\n".join(lines).encode() + body


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the next answer."""
    first, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    headers = dict(field.split(": ", 1) for field in fields)
    return int(first.split()[1]), headers, await reader.readexactly(int(headers["Content-Length"]))


def here(hospital: Hospital) -> int:
    """How many connections are on the shortcut."""
    return len(hospital.shortcut.connections)


async def test_calls_one_after_the_other_stay_on_the_shortcut(hospital: Hospital) -> None:
    before = here(hospital)
    async with connected(hospital) as (reader, writer):
        for _ in range(3):
            writer.write(asked(hospital))
            status, headers, body = await answered(reader)
            assert (status, msgspec.json.decode(body)["return_code"]) == (200, 0)
            assert "Connection" not in headers
        assert here(hospital) == before + 1


@pytest.mark.parametrize(
    "more",
    [("Expect: 100-continue",), ("Connection: close",), ("Content-Encoding: identity",), ("X-Letters: \u00e9",)],
)
async def test_what_is_not_plain_goes_the_usual_way_for_good_and_is_answered_alike(
    hospital: Hospital, more: tuple[str, ...]
) -> None:
    before = here(hospital)
    async with connected(hospital) as (reader, writer):
        writer.write(asked(hospital))
        _, _, plain = await answered(reader)
        writer.write(asked(hospital, *more))
        if more == ("Expect: 100-continue",):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        status, _, body = await answered(reader)
        assert (status, _without_msgid(body)) == (200, _without_msgid(plain))
        assert here(hospital) == before
        if more != ("Connection: close",):
            writer.write(asked(hospital))
            assert (await answered(reader))[0] == 200
            assert here(hospital) == before


def _without_msgid(body: bytes) -> dict[str, object]:
    told: dict[str, object] = msgspec.json.decode(body)
    return {name: value for name, value in told.items() if name != "msgid"}


async def test_calls_that_come_in_one_piece_are_answered_in_their_order(hospital: Hospital) -> None:
    async with connected(hospital) as (reader, writer):
        wrong = asked(hospital, body=b"{}")
        get = b"GET /embed/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(asked(hospital) + wrong + asked(hospital) + get + asked(hospital))
        told = [msgspec.json.decode((await answered(reader))[2]) for _ in range(5)]
        assert [one["return_code"] for one in told] == [0, -2, 0, 0, 0]
        assert told[3]["institution"] == "H1"


@pytest.mark.parametrize("size", [1, 7, 4_000])
async def test_a_call_in_pieces_is_one_call(hospital: Hospital, size: int) -> None:
    async with connected(hospital) as (reader, writer):
        whole = asked(hospital, f"X-Long: {'a' * 3_000}")
        at = 0
        while at < len(whole):
            writer.write(whole[at : at + size])
            await asyncio.sleep(0)
            at += size
        assert (await answered(reader))[0] == 200
    assert len(hospital.desk.calls) == 2


async def test_two_callers_whose_calls_come_in_pieces_by_turns_are_not_mixed(hospital: Hospital) -> None:
    async with connected(hospital) as (one, to_one), connected(hospital) as (other, to_other):
        good, wrong = asked(hospital), asked(hospital, body=b"{" + b" " * 80)
        for at in range(0, len(good), 30):
            to_one.write(good[at : at + 30])
            to_other.write(wrong[at : at + 30])
            await asyncio.sleep(0)
        to_other.write(wrong[at + 30 :])
        assert ((await answered(one))[0], (await answered(other))[0]) == (200, 400)


async def test_a_body_behind_its_head_is_waited_for(hospital: Hospital) -> None:
    whole = asked(hospital)
    head, body = whole.split(b"\r\n\r\n", 1)
    before = here(hospital)
    async with connected(hospital) as (reader, writer):
        writer.write(head + b"\r\n\r\n")
        await until(lambda: here(hospital) == before + 1)
        writer.write(body)
        assert (await answered(reader))[0] == 200


async def test_a_body_that_does_not_come_soon_is_left_to_aiohttp(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortcut_module, "BODY_SOON_S", 0)
    whole = asked(hospital)
    before = here(hospital)
    async with connected(hospital) as (reader, writer):
        writer.write(whole[:-5])
        await until(lambda: here(hospital) == before)
        writer.write(whole[-5:])
        assert (await answered(reader))[0] == 200


async def test_a_body_that_is_too_large_is_refused_before_it_comes(hospital: Hospital) -> None:
    async with connected(hospital) as (reader, writer):
        head = f"POST /embed/v1/handle HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY_BYTES_MAX + 1}\r\n\r\n"
        writer.write(head.encode())
        status, _, body = await answered(reader)
        assert (status, msgspec.json.decode(body)["error"]["code"]) == (413, "packet_too_large")


async def test_a_page_is_checked_here_as_everywhere(hospital: Hospital) -> None:
    for more, status in (
        (("Origin: https://evil.example",), 403),
        (("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"), 403),
        (("Origin: https://his.hospital",), 200),
    ):
        async with connected(hospital) as (reader, writer):
            writer.write(asked(hospital, *more))
            told, headers, _ = await answered(reader)
            assert told == status
            assert headers.get("Access-Control-Allow-Origin") == ("https://his.hospital" if status == 200 else None)
    async with connected(hospital) as (reader, writer):
        writer.write(asked(hospital).replace(b"Host: localhost", b"Host: evil.example"))
        assert (await answered(reader))[0] == 403


async def test_a_fault_inside_is_told_and_the_connection_lives_on(hospital: Hospital) -> None:
    hospital.desk.fault = RuntimeError("a fault of ours")
    async with connected(hospital) as (reader, writer):
        writer.write(asked(hospital))
        status, _, body = await answered(reader)
        assert (status, msgspec.json.decode(body)["return_code"]) == (500, -1)
        hospital.desk.fault = None
        writer.write(asked(hospital))
        assert (await answered(reader))[0] == 200


async def test_who_leaves_before_the_answer_harms_nobody(hospital: Hospital) -> None:
    before = here(hospital)
    hospital.desk.hold = asyncio.Event()
    async with connected(hospital) as (_, writer):
        writer.write(asked(hospital))
        await until(lambda: len(hospital.desk.calls) == 2)
    hospital.desk.hold.set()
    assert await hospital.door.idle(HUNG_S)
    await until(lambda: here(hospital) == before)
    assert (await hospital.call("uncertain"))[0] == 200


@pytest.mark.parametrize("more", [(), ("Connection: close",)], ids=["shortcut", "usual"])
@pytest.mark.parametrize("held", [True, False])
async def test_who_says_that_it_says_nothing_more_is_answered_and_then_the_connection_ends(
    hospital: Hospital, more: tuple[str, ...], held: bool
) -> None:
    before = here(hospital)
    hospital.desk.hold = asyncio.Event() if held else None
    async with connected(hospital) as (reader, writer):
        writer.write(asked(hospital, *more))
        writer.write_eof()
        if held:
            await until(lambda: len(hospital.desk.calls) == 2)
            await asyncio.sleep(0.05)  # it has heard of the end
            hospital.desk.hold.set()
        status, headers, _ = await answered(reader)
        assert (status, headers.get("Connection")) == (200, "close" if held or more else None)
        assert await reader.read() == b""
    await until(lambda: here(hospital) == before)


async def test_of_several_calls_before_the_end_each_is_answered_and_half_a_call_is_none(hospital: Hospital) -> None:
    async with connected(hospital) as (reader, writer):
        whole = asked(hospital)
        writer.write(whole * 3 + whole[:-1])
        writer.write_eof()
        for _ in range(3):
            assert (await answered(reader))[0] == 200
        assert await reader.read() == b""
    assert len(hospital.desk.calls) == 4, "the sign-in, and three"


async def test_who_sends_on_and_reads_nothing_is_read_no_further(hospital: Hospital) -> None:
    hospital.desk.hold = asyncio.Event()
    with socket.create_connection(("127.0.0.1", urlsplit(hospital.listener.url).port or 0)) as greedy:
        greedy.setblocking(False)
        one, sent = asked(hospital) * 100, 0
        async with asyncio.timeout(HUNG_S):
            for _ in range(3):  # the buffers of the kernel are full, and stay so while the loop turns
                while True:
                    try:
                        sent += greedy.send(one)
                    except BlockingIOError:
                        break
                    await asyncio.sleep(0)
                await asyncio.sleep(0.01)
        assert sent > BODY_BYTES_MAX
        held = [len(connection._data) for connection in hospital.shortcut.connections]
        assert max(held) < sent
    hospital.desk.hold.set()


async def test_when_the_listener_stops_a_silent_connection_is_closed_and_a_call_under_way_is_answered(
    hospital: Hospital,
) -> None:
    hospital.desk.hold = asyncio.Event()
    async with connected(hospital) as (silent, _), connected(hospital) as (reader, writer):
        writer.write(asked(hospital))
        await until(lambda: len(hospital.desk.calls) == 2)
        stopping = asyncio.create_task(hospital.listener.stop())
        assert await silent.read() == b""
        hospital.desk.hold.set()
        status, headers, _ = await answered(reader)
        assert (status, headers["Connection"]) == (200, "close")
        assert await reader.read() == b""
        await stopping
    assert here(hospital) == 0


async def test_a_connection_that_says_nothing_for_long_is_closed(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortcut_module, "KEEP_ALIVE_S", 0.05)
    async with connected(hospital) as (reader, _):
        assert await reader.read() == b""


async def test_a_call_that_is_taken_on_at_once_is_answered_when_it_is_told_of(hospital: Hospital) -> None:
    hospital.desk.quick = []
    async with connected(hospital) as (reader, writer):
        body = msgspec.json.encode(
            {"context": CONTEXT, "token": hospital.token, "number": "2204", "msgid": "m1", "packet": {}}
        )
        writer.write(asked(hospital, "Origin: http://localhost", path="/embed/v1/handle", body=body) * 2)
        for turn in (1, 2):
            await until(lambda: len(hospital.desk.quick or ()) == turn)  # noqa: B023 -- it is awaited here
            assert not await hospital.door.idle(0)
            hospital.desk.quick[-1](Reply(outcome=Outcome.PROVISIONAL, msgid="m1", number="2204", ticket="m1"))
            status, headers, told = await answered(reader)
            assert (status, headers["Access-Control-Allow-Origin"]) == (200, "http://localhost")
            assert (msgspec.json.decode(told)["outcome"], msgspec.json.decode(told)["ticket"]) == ("provisional", "m1")
        assert await hospital.door.idle(HUNG_S)
        writer.write(asked(hospital, path="/embed/v1/handle", body=b"{}"))
        assert (await answered(reader))[0] == 400
        writer.write(asked(hospital, path="/embed/v1/handle", body=body).replace(b"Host: localhost", b"Host: evil"))
        assert (await answered(reader))[0] == 403
        hospital.door.stopping = True
        writer.write(asked(hospital, path="/embed/v1/handle", body=body))
        assert (await answered(reader))[0] == 503
        assert await hospital.door.idle(HUNG_S)


async def test_a_fault_while_an_answer_is_made_is_told_and_the_call_is_counted_out(hospital: Hospital) -> None:
    hospital.desk.quick = []
    async with connected(hospital) as (reader, writer):
        body = msgspec.json.encode({"context": CONTEXT, "token": hospital.token, "number": "2204", "msgid": "m1"})
        writer.write(asked(hospital, path="/embed/v1/handle", body=body))
        await until(lambda: hospital.desk.quick)
        hospital.desk.quick[0](Reply(outcome=Outcome.REFUSED, msgid="m1", number="2204", code="no such code"))
        assert (await answered(reader))[0] == 500
        assert await hospital.door.idle(HUNG_S)


async def test_a_thousand_calls_in_one_piece_do_not_stand_upon_each_other(hospital: Hospital) -> None:
    async with connected(hospital) as (reader, writer):
        writer.write(asked(hospital, path="/embed/v1/handle", body=b"{") * 1_500)
        for _ in range(1_500):
            assert (await answered(reader))[0] == 400


async def test_however_fast_calls_come_only_so_much_of_them_is_held(hospital: Hospital) -> None:
    async with connected(hospital) as (reader, writer):
        one, count = asked(hospital, path="/embed/v1/handle", body=b"{"), 30_000
        writer.write(one * count)
        held = 0
        for _ in range(count):
            assert (await answered(reader))[0] == 400
            held = max([held, *(len(connection._data) for connection in hospital.shortcut.connections)])
        assert held < len(one) * count / 2
    assert await hospital.door.idle(HUNG_S)


async def test_a_call_that_waits_behind_another_is_not_begun_when_the_connection_is_closed(hospital: Hospital) -> None:
    hospital.desk.hold = asyncio.Event()
    before = set(hospital.shortcut.connections)
    async with connected(hospital) as (reader, writer):
        await until(lambda: bool(hospital.shortcut.connections - before))
        (connection,) = hospital.shortcut.connections - before
        answer = connection._write

        def last(told: web.StreamResponse) -> None:
            answer(told)
            connection.end()

        connection._write = last  # type: ignore[method-assign]
        begun = len(hospital.desk.calls)
        writer.write(asked(hospital) * 3)
        await until(lambda: len(hospital.desk.calls) == begun + 1)
        hospital.desk.hold.set()
        assert (await answered(reader))[0] == 200
        assert await reader.read() == b""
    assert len(hospital.desk.calls) == begun + 1


async def test_over_tls_it_is_the_same_for_large_calls_and_for_others(hospital: Hospital, tmp_path: Path) -> None:
    certificate.ensure(tmp_path, ["localhost"], hospital.now)
    context = certificate.server_context(tmp_path)
    shortcut = Shortcut(hospital.routes, hospital.door)
    app = web.Application(middlewares=[hospital.door.middleware])
    app.add_routes(hospital.routes)
    listener = Listener(app, Address("127.0.0.1", 0), "", context, shortcut)
    await listener.start()
    trust = ssl.create_default_context(cafile=str(tmp_path / "face" / "certificate.pem"))
    try:
        async with asyncio.timeout(HUNG_S):
            port = urlsplit(listener.url).port
            reader, writer = await asyncio.open_connection("localhost", port, ssl=trust, family=socket.AF_INET)
            large = b" " * (BODY_BYTES_MAX - 200)
            body = msgspec.json.encode({"context": CONTEXT, "token": hospital.token}) + large
            writer.write(asked(hospital, "Origin: https://localhost", body=body[:BODY_BYTES_MAX]))
            assert (await answered(reader))[0] == 200
            assert len(shortcut.connections) == 1
            writer.write(b"GET /embed/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await answered(reader))[0] == 200
            assert len(shortcut.connections) == 0
            writer.write(asked(hospital))
            assert (await answered(reader))[0] == 200
            writer.close()
    finally:
        await listener.stop()


@pytest.mark.parametrize("packet", [b'{"hid": "\xb2\xe2"}', b'{"\xff": 1}', b'"\xff"', b'{"hid": "1"}\xff'])
async def test_a_packet_that_is_no_text_is_told_so_and_reaches_nobody(hospital: Hospital, packet: bytes) -> None:
    async with connected(hospital) as (reader, writer):
        for token in (hospital.token, "no token"):
            signed = msgspec.json.encode({"context": CONTEXT, "token": token, "number": "2204", "msgid": "m1"})
            writer.write(asked(hospital, path="/embed/v1/handle", body=signed[:-1] + b', "packet": ' + packet + b"}"))
            status, _, told = await answered(reader)
            assert (status, msgspec.json.decode(told)["error"]["code"]) == (400, "packet_not_utf8")
    assert len(hospital.desk.calls) == 1
