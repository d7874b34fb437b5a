"""SHELL: the technician's page and its news."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from aiohttp import web
from markupsafe import Markup

from central_sync.pages import samples
from central_sync.pages.languages import Tongue
from central_sync.pages.news import News
from central_sync.pages.rendering import commands
from central_sync.terms.languages import listed
from edge.accounts import Role
from edge.console import views
from edge.console.lobby import BASE, Lobby
from edge.health import Signs, Status
from edge.readers.bindings import ReaderRow

EVERY_S = 2.0


class Standing(NamedTuple):
    """How the edge is."""

    status: Status
    signs: Signs
    readers: list[ReaderRow]


class TechnicianPages:
    """``standing`` is asked anew for each page."""

    def __init__(self, lobby: Lobby, news: News, standing: Callable[[], Awaitable[Standing]]) -> None:
        self._lobby = lobby
        self._news = news
        self._standing = standing
        self._waiting, self._up, self._answers = samples.Samples(), samples.Samples(), samples.Samples()

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served = self._lobby.served
        return [web.get(f"{BASE}/technician", served(self.show)), web.get(f"{BASE}/technician/live", served(self.live))]

    async def sample(self) -> None:
        """Take what the charts draw; a job calls it."""
        self._take((await self._standing()).status)

    async def show(self, request: web.Request) -> web.Response:
        """How this gateway is."""
        session = self._lobby.session(request, Role.TECHNICIAN)
        return self._lobby.page(request, "technician.html", await self._values(request), session)

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The same, again when it has changed, as long as the session lasts."""
        self._lobby.session(request, Role.TECHNICIAN)
        return await self._news.serve(request, self._parts(request), EVERY_S)

    async def _parts(self, request: web.Request) -> AsyncIterator[str]:
        while True:
            yield self._lobby.part(request, "technician_live.html", await self._values(request))

    def _take(self, status: Status) -> None:
        now = time.monotonic()
        self._waiting.take(now, status.pending)
        self._up.take(now, status.line == "up")
        if status.answer_ms is not None:
            self._answers.take(now, status.answer_ms)

    async def _values(self, request: web.Request) -> dict[str, Any]:
        standing, tongue = await self._standing(), self._lobby.tongue(request)
        self._take(standing.status)
        legs = views.legs(standing.signs, standing.status.line_trouble, standing.readers)
        points, answers = self._waiting.points(), self._answers.points()

        def told(message: str, values: views.Values) -> Markup:
            return commands(tongue.text(message)) % {key: _shown(tongue, key, value) for key, value in values.items()}

        return {
            "legs": legs,
            "worst": views.worst(legs),
            "where": listed([tongue.text(leg.name) for leg in views.of(legs, views.worst(legs))], tongue.language),
            "status": standing.status,
            "readers": standing.readers,
            "now": standing.status.now.replace(microsecond=0),
            "told": told,
            "drawn": _drawn(points),
            "most": int(max((value for _, value in points), default=0)),
            "answers": _drawn(answers),
            "slowest": int(max((value for _, value in answers), default=0)),
            "down": [ago for ago, up in self._up.points() if not up],
            "step": 360 / samples.KEPT_MAX,
        }


def _shown(tongue: Tongue, name: str, value: int | str | datetime) -> str:
    if isinstance(value, datetime):
        return tongue.clock(value)
    return tongue.measure(value, name) if isinstance(value, int) else value


def _drawn(points: Sequence[tuple[int, float]]) -> str:
    """The line through ``points``; a single one is drawn as long as its step, so that it is seen."""
    return samples.path([(1, points[0][1]), *points] if len(points) == 1 else points, 360, 60)
