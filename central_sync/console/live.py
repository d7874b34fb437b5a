"""SHELL: live parts for whoever is signed in, so many for one session and one account: who opens pages without end takes them from nobody else.

The bounds are of one hub process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from central_sync.console.lobby import Lobby
from central_sync.console.sessions import Visitor
from central_sync.pages.news import STREAMS_OF_SESSION_MAX, News

STREAMS_OF_ACCOUNT_MAX = 2 * STREAMS_OF_SESSION_MAX
AGAIN_S = 30
"""When a page that was refused asks again; ``console.js`` does."""


class Live:
    """The live parts of the console's pages."""

    def __init__(self, lobby: Lobby, news: News) -> None:
        self._lobby = lobby
        self._news = news

    async def serve(
        self, request: web.Request, visitor: Visitor, made: Callable[[], Awaitable[str | None]], pause_s: float
    ) -> web.StreamResponse:
        """What ``made`` makes, again and again until it makes nothing, as :meth:`News.serve`; where no more may listen, a page that says so."""
        parties = {
            f"session {visitor.token_hash.hex()}": STREAMS_OF_SESSION_MAX,
            f"account {visitor.name}": STREAMS_OF_ACCOUNT_MAX,
        }
        answer = await self._news.serve(request, _again(made), pause_s, parties)
        if answer.status not in (429, 503):
            return answer
        text = self._lobby.tongue(request).text
        words = text(
            "So many pages that bring news are open already. Close some of them; the others go on by themselves."
        )
        told = self._lobby.told(request, visitor, text("Too many open pages"), words, answer.status)
        told.headers["Retry-After"] = str(AGAIN_S)
        return told


async def _again(made: Callable[[], Awaitable[str | None]]) -> AsyncIterator[str]:
    while (part := await made()) is not None:
        yield part
