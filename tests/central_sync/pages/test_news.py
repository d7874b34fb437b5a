"""News of a page whose browser has left before they could begin are no fault, and take nobody's place."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from central_sync.pages.news import News
from central_sync.pages.rendering import HEADERS


async def test_a_browser_that_has_left_before_its_turn_is_no_fault() -> None:
    asked: list[str] = []

    async def still(_: object) -> bool:
        asked.append("still")
        return True

    async def parts():
        yield "a part"

    gone = make_mocked_request("GET", "/live/start")
    gone.protocol.transport = None
    assert gone.transport is None
    answer = await News(still).serve(gone, parts())
    assert (answer.status, asked) == (200, [])


async def test_news_are_kept_by_nobody_and_whoever_asks_for_the_headers_alone_gets_no_stream() -> None:
    async def still(_: object) -> bool:
        return True

    async def parts():
        yield "a name"

    news = News(still)
    application = web.Application()

    async def live(request: web.Request) -> web.StreamResponse:
        return await news.serve(request, parts())

    application.router.add_get("/live", live)
    async with TestClient(TestServer(application)) as client:
        for method, text in (("GET", "a name"), ("HEAD", "")):
            answer = await client.request(method, "/live")
            assert answer.status == 200
            assert HEADERS.items() <= dict(answer.headers).items()
            assert text in await answer.text()
    await news.stop()
