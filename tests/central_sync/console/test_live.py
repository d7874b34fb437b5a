"""Live parts: so many for one session and one account, with a clear answer, and free again when a page is closed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from central_sync.console import live as module
from central_sync.console.access import Role
from central_sync.console.lobby import SESSION_COOKIE
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.console.fleet_world import with_fleet


async def opened(stack: AsyncExitStack, client, token: str, path: str = "/live/edges"):
    asked = client.get(path, cookies={SESSION_COOKIE: token}, allow_redirects=False)
    return await stack.enter_async_context(asked)


async def test_a_session_and_an_account_hold_so_many_streams_and_others_none_the_less(
    small_world: World, small_client, monkeypatch
) -> None:
    monkeypatch.setattr(module, "STREAMS_OF_SESSION_MAX", 2)
    monkeypatch.setattr(module, "STREAMS_OF_ACCOUNT_MAX", 3)
    with_fleet(small_world)
    small_world.account("one", Role.OBSERVER)
    small_world.account("two", Role.OBSERVER)
    first, second = small_world.token("one"), small_world.token("one")
    async with AsyncExitStack() as stack:
        held = [await opened(stack, small_client, first) for _ in range(2)]
        assert [one.status for one in held] == [200, 200]
        for path in ("/live/edges", "/live/edges/H1", "/live/flow"):
            full = await opened(stack, small_client, first, path)
            assert (full.status, full.headers["Retry-After"]) == (429, str(module.AGAIN_S))
            assert "Too many open pages" in await full.text()
        assert (await opened(stack, small_client, second)).status == 200
        assert (await opened(stack, small_client, second)).status == 429, "the account holds three"
        assert (await opened(stack, small_client, small_world.token("two"))).status == 200
        assert (await Browser(small_client, first).get("/edges"))[0] == 200, "the page itself is always there"
        held[0].close()
        for _ in range(100):
            if (await opened(stack, small_client, first)).status == 200:
                break
            await asyncio.sleep(0.01)
        else:
            raise AssertionError("a closed page still counts")
    await small_world.console.news.stop()


async def test_whoever_watches_in_vain_holds_no_session_open(small_world: World, small_client) -> None:
    from datetime import timedelta

    small_world.account("one", Role.OBSERVER)
    token = small_world.token("one")
    browser = Browser(small_client, token)
    for _ in range(4):
        small_world.now += timedelta(minutes=9)
        await browser.get("/live/edges")
    assert (await browser.get("/edges"))[0] == 303, "thirty minutes without a look at a page"
