"""SHELL: the addresses of the console: signing in, and the technician's page with its news.

Rules
    * Nobody sees a page without a session; whoever has another role is told so.
    * Every form but those of signing in and of the language carries its session's key. Cookies are for this path only, strict, and out of a script's reach.
    * A page says what is wrong in words; whatever fails inside is logged and becomes a page, not a trace.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import structlog
from aiohttp import hdrs, web
from aiohttp_sse import sse_response

from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.languages import language as named
from edge.accounts import AccountError, Accounts, Role, password_fits
from edge.audit import Audit
from edge.console import pages, samples, views
from edge.console.languages import Tongue, chosen
from edge.console.sessions import Session, Sessions, Tries, same_form
from edge.health import Signs, Status
from edge.log import located
from edge.readers.bindings import ReaderRow

BASE = "/console"
SESSION_COOKIE = "pishkhan_session"
LANGUAGE_COOKIE = "pishkhan_language"
LANGUAGE_KEPT_S = 400 * 24 * 3600
NEWS_EVERY_S = 2.0
STREAMS_MAX = 32
STATIC_KEPT_S = 365 * 24 * 3600
_log = structlog.get_logger(__name__)


class Standing(NamedTuple):
    """How the edge is, for the technician's page."""

    status: Status
    signs: Signs
    readers: list[ReaderRow]


