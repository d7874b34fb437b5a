"""A listening socket that strangers cannot fill."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from edge import platform
from edge.config import Address
from edge.faces.crowd import Crowd
from edge.faces.limits import OWN_FILES_MAX
from edge.faces.listener import Listener, bound_socket
from tests.patience import HUNG_S


@asynccontextmanager
async def served(crowd: Crowd) -> AsyncIterator[tuple[str, int]]:
    """A server that answers each line with itself."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    listening = crowd.bounds(bound_socket(Address("127.0.0.1", 0), ""))
    server = await asyncio.start_server(echo, sock=listening)
    try:
        yield listening.getsockname()
    finally:
        server.close()


async def opened(where: tuple[str, int], own: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(*where, local_addr=(own, 0))


async def answers(line: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    reader, writer = line
    try:
        writer.write(b"hello\n")
        async with asyncio.timeout(HUNG_S):
            return await reader.readline() == b"hello\n"
    except ConnectionError:
        return False


async def test_beyond_the_bound_nobody_is_let_in_until_one_has_left() -> None:
    async with served(Crowd(3, 3)) as where:
        lines = [await opened(where) for _ in range(3)]
        assert [await answers(line) for line in lines] == [True, True, True]
        assert not await answers(await opened(where))
        lines[0][1].close()
        async with asyncio.timeout(HUNG_S):
            while not await answers(late := await opened(where)):
                pass
        for _, writer in (*lines, late):
            writer.close()


async def test_one_address_cannot_take_the_room_of_the_others() -> None:
    async with served(Crowd(10, 2)) as where:
        lines = [await opened(where) for _ in range(2)]
        assert not await answers(await opened(where))
        other = await opened(where, "127.0.0.2")
        assert await answers(other)
        for _, writer in (*lines, other):
            writer.close()


async def test_who_is_not_welcomed_in_time_is_ended_and_who_is_may_stay() -> None:
    crowd = Crowd(10, 10, strange_s=0.2)
    async with served(crowd) as where:
        stranger, friend = await opened(where), await opened(where)
        assert await answers(friend)
        crowd.welcome(friend[1].get_extra_info("sockname"))
        async with asyncio.timeout(HUNG_S):
            assert await stranger[0].read() == b""
        assert await answers(friend)
        for _, writer in (stranger, friend):
            writer.close()


async def test_a_flood_of_connections_leaves_the_loop_free() -> None:
    async with served(Crowd(5, 5)) as where:
        flood = []
        for _ in range(300):
            flood.append(socket.create_connection(where))
            began = time.monotonic()
            await asyncio.sleep(0)
            assert time.monotonic() - began < 5
        for sock in flood:
            sock.close()


async def test_a_face_keeps_files_for_the_edge_itself_and_for_other_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "more_files", lambda: OWN_FILES_MAX + 4)
    listener = Listener(web.Application(), Address("127.0.0.1", 0), "", None)
    await listener.start()
    where = ("127.0.0.1", int(listener.url.rpartition(":")[2]))
    try:
        lines = [await opened(where) for _ in range(2)]
        assert [await heard(line) for line in lines] == [True, True]
        assert not await heard(await opened(where))
        others = [await opened(where, "127.0.0.2") for _ in range(2)]
        assert [await heard(line) for line in others] == [True, True]
        assert not await heard(await opened(where, "127.0.0.3"))
        for _, writer in (*lines, *others):
            writer.close()
    finally:
        await listener.stop()


async def heard(line: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bool:
    reader, writer = line
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(HUNG_S):
            return (await reader.readline()).startswith(b"HTTP/1.1 404")
    except ConnectionError:
        return False
