"""The line: it carries everything, and fails exactly as asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from simulator.line import HELD_S, Line
from simulator.world import LineFault


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while heard := await reader.readline():
                writer.write(heard.upper())
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    line = Line(server.sockets[0].getsockname()[1])
    await line.start()
    yield line
    await line.stop()
    server.close()


async def _say(line: Line, text: bytes, seconds: float = 2.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    try:
        writer.write(text)
        return await asyncio.wait_for(reader.read(len(text)), seconds)
    finally:
        writer.transport.abort()


async def _refused(line: Line) -> bool:
    try:
        reader, _ = await asyncio.open_connection("127.0.0.1", line.port)
        return await asyncio.wait_for(reader.read(1), 2) == b""
    except ConnectionError:
        return True


async def test_it_carries_bytes_both_ways(line: Line) -> None:
    assert await _say(line, b"hello\n") == b"HELLO\n"
    assert line.carried_bytes == 12


async def test_a_cut_ends_open_connections_and_refuses_new_ones_until_healed(line: Line) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(b"one\n")
    assert await reader.readline() == b"ONE\n"
    line.break_down(LineFault.CUT)
    with pytest.raises(ConnectionError):
        assert await asyncio.wait_for(reader.readexactly(1), 2)
    assert await _refused(line)
    line.heal()
    assert await _say(line, b"two\n") == b"TWO\n"
    writer.transport.abort()


async def test_a_frozen_line_says_nothing_and_its_connections_die_when_it_heals(line: Line) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(b"one\n")
    assert await reader.readline() == b"ONE\n"
    line.break_down(LineFault.FREEZE)
    writer.write(b"two\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    with pytest.raises(TimeoutError):
        await _say(line, b"three\n", 0.2)
    line.heal()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 2)
    assert await _say(line, b"four\n") == b"FOUR\n"


async def test_a_stalled_line_delivers_late_what_its_sender_gave_up(line: Line) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    _, gone = await asyncio.open_connection("127.0.0.1", line.port)
    await asyncio.sleep(0.05)
    line.break_down(LineFault.STALL)
    writer.write(b"late\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    gone.write(b"gone\n")
    await gone.drain()
    gone.close()
    await asyncio.sleep(0.05)
    assert line.carried_bytes == 0
    line.heal()
    assert await asyncio.wait_for(reader.readline(), 2) == b"LATE\n"
    assert line.carried_bytes == 10, "what a dead sender left comes last"
    await asyncio.sleep(HELD_S + 0.3)
    assert line.carried_bytes >= 15
    writer.transport.abort()


async def test_a_connection_made_on_a_stalled_line_gets_through_its_greeting_and_stalls_then(line: Line) -> None:
    line.break_down(LineFault.STALL)
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    for word in (b"hello\n", b"key\n"):
        writer.write(word)
        assert await asyncio.wait_for(reader.readline(), 2) == word.upper()
    writer.write(b"work\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    line.heal()
    assert await asyncio.wait_for(reader.readline(), 2) == b"WORK\n"
    writer.transport.abort()


async def test_a_reset_lets_the_request_through_and_breaks_the_answer(line: Line) -> None:
    line.break_down(LineFault.RESET, after_bytes=3)
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(b"hello\n")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(4), 2)
    line.heal()
    assert await _say(line, b"again\n") == b"AGAIN\n"
    writer.transport.abort()


async def test_a_deaf_line_takes_requests_and_loses_answers(line: Line) -> None:
    line.break_down(LineFault.DEAF)
    with pytest.raises(TimeoutError):
        await _say(line, b"hello\n", 0.3)
    assert line.carried_bytes == 6, "the request got through"
    line.heal()
    assert await _say(line, b"again\n") == b"AGAIN\n"


async def test_a_slow_line_keeps_order_rate_and_delay(line: Line) -> None:
    line.rate_bytes_s, line.delay_s = 20_000, 0.1
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    began = time.monotonic()
    words = b"".join(b"%07d\n" % number for number in range(500))
    writer.write(words)
    assert await asyncio.wait_for(reader.readexactly(len(words)), 20) == words
    assert time.monotonic() - began >= 0.2 + len(words) / 20_000
    line.rate_bytes_s = line.delay_s = 0
    writer.write(b"soon\n")
    assert await asyncio.wait_for(reader.readline(), 20) == b"SOON\n"
    writer.transport.abort()


async def test_a_line_that_is_slow_for_a_while_mixes_nothing_up(line: Line) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    words = [b"%05d\n" % number for number in range(60)]
    for number, word in enumerate(words):
        if number == 20:
            line.break_down(LineFault.SLOW)
        if number == 40:
            line.heal()
        writer.write(word)
        await asyncio.sleep(0.002)
    assert await asyncio.wait_for(reader.readexactly(360), 20) == b"".join(words)
    writer.transport.abort()


async def test_a_hub_that_is_not_there_looks_like_a_refused_line() -> None:
    line = Line(1)
    await line.start()
    assert await _refused(line)
    await line.stop()
