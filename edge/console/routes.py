"""SHELL: the addresses of the console: signing in and out, the language, files, and the pages of each role.

Rules
    * Nobody sees a page without a session; whoever has another role is told so.
    * Every form but those of signing in and of the language carries its session's key. Cookies are for this path only, strict, and out of a script's reach.
    * A page says what is wrong in words; whatever fails inside is logged and becomes a page, not a trace.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from aiohttp import web

from central_sync.pages.news import News
from central_sync.pages.passwords import CHECKS_AT_ONCE_MAX
from central_sync.pages.tries import Tries
from edge.accounts import Role, password_fits
from edge.audit import Audit
from edge.console.lobby import BASE, SESSION_COOKIE, Lobby
from edge.console.technician import Standing, TechnicianPages

STARTS = {Role.TECHNICIAN: "/technician", Role.CLERK: "/desk"}
"""The first page of each role."""
_PATH = re.compile(r"(/[a-z0-9-]+)+")
"""Addresses of our pages, under the console's own path: nothing here leads elsewhere."""


class Served(Protocol):
    """Further pages."""

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        ...


class Console:
    """The pages of one edge."""

    def __init__(
        self,
        lobby: Lobby,
        standing: Callable[[], Awaitable[Standing]],
        audit: Audit,
        further: Callable[[Lobby, News], Sequence[Served]] = lambda _lobby, _news: (),
    ) -> None:
        self._lobby = lobby
        self._audit = audit
        self._tries = Tries()
        self._checking = asyncio.Semaphore(CHECKS_AT_ONCE_MAX)
        self._news = News(lobby.still, whose=lobby.whose)
        self._technician = TechnicianPages(lobby, self._news, standing)
        self._further = further(lobby, self._news)
        self.sample = self._technician.sample
        self.stop = self._news.stop

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served = self._lobby.served
        return [
            web.get(BASE, served(self.start)),
            web.get(f"{BASE}/", served(self.start)),
            web.get(f"{BASE}/sign-in", served(self.sign_in_page)),
            web.post(f"{BASE}/sign-in", served(self.sign_in)),
            web.post(f"{BASE}/sign-out", served(self.sign_out)),
            web.post(f"{BASE}/language", served(self.change_language)),
            *self._technician.routes(),
            *(route for pages in self._further for route in pages.routes()),
            web.get(BASE + "/static/{name}", served(self._lobby.static)),
            web.get(BASE + "/{rest:.*}", served(self._lobby.nothing)),
        ]

    async def start(self, request: web.Request) -> web.Response:
        """The first page of whoever is signed in."""
        return self._lobby.sent_to(STARTS[self._lobby.session(request, None).role])

    async def sign_in_page(self, request: web.Request) -> web.Response:
        """The form."""
        return self._lobby.page(request, "sign_in.html", {"name": "", "refused": ""})

    async def sign_in(self, request: web.Request) -> web.Response:
        """A name and a password."""
        form = await self._lobby.form(request)
        name, password = str(form.get("name", ""))[:80].strip(), str(form.get("password", ""))
        address, text = request.remote or "", self._lobby.tongue(request).text
        if not self._tries.allowed(name, address, time.monotonic()):
            refused = text("Too many wrong passwords. Wait ten minutes.")
            return self._lobby.page(request, "sign_in.html", {"name": name, "refused": refused}, status=429)
        self._tries.failed(name, address, time.monotonic())  # beforehand: many at once are many tries
        account = self._lobby.accounts.find(name)
        async with self._checking:
            right = await asyncio.to_thread(password_fits, account, password)
        if not right or account is None:
            # what was typed as a name may be a scanned number, or a password in the wrong field
            self._audit.note(
                "console sign-in refused", self._lobby.clock(), operator=account.name if account else "unknown"
            )
            refused = text("Name or password is wrong.")
            return self._lobby.page(request, "sign_in.html", {"name": name, "refused": refused}, status=403)
        self._tries.passed(name, address)
        self._lobby.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        self._audit.note("console sign-in", self._lobby.clock(), operator=name)
        answer = self._lobby.sent_to("/")
        self._lobby.keep(answer, SESSION_COOKIE, self._lobby.sessions.begin(account, self._lobby.clock()))
        return answer

    async def sign_out(self, request: web.Request) -> web.Response:
        """The end of a session; of one that has ended already, nothing is said."""
        if self._lobby.open_session(request) is None:
            return self._lobby.sent_to("/sign-in")
        session = await self._lobby.form_session(request)
        self._lobby.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        self._audit.note("console sign-out", self._lobby.clock(), operator=session.name)
        answer = self._lobby.sent_to("/sign-in")
        self._lobby.forget(answer, SESSION_COOKIE)
        return answer

    async def change_language(self, request: web.Request) -> web.Response:
        """Another language for this browser."""
        form = await self._lobby.form(request)
        back = str(form.get("back", ""))[:100]
        answer = self._lobby.sent_to(back if _PATH.fullmatch(back) else "/")
        self._lobby.change_language(answer, str(form.get("language", "")))
        return answer
