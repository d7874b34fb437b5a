"""The client that loads an address: what it sends is a whole call, and what it counts are whole answers."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from aiohttp import web

from benchmarks import load
from benchmarks.load import SERIAL, Plan


def _plan(port: int, expect: str) -> Plan:
    return Plan(
        host="127.0.0.1", port=port, path="/", connections=4, seconds=0.2, warm_up_s=0.05, bodies=['{"msgid":"' + SERIAL + '"}', '{"msgid":"' + SERIAL + '","more":1}'], expect=expect
    )  # fmt: skip


@pytest.mark.parametrize(("expect", "good"), [("done", True), ("other", False)])
async def test_every_answer_is_counted_and_held_against_what_is_expected(expect: str, good: bool) -> None:
    seen: set[str] = set()
    count = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        seen.add(msgspec.json.decode(await request.read())["msgid"])
        return web.Response(text="done" + "x" * 100_000)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found = await asyncio.to_thread(load.run, _plan(runner.addresses[0][1], expect))
    await runner.cleanup()
    assert 0 < found.calls <= count
    assert len(seen) == count, "no msgid twice"
    assert (found.bad == 0) is good
    assert 0 < found.p50_ms <= found.p99_ms
