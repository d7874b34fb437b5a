"""The doorway of systems whose loop takes connections past our socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from edge import platform
from edge.config import Address
from edge.faces.crowd import Crowd
from edge.faces.doorway import Doorway
from edge.faces.listener import Listener, bound_socket
from tests.patience import HUNG_S


class Echo(asyncio.Protocol):
    """Answers with what it hears."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]


@asynccontextmanager
async def open_door(crowd: Crowd) -> AsyncIterator[tuple[str, int]]:
    listening = bound_socket(Address("127.0.0.1", 0), "")
    where = listening.getsockname()
    door = Doorway(listening, crowd, Echo, None, 16)
    await door.start()
    try:
        yield where
    finally:
        door.close()


async def answered(where: tuple[str, int]) -> tuple[bool, asyncio.StreamWriter]:
    async with asyncio.timeout(HUNG_S):
        reader, writer = await asyncio.open_connection(*where)
        writer.write(b"hello\n")
        try:
            return await reader.readline() == b"hello\n", writer
        except ConnectionError:
            return False, writer


async def test_beyond_the_bound_nobody_is_let_in_until_one_has_left() -> None:
    async with open_door(Crowd(2, 2)) as where:
        inside = [await answered(where) for _ in range(2)]
        assert [well for well, _ in inside] == [True, True]
        assert not (await answered(where))[0]
        inside[0][1].close()
        async with asyncio.timeout(HUNG_S):
            while not (late := await answered(where))[0]:
                pass
        for _, writer in (*inside, late):
            writer.close()


async def test_who_says_nothing_is_ended() -> None:
    async with open_door(Crowd(5, 5, strange_s=0.05)) as where:
        reader, writer = await asyncio.open_connection(*where)
        async with asyncio.timeout(HUNG_S):
            assert await reader.read() == b""
        writer.close()


async def test_a_listener_takes_it_where_the_loop_would_not_ask_our_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "ACCEPTS_BY_SOCKET", False)
    app = web.Application()
    app.router.add_get("/", _hello)
    listener = Listener(app, Address("127.0.0.1", 0), "", None, crowd=Crowd(4, 4))
    await listener.start()
    async with ClientSession() as client, client.get(listener.url) as answer:
        assert await answer.text() == "hello"
    await listener.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(listener.url.rpartition(":")[2]))


async def _hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")