class _Turned(Exception):
    """The caller is sent elsewhere, or told why not."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Console:
    """The pages of one edge. ``standing`` is asked anew for each page; ``secure``: whether the face is HTTPS."""

    def __init__(
        self,
        accounts: Accounts,
        standing: Callable[[], Awaitable[Standing]],
        audit: Audit,
        clock: Callable[[], datetime],
        institution: str,
        zone: str,
        calendar: Calendar,
        *,
        secure: bool,
    ) -> None:
        self._accounts = accounts
        self._standing = standing
        self._audit = audit
        self._clock = clock
        self._secure = secure
        self._pages = pages.Pages(BASE, institution)
        self._sessions = Sessions()
        self._tries = Tries()
        self._waiting = samples.Samples()
        self._checking = asyncio.Semaphore(2)
        self._streams: set[asyncio.Task[Any]] = set()
        self._tongues = {language: Tongue(language, zone, calendar) for language in Language}

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.get(BASE, self._served(self.start)),
            web.get(f"{BASE}/", self._served(self.start)),
            web.get(f"{BASE}/sign-in", self._served(self.sign_in_page)),
            web.post(f"{BASE}/sign-in", self._served(self.sign_in)),
            web.post(f"{BASE}/sign-out", self._served(self.sign_out)),
            web.post(f"{BASE}/language", self._served(self.change_language)),
            web.get(f"{BASE}/technician", self._served(self.technician)),
            web.get(f"{BASE}/technician/live", self._served(self.technician_live)),
            web.get(BASE + "/static/{name}", self._served(self.static)),
            web.get(BASE + "/{rest:.*}", self._served(self.nothing)),
        ]

    async def sample(self) -> None:
        """Take what the charts draw; a job calls it."""
        self._waiting.take(time.monotonic(), (await self._standing()).status.pending)

    async def stop(self) -> None:
        """End the pages' news."""
        for stream in tuple(self._streams):
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    async def start(self, request: web.Request) -> web.Response:
        """The page of whoever is signed in."""
        self._session(request, None)
        return _sent_to("/technician")

    async def sign_in_page(self, request: web.Request) -> web.Response:
        """The form."""
        return self._page(request, "sign_in.html", {"name": "", "refused": ""})

    async def sign_in(self, request: web.Request) -> web.Response:
        """A name and a password."""
        form = await request.post()
        name, password = str(form.get("name", ""))[:80].strip(), str(form.get("password", ""))
        address, text = request.remote or "", self._tongue(request).text
        now_s = time.monotonic()
        if not self._tries.allowed(name, address, now_s):
            refused = text("Too many wrong passwords. Wait ten minutes.")
            return self._page(request, "sign_in.html", {"name": name, "refused": refused}, status=429)
        self._tries.failed(name, address, now_s)  # beforehand: many at once are many tries
        account = self._accounts.find(name)
        async with self._checking:
            right = await asyncio.to_thread(password_fits, account, password)
        if not right or account is None:
            self._audit.note("console sign-in refused", self._clock(), operator=name)
            refused = text("Name or password is wrong.")
            return self._page(request, "sign_in.html", {"name": name, "refused": refused}, status=403)
        self._tries.passed(name, address)
        self._sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        token = self._sessions.begin(account, self._clock())
        self._audit.note("console sign-in", self._clock(), operator=name)
        answer = _sent_to("/")
        answer.set_cookie(SESSION_COOKIE, token, path=BASE, httponly=True, samesite="Strict", secure=self._secure)
        return answer

    async def sign_out(self, request: web.Request) -> web.Response:
        """The end of a session."""
        session = await self._form_session(request)
        self._sessions.end(request.cookies.get(SESSION_COOKIE, ""))
        self._audit.note("console sign-out", self._clock(), operator=session.name)
        answer = _sent_to("/sign-in")
        answer.del_cookie(SESSION_COOKIE, path=BASE)
        return answer

    async def change_language(self, request: web.Request) -> web.Response:
        """Another language for this browser."""
        form = await request.post()
        wanted, back = str(form.get("language", "")), str(form.get("back", ""))
        answer = _sent_to(back if back in ("/sign-in", "/technician") else "/")
        if named(wanted):
            answer.set_cookie(
                LANGUAGE_COOKIE,
                wanted,
                path=BASE,
                httponly=True,
                samesite="Strict",
                secure=self._secure,
                max_age=LANGUAGE_KEPT_S,
            )
        return answer

    async def technician(self, request: web.Request) -> web.Response:
        """How this gateway is."""
        session = self._session(request, Role.TECHNICIAN)
        return self._page(request, "technician.html", {"session": session, **await self._technician_values(request)})

    async def technician_live(self, request: web.Request) -> web.StreamResponse:
        """The same, again when it has changed, as long as the session lasts."""
        self._session(request, Role.TECHNICIAN)
        if len(self._streams) >= STREAMS_MAX:
            return web.Response(status=503, headers=pages.HEADERS)
        async with sse_response(request, headers=pages.HEADERS) as response:
            sending = asyncio.create_task(self._send_news(request, response), name="console news")
            self._streams.add(sending)
            try:
                await response.wait()
            finally:
                self._streams.discard(sending)
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        return response

    async def static(self, request: web.Request) -> web.Response:
        """Script and style."""
        name = request.match_info["name"]
        if name not in pages.STATIC:
            return await self.nothing(request)
        headers = {**pages.HEADERS, "Cache-Control": f"public, max-age={STATIC_KEPT_S}, immutable"}
        kind = pages.STATIC[name]
        return web.Response(body=pages.static(name), content_type=kind, charset="utf-8", headers=headers)

    async def nothing(self, request: web.Request) -> web.Response:
        """An address that is none."""
        text = self._tongue(request).text
        return self._message(request, text("There is no such page"), text("Perhaps the address was mistyped."), 404)

    async def _send_news(self, request: web.Request, response: Any) -> None:
        token, before = request.cookies.get(SESSION_COOKIE, ""), ""
        try:
            while self._sessions.still(token, self._accounts.find(self._sessions.name_of(token)), self._clock()):
                html = self._pages.render(
                    "technician_live.html", self._tongue(request), await self._technician_values(request)
                )
                if html == before:
                    await response.send("", event="same")
                else:
                    await response.send(msgspec.json.encode({"html": html}).decode(), event="part")
                before = html
                await asyncio.sleep(NEWS_EVERY_S)
            await response.send("", event="over")
        except (ConnectionError, TimeoutError):
            pass  # the browser has left
        finally:
            response.stop_streaming()

    async def _technician_values(self, request: web.Request) -> dict[str, Any]:
        standing, tongue = await self._standing(), self._tongue(request)
        self._waiting.take(time.monotonic(), standing.status.pending)
        legs = views.legs(standing.signs, standing.status.line_trouble, standing.readers)
        points = self._waiting.points()

        def told(message: str, values: Mapping[str, int | str]) -> str:
            shown = {key: tongue.number(value) if isinstance(value, int) else value for key, value in values.items()}
            return tongue.text(message) % shown

        return {
            "legs": legs,
            "worst": views.worst(legs),
            "status": standing.status,
            "readers": standing.readers,
            "now": standing.status.now.replace(microsecond=0),
            "told": told,
            "drawn": samples.path(points, 360, 60),
            "most": int(max((value for _, value in points), default=0)),
        }

    def _served(self, handler: Handler) -> Handler:
        """``handler`` with pages for what goes wrong."""

        async def serve(request: web.Request) -> web.StreamResponse:
            text = self._tongue(request).text
            try:
                return await handler(request)
            except _Turned as turned:
                return turned.answer
            except AccountError as error:
                _log.error("the console's accounts cannot be used", **located(error))
                return self._message(
                    request,
                    text("Nobody can sign in"),
                    text("The list of accounts cannot be read. Look into the log."),
                    503,
                )
            except web.HTTPRequestEntityTooLarge:
                return self._message(request, text("That was too much"), text("The form is too large."), 413)
            except Exception as error:  # noqa: BLE001 - whatever failed, a person gets a page that says so
                _log.error("a page of the console failed", route=handler.__name__, **located(error))
                words = text("This page could not be made. It is logged what failed; the desks are not touched by it.")
                return self._message(request, text("The gateway has a fault"), words, 500)

        return serve

    def _session(self, request: web.Request, role: Role | None) -> Session:
        """The caller's session.

        Raises:
            _Turned: to the form of signing in, or away.
        """
        token = request.cookies.get(SESSION_COOKIE, "")
        session = self._sessions.of(token, self._accounts.find(self._sessions.name_of(token)), self._clock())
        if session is None:
            raise _Turned(_sent_to("/sign-in"))
        if role is not None and session.role != role:
            text = self._tongue(request).text
            raise _Turned(
                self._message(request, text("This page is not for you"), text("Your account has another role."), 403)
            )
        return session

    async def _form_session(self, request: web.Request) -> Session:
        session = self._session(request, None)
        if not same_form(session, str((await request.post()).get("form_key", ""))):
            text = self._tongue(request).text
            raise _Turned(
                self._message(request, text("This form is too old"), text("Go back to the start, and try again."), 403)
            )
        return session

    def _tongue(self, request: web.Request) -> Tongue:
        return self._tongues[
            chosen(request.cookies.get(LANGUAGE_COOKIE, ""), request.headers.get(hdrs.ACCEPT_LANGUAGE, "")[:400])
        ]

    def _page(self, request: web.Request, template: str, values: Mapping[str, Any], status: int = 200) -> web.Response:
        here = request.path.removeprefix(BASE)
        html = self._pages.render(template, self._tongue(request), {"session": None, "here": here, **values})
        return web.Response(text=html, content_type="text/html", status=status, headers=pages.HEADERS)

    def _message(self, request: web.Request, heading: str, text: str, status: int) -> web.Response:
        return self._page(request, "message.html", {"heading": heading, "text": text}, status)


def _sent_to(path: str) -> web.Response:
    """The answer that sends a browser to ``path`` of the console."""
    return web.Response(status=303, headers={**pages.HEADERS, "Location": BASE + path})
