"""The servers that an embed call is measured against: ``python -m benchmarks.bare_server [--commit FILE]``.

An aiohttp application with one address, in a process of its own, as the edge is. Without ``--commit`` it only parses the body, into the very
types that the embed face reads, and answers a constant of the size of the edge's answer. With it, each call is besides one insert and
one commit of its own in a SQLite file: what a program does that does not share commits. Prints ``{"face": URL}`` when it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from aiohttp import web

from benchmarks import bare_store
from central_sync.wire.catalogue import BY_NUMBER
from edge.faces.embed.codec import HandleRequest

PATH = "/embed/v1/handle"
ANSWER = msgspec.json.encode(
    {
        "return_code": 0, "outcome": "provisional", "msgid": "0" * 24, "number": "2204", "answer": None, "confirmation": "none",
        "ticket": "0" * 24, "error": None,
    }
)  # fmt: skip


def parsed(body: bytes) -> msgspec.Struct:
    """The call in ``body`` with its packet typed; raises msgspec's errors for what is not one."""
    call = msgspec.json.decode(body, type=HandleRequest)
    request: msgspec.Struct = msgspec.json.decode(call.packet, type=BY_NUMBER[call.number].request)
    return request


async def parse_only(request: web.Request) -> web.Response:
    """Parse and forget."""
    parsed(await request.read())
    return web.Response(body=ANSWER, content_type="application/json")


def committing(path: Path) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that commits each call alone, in one thread, before it answers."""
    thread = ThreadPoolExecutor(1)
    store = thread.submit(bare_store.PlainStore, path).result()

    async def commit(request: web.Request) -> web.Response:
        packet = msgspec.msgpack.encode(parsed(await request.read()))
        await asyncio.get_running_loop().run_in_executor(thread, store.insert, [packet])
        return web.Response(body=ANSWER, content_type="application/json")

    return commit


async def serve(commit: Path | None) -> None:
    """Serve until SIGTERM."""
    app = web.Application()
    app.router.add_post(PATH, committing(commit) if commit else parse_only)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, keepalive_timeout=75)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=128)
    await site.start()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    host, port = runner.addresses[0][:2]
    print(msgspec.json.encode({"face": f"http://{host}:{port}"}).decode(), flush=True)
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bare_server", description=__doc__)
    parser.add_argument("--commit", type=Path, metavar="FILE")
    asyncio.run(serve(parser.parse_args().commit))
