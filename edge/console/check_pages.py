"""SHELL: the technician's page of checks: the way to the centre tried step by step, and the bundle for whoever helps from afar."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from central_sync.pages.news import News
from central_sync.pages.rendering import HEADERS, commands
from central_sync.terms.languages import isolated, listed
from edge.accounts import Role
from edge.console.lobby import BASE, Lobby
from edge.console.probe_words import FOUND, PAGES, STEPS
from edge.console.runs import FAULT, Run
from edge.console.views import Condition, worst_of
from edge.diagnostics import Bundle
from edge.errors import EdgeError
from edge.probing import WAITING, Probe, Step

HERE = "/technician/checks"
EVERY_S = 0.5


class CheckPages:
    """``probe`` tries the way; ``bundle`` makes a bundle on the word of an account."""

    def __init__(self, lobby: Lobby, news: News, probe: Probe, bundle: Callable[[str], Awaitable[Bundle]]) -> None:
        self._lobby = lobby
        self._news = news
        self._probe = probe
        self._bundle = bundle
        self._run: Run[Sequence[Step]] = Run(lobby.clock)

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served = self._lobby.served
        return [
            web.get(BASE + HERE, served(self.show)),
            web.post(BASE + HERE, served(self.begin)),
            web.get(f"{BASE}{HERE}/live", served(self.live)),
            web.post(f"{BASE}{HERE}/bundle", served(self.bundle)),
        ]

    async def stop(self) -> None:
        """End what was begun."""
        await self._run.stop()

    async def show(self, request: web.Request) -> web.Response:
        """What the last test found."""
        session = self._lobby.session(request, Role.TECHNICIAN)
        return self._lobby.page(request, "checks.html", self._values(request), session)

    async def begin(self, request: web.Request) -> web.Response:
        """Begin a test, unless one is under way."""
        await self._lobby.form_session(request, Role.TECHNICIAN)
        self._run.begin(self._probe.run)
        return self._lobby.sent_to(HERE)

    async def live(self, request: web.Request) -> web.StreamResponse:
        """How far it is."""
        self._lobby.session(request, Role.TECHNICIAN)
        return await self._news.serve(request, self._parts(request), EVERY_S)

    async def bundle(self, request: web.Request) -> web.Response:
        """The bundle, as a file."""
        session = await self._lobby.form_session(request, Role.TECHNICIAN)
        try:
            made = await self._bundle(session.name)
        except EdgeError:
            text = self._lobby.tongue(request).text
            words = text("Look at the disk of the data directory.")
            return self._lobby.message(request, text("The bundle could not be made"), words, 503, HERE)
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{made.name}"'}
        return web.Response(body=made.content, content_type="application/zip", headers=headers)

    async def _parts(self, request: web.Request) -> AsyncIterator[str]:
        while True:
            yield self._lobby.part(request, "checks_live.html", self._values(request))

    def _values(self, request: web.Request) -> Mapping[str, Any]:
        tongue, run = self._lobby.tongue(request), self._run
        steps = run.so_far or ()

        def told(message: str, values: Mapping[str, int | str]) -> str:
            shown = {
                key: tongue.measure(value, key) if isinstance(value, int) else isolated(value, tongue.language)
                for key, value in values.items()
            }
            return commands(tongue.text(message)) % shown if message else ""

        rows = [
            {
                "name": tongue.text(STEPS[step.name]), "state": step.state, "took_ms": step.took_ms,
                "what": told(FOUND[step.code][0], step.values) if step.code else "",
                "do": told(FOUND[step.code][1], step.values) if step.code else "", "page": PAGES.get(step.code, ""),
            }
            for step in steps
        ]  # fmt: skip
        decided = {step.name: Condition(step.state) for step in steps if step.state != WAITING}
        worst = worst_of(decided.values())
        where = [tongue.text(STEPS[name]) for name, condition in decided.items() if condition is worst]
        return {
            "steps": rows, "running": run.running, "failed": run.failed and run.failed == FAULT, "ended_at": run.ended_at,
            "worst": worst, "where": listed(where, tongue.language), "now": self._lobby.clock(),
        }  # fmt: skip
