"""SHELL: the pages of signing in and out, of the second factor, and of one's own account."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from aiohttp import web

from central_sync.console import second_factor
from central_sync.console.access import Need
from central_sync.console.lobby import BROWSER_COOKIE, SESSION_COOKIE, Lobby, Page
from central_sync.console.sessions import Sessions, Visitor
from central_sync.console.sign_in import Entered, SignIn, Waits, Wrong
from central_sync.console.words import N_
from central_sync.pages import passwords

TRIES_WAITING_MAX = 32
"""Sign-ins that are under way or wait for their turn in this process; whoever comes then is told to come again."""
TYPED_CHARACTERS_MAX = 400


class Door:
    """The pages."""

    def __init__(self, lobby: Lobby, sign_in: SignIn, sessions: Sessions) -> None:
        self._lobby = lobby
        self._sign_in = sign_in
        self._sessions = sessions
        self._checking = asyncio.Semaphore(passwords.CHECKS_AT_ONCE_MAX)
        self._waiting = 0

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/sign-in", Need.ANYBODY, self.form),
            Page("POST", "/sign-in", Need.ANYBODY, self.enter),
            Page("POST", "/language", Need.ANYBODY, self.language),
            Page("GET", "/first-password", Need.RENEW, self.first_form),
            Page("POST", "/first-password", Need.RENEW, self.choose),
            Page("GET", "/second-factor", Need.SECOND, self.second_form),
            Page("POST", "/second-factor", Need.SECOND, self.second),
            Page("GET", "/second-factor/set-up", Need.SET_UP, self.set_up_form),
            Page("POST", "/second-factor/set-up", Need.SET_UP, self.begin_set_up),
            Page("POST", "/second-factor/confirm", Need.SET_UP, self.finish_set_up),
            Page("POST", "/sign-out", Need.SESSION, self.leave),
            Page("GET", "/account", Need.SIGNED_IN, self.account, N_("Your account")),
            Page("POST", "/account/password", Need.SIGNED_IN, self.change_password),
        ]

    async def form(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The form of signing in."""
        values = {"name": "", "refused": "", "ended": self._lobby.ended(request, visitor)}
        return self._lobby.shown(request, visitor, "sign_in.html", values)

    async def enter(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A name and a password."""
        name, password = await _typed(request, "name"), await _typed(request, "password")
        mark = request.cookies.get(BROWSER_COOKIE, "")
        if self._waiting >= TRIES_WAITING_MAX:
            return self._refused(request, visitor, "sign_in.html", Waits(5), {"name": name, "ended": ""})
        self._waiting += 1
        try:
            async with self._checking:
                found = await self._lobby.work(self._sign_in.password, name, password, _address(request), mark)
        finally:
            self._waiting -= 1
        if isinstance(found, Entered):
            return self._lobby.signed_in(found.token, found.mark)
        return self._refused(request, visitor, "sign_in.html", found, {"name": name, "ended": ""})

    async def language(self, request: web.Request, _visitor: Visitor) -> web.StreamResponse:
        """Another language for this browser."""
        answer = self._lobby.sent_to(_own_path(await _typed(request, "back")))
        self._lobby.change_language(answer, await _typed(request, "language"))
        return answer

    async def leave(self, _request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The end of a session."""
        await self._lobby.work(self._sessions.end, visitor.token_hash, visitor.actor)
        answer = self._lobby.sent_to("/sign-in")
        self._lobby.forget(answer, SESSION_COOKIE)
        return answer

    async def first_form(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The form that asks for a password of one's own."""
        return self._lobby.shown(request, visitor, "first_password.html", {"refused": ""})

    async def choose(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A password of one's own."""
        text = self._lobby.tongue(request).text
        new = await _typed(request, "new")
        found: Entered | Wrong = Wrong()
        if passwords.acceptable(new) and new == await _typed(request, "again"):
            async with self._checking:
                found = await self._lobby.work(self._sign_in.own_password, visitor, new, _address(request))
        if isinstance(found, Entered):
            return self._lobby.signed_in(found.token, found.mark)
        words = text("A password of your own has 10 to 200 characters, is typed twice, and is not the first one.")
        return self._lobby.shown(request, visitor, "first_password.html", {"refused": words}, 400)

    # -- the second factor ----------------------------------------------------------------------------------------

    async def second_form(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The form that asks for a code."""
        return self._lobby.shown(request, visitor, "second_factor.html", {"refused": ""})

    async def second(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A code, or a recovery code."""
        code, mark = await _typed(request, "code"), request.cookies.get(BROWSER_COOKIE, "")
        found = await self._lobby.work(self._sign_in.code, visitor, code, _address(request), mark)
        if isinstance(found, Entered):
            return self._lobby.signed_in(found.token, found.mark)
        return self._refused(request, visitor, "second_factor.html", found, {})

    async def set_up_form(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """What a second factor is, and a button."""
        return self._lobby.shown(request, visitor, "factor_begin.html", {"refused": ""})

    async def begin_set_up(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A fresh secret, shown once."""
        code = await _typed(request, "code")
        found = await self._lobby.work(self._sign_in.begin_set_up, visitor, code, _address(request))
        if isinstance(found, Wrong | Waits):
            return self._refused(request, visitor, "factor_begin.html", found, {})
        address = second_factor.address(found, visitor.name)
        values = {"secret": found, "address": address, "picture": second_factor.picture(address), "refused": ""}
        return self._lobby.shown(request, visitor, "factor_secret.html", values)

    async def finish_set_up(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The first code; gives the recovery codes, shown once."""
        code = await _typed(request, "code")
        found = await self._lobby.work(self._sign_in.finish_set_up, visitor, code, _address(request))
        if isinstance(found, Wrong | Waits):
            values = {"secret": "", "address": "", "picture": "", "here": "/second-factor/set-up"}
            return self._refused(request, visitor, "factor_secret.html", found, values)
        entered, codes = found
        answer = self._lobby.shown(request, visitor, "factor_done.html", {"codes": codes, "here": "/"})
        self._lobby.keep(answer, SESSION_COOKIE, entered.token)
        self._lobby.keep(answer, BROWSER_COOKIE, entered.mark, long=True)
        return answer

    # -- one's own account ----------------------------------------------------------------------------------------

    async def account(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Who somebody is here."""
        return self._lobby.shown(request, visitor, "account.html", {"refused": ""})

    async def change_password(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Another password."""
        text = self._lobby.tongue(request).text
        old, new = await _typed(request, "old"), await _typed(request, "new")
        if not passwords.acceptable(new) or new != await _typed(request, "again"):
            words = text("The new password has 10 to 200 characters, and is typed twice.")
            return self._lobby.shown(request, visitor, "account.html", {"refused": words, "here": "/account"}, 400)
        async with self._checking:
            found = await self._lobby.work(self._sign_in.change_password, visitor, old, new, _address(request))
        if isinstance(found, Wrong | Waits):
            return self._refused(request, visitor, "account.html", found, {"here": "/account"})
        return self._lobby.signed_in(found.token, found.mark)

    def _refused(
        self, request: web.Request, visitor: Visitor, template: str, found: Wrong | Waits, values: dict[str, str]
    ) -> web.Response:
        tongue = self._lobby.tongue(request)
        if isinstance(found, Waits):
            words = tongue.text("Too many wrong ones. Try again in %(time)s.") % {"time": tongue.span(found.seconds)}
            return self._lobby.shown(request, visitor, template, {**values, "refused": words}, 429)
        words = tongue.text("That is not right.")
        return self._lobby.shown(request, visitor, template, {**values, "refused": words}, 403)


async def _typed(request: web.Request, field: str) -> str:
    value = (await request.post()).get(field, "")
    return value[:TYPED_CHARACTERS_MAX].strip("\0") if isinstance(value, str) else ""


def _address(request: web.Request) -> str:
    return request.remote or "unknown"


def _own_path(text: str) -> str:
    """``text`` if it is a path of this console, else the start."""
    if not (text.isascii() and text.isprintable()) or "\\" in text or not text.startswith("/") or text.startswith("//"):
        return "/"
    found = urlsplit(text)
    return text if not found.scheme and not found.netloc else "/"
