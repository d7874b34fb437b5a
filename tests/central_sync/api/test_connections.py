"""Connections that ask for nothing; over TLS they are tried in test_sync.py."""

import asyncio

import aiohttp
from aiohttp import web

from central_sync.api import connections as module
from central_sync.api.connections import Connections


async def test_a_silent_connection_is_closed_and_a_working_one_is_not(monkeypatch):
    monkeypatch.setattr(module, "FIRST_REQUEST_S_MAX", 0.3)
    connections = Connections()
    application = web.Application(middlewares=[connections.noting])
    application.router.add_get("/", _answer)
    runner = web.AppRunner(application)
    await runner.setup()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connections.accepting(runner.server), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    silent, writer = await asyncio.open_connection("127.0.0.1", port)
    half, half_writer = await asyncio.open_connection("127.0.0.1", port)
    half_writer.write(b"GET / HTTP/1.1\r\nHost:")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for _ in range(3):
            async with session.get(f"http://127.0.0.1:{port}/") as response:
                assert await response.text() == "here"
            await asyncio.sleep(0.2)
    for reader in (silent, half):
        assert await asyncio.wait_for(_ended(reader), 10)
    assert not connections._quiet
    writer.close()
    half_writer.close()
    server.close()
    await runner.cleanup()


async def _answer(_request):
    return web.Response(text="here")


async def _ended(reader):
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True
