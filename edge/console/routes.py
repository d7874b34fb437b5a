"""SHELL: the addresses of the console: signing in and out, the language, files, and the pages of each role.

Rules
    * Nobody sees a page without a session; whoever has another role is told so.
    * Every form but those of signing in and of the language carries its session's key. Cookies are for this path only, strict, and out of a script's reach.
    * A page says what is wrong in words; whatever fails inside is logged and becomes a page, not a trace.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from edge.accounts import Role, password_fits
from edge.audit import Audit
from edge.console import pages
from edge.console.lobby import BASE, SESSION_COOKIE, Lobby, sent_to
from edge.console.news import News
from edge.console.sessions import Tries
from edge.console.technician import Standing, TechnicianPages

STATIC_KEPT_S = 365 * 24 * 3600
CHECKS_AT_ONCE_MAX = 2
"""How many passwords are tried at once: each takes a thread and 19 MiB."""
STARTS = {Role.TECHNICIAN: "/technician"}
"""The first page of each role."""


class Console:
    """The pages of one edge."""

    def __init__(self, lobby: Lobby, standing: Callable[[], Awaitable[Standing]], audit: Audit) -> None:
        self._lobby = lobby
        self._audit = audit
        self._tries = Tries()
        self._checking = asyncio.Semaphore(CHECKS_AT_ONCE_MAX)
        self._news = News(lobby)
        self._technician = TechnicianPages(lobby, self._news, standing)
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
            web.get(BASE + "/static/{name}", served(self.static)),
            web.get(BASE + "/{rest:.*}", served(self.nothing)),
        ]

    async def start(self, request: web.Request) -> web.Response:
        """The first page of whoever is signed in."""
        return sent_to(STARTS[self._lobby.session(request, None).role])

    async def sign_in_page(self, request: web.Request) -> web.Response:
        """The form."""
        return self._lobby.page(request, "sign_in.html", {"name": "", "refused": ""})

    async def sign_in(self, request: web.Request) -> web.Response:
        """A name and a password."""
        form = await request.post()
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
            self._audit.note("console sign-in refused", self._lobby.clock(), operator=name)
            refused = text("Name or password is wrong.")
            return self._lobby.page(request, "sign_in.html", {"name": name, "refused": refused}, status=403)
        self._tries.passed(name, address)
        self._lobby.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        self._audit.note("console sign-in", self._lobby.clock(), operator=name)
        answer = sent_to("/")
        self._lobby.keep(answer, SESSION_COOKIE, self._lobby.sessions.begin(account, self._lobby.clock()))
        return answer

    async def sign_out(self, request: web.Request) -> web.Response:
        """The end of a session."""
        session = await self._lobby.form_session(request)
        self._lobby.sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        self._audit.note("console sign-out", self._lobby.clock(), operator=session.name)
        answer = sent_to("/sign-in")
        answer.del_cookie(SESSION_COOKIE, path=BASE)
        return answer

    async def change_language(self, request: web.Request) -> web.Response:
        """Another language for this browser."""
        form = await request.post()
        back = str(form.get("back", ""))
        answer = sent_to(back if back in ("/sign-in", *STARTS.values()) else "/")
        self._lobby.change_language(answer, str(form.get("language", "")))
        return answer

    async def static(self, request: web.Request) -> web.Response:
        """Script, style and picture."""
        name = request.match_info["name"]
        if name not in pages.STATIC:
            return await self.nothing(request)
        headers = {**pages.HEADERS, "Cache-Control": f"public, max-age={STATIC_KEPT_S}, immutable"}
        return web.Response(body=pages.static(name), content_type=pages.STATIC[name], charset="utf-8", headers=headers)

    async def nothing(self, request: web.Request) -> web.Response:
        """An address that is none."""
        text = self._lobby.tongue(request).text
        return self._lobby.message(
            request, text("There is no such page"), text("Perhaps the address was mistyped."), 404
        )
