"""SHELL: what stands before each page of the hub's console. A page without a need cannot be written down; whatever is not allowed is refused here.

In this order: the caller's session; what the page needs; the institution that the path names, within the caller's scope (else there is no such page, so that
guessing tells nothing); for a form its origin and its key. Only then the page's own code runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, ParamSpec, TypeVar

import structlog
from aiohttp import hdrs, web

from central_sync.audit import Trail
from central_sync.console import words
from central_sync.console.access import Need, Right, Stage, allowed
from central_sync.console.sessions import NOBODY, Sessions, Visitor
from central_sync.console.words import N_
from central_sync.errors import StoreError
from central_sync.log import located
from central_sync.pages import forms
from central_sync.pages.front import Front, Turned
from central_sync.pages.languages import Tongue
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.wire.catalogue import BY_NUMBER

ROOMS = ("central_sync.console",)
SESSION_COOKIE = "pishkhan_hub_session"
BROWSER_COOKIE = "pishkhan_hub_browser"
LIVE = "/live/"
"""Pages under it bring news: that one of them asks is no use of a session."""
GIVEN_BACK = {"note": N_("Note"), "name": N_("Name"), "hospitals": N_("Hospitals")}
"""Fields of forms whose text is given back to whoever typed it in vain. No secret, and no person's number."""
_TO_NOBODY = (Need.ANYBODY, Need.SESSION)
"""What loses nothing when the session is over."""
THREADS = 4
CALENDARS = {Language.FA: Calendar.JALALI}
"""A reader sees days in the calendar of the language; Gregorian where nothing stands here."""
_log = structlog.get_logger(__name__)

T = TypeVar("T")
P = ParamSpec("P")
Handler = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]


class Page(NamedTuple):
    """One page. ``label``: its name in the navigation (a message), if it stands there."""

    method: str
    path: str
    need: Right | Need
    handler: Handler
    label: str = ""


