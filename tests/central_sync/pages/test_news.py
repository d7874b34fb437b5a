"""News of a page whose browser has left before they could begin are no fault, and take nobody's place."""

from __future__ import annotations

from aiohttp.test_utils import make_mocked_request

from central_sync.pages.news import News


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
