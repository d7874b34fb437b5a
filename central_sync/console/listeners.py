"""SHELL: whether the sessions of pages that only listen go on: asked for all of them together, every few seconds, however many listen.

A session that ends meanwhile is heard of with the next question. A page that comes newly is asked about at once. When the database does not answer,
whoever waits for it hears that, and the next one asks again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from aiohttp import web

from central_sync.console.lobby import SESSION_COOKIE

EVERY_S = 2.0
FORGOTTEN_S = 60.0
"""Whose page has not asked for so long listens no more."""


class Listeners:
    """``going_on``: those of the tokens whose sessions go on; ``now_s``: seconds of a clock that never jumps."""

    def __init__(
        self,
        going_on: Callable[[Collection[str]], Awaitable[Collection[str]]],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._going_on = going_on
        self._now_s = now_s
        self._listening: dict[str, float] = {}
        self._asked: Collection[str] = ()
        self._asked_s = 0.0
        self._good: Collection[str] = ()
        self._asking: asyncio.Task[None] | None = None

    async def still(self, request: web.Request) -> bool:
        """Whether the session of a page that only listens goes on. It ends when role or scope change, too."""
        token = request.cookies.get(SESSION_COOKIE, "")
        return bool(token) and await self.goes_on(token)

    async def goes_on(self, token: str) -> bool:
        """The same of a token."""
        self._listening[token] = self._now_s()
        while not self._is_fresh(token):
            if (
                self._asking is None or self._asking.done()
            ):  # to wait for what is done would be to never let the loop go
                self._asking = asyncio.create_task(self._ask(), name="sessions that listen")
                self._asking.add_done_callback(_read)
            await asyncio.shield(self._asking)
        return token in self._good

    def _is_fresh(self, token: str) -> bool:
        return token in self._asked and self._now_s() - self._asked_s < EVERY_S

    async def _ask(self) -> None:
        now_s = self._now_s()
        self._listening = {one: at for one, at in self._listening.items() if now_s - at < FORGOTTEN_S}
        asked = frozenset(self._listening)
        good = frozenset(await self._going_on(asked))
        self._asked, self._good, self._asked_s = asked, good, self._now_s()


def _read(asking: asyncio.Task[None]) -> None:
    """Whoever waited has what went wrong; nobody need have waited."""
    if not asking.cancelled():
        asking.exception()