class Lobby(Front):
    """Of the hub's console. ``zone``: an IANA name; ``secure``: whether it is HTTPS."""

    def __init__(
        self, sessions: Sessions, trail: Trail, clock: Callable[[], datetime], name: str, zone: str, *, secure: bool
    ) -> None:
        tongues = {one: Tongue(one, zone, CALENDARS.get(one, Calendar.GREGORIAN), ROOMS) for one in Language}
        super().__init__("", name, ROOMS, tongues, secure=secure)
        self.clock = clock
        self.trail = trail
        self._sessions = sessions
        self._navigation: list[Page] = []
        self._threads: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Make the worker threads ready."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="console")

    def stop(self) -> None:
        """Finish the work begun. Blocks."""
        if self._threads is not None:
            self._threads.shutdown(wait=True)

    async def work(self, work: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
        """``work`` in a thread: whatever asks the database."""
        assert self._threads is not None, "start() first"
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments, **more))

    def routes(self, pages: Sequence[Page]) -> list[web.RouteDef]:
        """The guarded routes of ``pages``; those with a label are the navigation."""
        self._navigation = [page for page in pages if page.label]
        return [web.route(page.method, page.path, self.guarded(page)) for page in pages]

    def guarded(self, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """``page`` behind everything that stands before it."""

        async def entered(request: web.Request) -> web.StreamResponse:
            visitor = await self.visitor(request)
            if request.method == hdrs.METH_POST and self.ended(request, visitor) and page.need not in _TO_NOBODY:
                raise Turned(await self._signed_out(request, visitor))
            self._admit(request, page, visitor)
            typed = [*request.match_info.values(), *request.query.values()]
            if request.method == hdrs.METH_POST:
                typed += [
                    value for value in (await self._own_form(request, page, visitor)).values() if isinstance(value, str)
                ]
            if not all(map(_is_text, typed)):
                raise Turned(self.no_page(request, visitor))
            return await page.handler(request, visitor)

        entered.__name__ = page.path
        return self.served(entered)

    async def visitor(self, request: web.Request) -> Visitor:
        """Whoever asks."""
        token = request.cookies.get(SESSION_COOKIE, "")
        listening = request.path.startswith(LIVE)
        return await self.work(self._sessions.of, token, listening=listening) if token else NOBODY

    def ended(self, request: web.Request, visitor: Visitor) -> bool:
        """Whether whoever asks was signed in and is no longer."""
        return visitor.stage is Stage.NOBODY and bool(request.cookies.get(SESSION_COOKIE))

    async def going_on(self, tokens: Collection[str]) -> Collection[str]:
        """Those of ``tokens`` whose sessions go on. That is no use of them."""
        return await self.work(self._sessions.going_on, tokens)

    def shown(
        self,
        request: web.Request,
        visitor: Visitor,
        template: str,
        values: Mapping[str, Any],
        status: int = 200,
    ) -> web.Response:
        """A whole page for ``visitor``; where the answer of a form has no address of its own, ``values`` say with ``here`` which page it belongs to. Its templates know ``now``, ``visitor`` and what a transaction is ``named``."""
        seen = [page for page in self._navigation if allowed(visitor.role, visitor.stage, page.need)]
        more = {
            "navigation": [(page.path, page.label) for page in seen],
            "here": request.path_qs,
            "at": request.path,
            "section": _section(request.path),
            "visitor": visitor,
            "now": self.clock(),
            "named": self.namer(request),
        }
        session = visitor if visitor.stage is not Stage.NOBODY else None
        return self.page(request, template, {**more, **values}, session, status)

    def namer(self, request: web.Request) -> Callable[[str], str]:
        """What the transaction of a number is called in the caller's language; for parts, which do not know it by themselves."""
        return partial(_named, self.tongue(request))

    def told(self, request: web.Request, visitor: Visitor, heading: str, text: str, status: int) -> web.Response:
        """A page for ``visitor`` that says one thing."""
        values = {"heading": heading, "text": text}
        if request.method == hdrs.METH_POST:
            values["here"] = "/"
        return self.shown(request, visitor, "message.html", values, status)

    def no_page(self, request: web.Request, visitor: Visitor) -> web.Response:
        """The page for what is not there, or not for this visitor's eyes."""
        text = self.tongue(request).text
        words = text("Perhaps the address was mistyped.")
        return self.told(request, visitor, text("There is no such page"), words, 404)

    def fault(self, request: web.Request, error: Exception, route: str) -> web.Response:
        """As :meth:`Front.fault`."""
        text = self.tongue(request).text
        _log.error("a page of the console failed", route=route, **located(error))
        if isinstance(error, StoreError):
            words = text("The database does not answer. Nothing was changed; try again in a minute.")
            return self.message(request, text("The centre is busy"), words, 503)
        words = text("This page could not be made. It is logged what failed; the hospitals are not touched by it.")
        return self.message(request, text("The centre has a fault"), words, 500)

    def signed_in(self, token: str, mark: str) -> web.Response:
        """The answer that gives a browser its session (and, the first time, its mark) and sends it to the start."""
        answer = self.sent_to("/")
        self.keep(answer, SESSION_COOKIE, token)
        if mark:
            self.keep(answer, BROWSER_COOKIE, mark, long=True)
        return answer

    def _admit(self, request: web.Request, page: Page, visitor: Visitor) -> None:
        if allowed(visitor.role, visitor.stage, page.need):
            institution = request.match_info.get("institution")
            if institution is not None and not visitor.sees(institution):
                self.trail.note(visitor.actor, "page_refused", institution, page.path)
                raise Turned(self.no_page(request, visitor))
            return
        elsewhere = {
            Stage.NOBODY: "/sign-in", Stage.RENEW: "/first-password", Stage.SECOND: "/second-factor", Stage.SET_UP: "/second-factor/set-up",
        }  # fmt: skip
        if visitor.stage in elsewhere:
            raise Turned(self.sent_to(elsewhere[visitor.stage]))
        if page.need in (Need.SECOND, Need.RENEW):
            raise Turned(self.sent_to("/"))
        self.trail.note(visitor.actor, "page_refused", page.path, visitor.role)
        text = self.tongue(request).text
        words = text("Your account has another role.")
        raise Turned(self.told(request, visitor, text("This page is not for you"), words, 403))

    async def _own_form(self, request: web.Request, page: Page, visitor: Visitor) -> Mapping[str, Any]:
        form = await self.form(request)
        if page.need is not Need.ANYBODY and not forms.same(visitor.form_key, str(form.get("form_key", ""))):
            text = self.tongue(request).text
            words = text("It is of an earlier sign-in. Nothing was done: open the page anew, and send it from there.")
            raise Turned(self._not_done(request, visitor, text("This form is too old"), words, form))
        return form

    async def _signed_out(self, request: web.Request, visitor: Visitor) -> web.Response:
        """The page for a form that was sent when the session had ended: nothing was done, and what was typed is not lost."""
        text = self.tongue(request).text
        words = text("Your sign-in ended before this was sent. Nothing was done: sign in, and send it again.")
        return self._not_done(request, visitor, text("You are signed out"), words, await self.form(request))

    async def form(self, request: web.Request) -> Mapping[str, Any]:
        """As :meth:`Front.form`; of our own origin."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and origin != f"{request.scheme}://{request.host}":
            raise Turned(self.too_old(request))
        return await super().form(request)

    def _not_done(
        self, request: web.Request, visitor: Visitor, heading: str, words: str, form: Mapping[str, Any]
    ) -> web.Response:
        given = ((label, form.get(name, "")) for name, label in GIVEN_BACK.items())
        typed = [(label, value) for label, value in given if isinstance(value, str) and value and _is_text(value)]
        values = {"heading": heading, "text": words, "typed": typed, "here": "/"}
        return self.shown(request, visitor, "not_done.html", values, 403)


def _section(path: str) -> str:
    """The beginning that a page shares with the page of the navigation under which it stands."""
    if path.startswith("/hospitals/") and not path.endswith(("/trust", "/invite", "/withdraw", "/revoke")):
        return "/transactions"
    return "/" + path.split("/")[1]


def _is_text(typed: str) -> bool:
    """Whether it is something that a database takes and a page can show; nothing here is called otherwise."""
    return "\0" not in typed and not any("\ud800" <= letter <= "\udfff" for letter in typed)


def _named(tongue: Tongue, number: str) -> str:
    """What the transaction of that number is called."""
    row = BY_NUMBER.get(number)
    return tongue.text(words.word(words.TRANSACTIONS, row.name)) if row else tongue.text(words.UNKNOWN)
