"""SHELL: what every page of the console needs: who is signed in, the reader's language, the page itself, and words for what goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from aiohttp import hdrs, web

from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.languages import language as named
from edge.accounts import Account, AccountError, Accounts, Role
from edge.console import pages
from edge.console.languages import Tongue, chosen
from edge.console.sessions import Session, Sessions, same_form
from edge.log import located

BASE = "/console"
SESSION_COOKIE = "pishkhan_session"
LANGUAGE_COOKIE = "pishkhan_language"
KEPT_S = 400 * 24 * 3600
log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Turned(Exception):
    """The caller is sent elsewhere, or told why not."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Lobby:
    """Of one edge's console. ``secure``: whether the face is HTTPS."""

    def __init__(
        self,
        accounts: Accounts,
        clock: Callable[[], datetime],
        institution: str,
        zone: str,
        calendar: Calendar,
        *,
        secure: bool,
    ) -> None:
        self.accounts = accounts
        self.clock = clock
        self.sessions = Sessions()
        self._secure = secure
        self._pages = pages.Pages(BASE, institution)
        self._tongues = {language: Tongue(language, zone, calendar) for language in Language}

    def served(self, handler: Handler) -> Handler:
        """``handler`` with pages for what goes wrong."""

        async def serve(request: web.Request) -> web.StreamResponse:
            text = self.tongue(request).text
            try:
                return await handler(request)
            except Turned as turned:
                return turned.answer
            except AccountError as error:
                log.error("the console's accounts cannot be used", **located(error))
                words = text("The list of accounts cannot be read. Look into the log.")
                return self.message(request, text("Nobody can sign in"), words, 503)
            except web.HTTPRequestEntityTooLarge:
                return self.message(request, text("That was too much"), text("The form is too large."), 413)
            except Exception as error:  # noqa: BLE001 - whatever failed, a person gets a page that says so
                log.error("a page of the console failed", route=handler.__name__, **located(error))
                words = text("This page could not be made. It is logged what failed; the desks are not touched by it.")
                return self.message(request, text("The gateway has a fault"), words, 500)

        return serve

    def session(self, request: web.Request, role: Role | None) -> Session:
        """The caller's session.

        Raises:
            Turned: to the form of signing in, or away.
        """
        token = request.cookies.get(SESSION_COOKIE, "")
        session = self.sessions.of(token, self._account_of(token), self.clock())
        if session is None:
            raise Turned(sent_to("/sign-in"))
        if role is not None and session.role != role:
            text = self.tongue(request).text
            raise Turned(
                self.message(request, text("This page is not for you"), text("Your account has another role."), 403)
            )
        return session

    def still(self, request: web.Request) -> bool:
        """Whether the session of a page that only listens goes on."""
        token = request.cookies.get(SESSION_COOKIE, "")
        return self.sessions.still(token, self._account_of(token), self.clock())

    async def form_session(self, request: web.Request, role: Role | None = None) -> Session:
        """The session of a form that one of its own pages sent.

        Raises:
            Turned: as :meth:`session`, or the form is of another session.
        """
        session = self.session(request, role)
        if not same_form(session, str((await request.post()).get("form_key", ""))):
            text = self.tongue(request).text
            raise Turned(
                self.message(request, text("This form is too old"), text("Go back to the start, and try again."), 403)
            )
        return session

    def tongue(self, request: web.Request) -> Tongue:
        """The language that the caller reads."""
        asked = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")[:400]
        return self._tongues[chosen(request.cookies.get(LANGUAGE_COOKIE, ""), asked)]

    def part(self, request: web.Request, template: str, values: Mapping[str, Any]) -> str:
        """A part of a page."""
        return self._pages.render(template, self.tongue(request), values)

    def page(
        self,
        request: web.Request,
        template: str,
        values: Mapping[str, Any],
        session: Session | None = None,
        status: int = 200,
    ) -> web.Response:
        """A whole page."""
        here = request.path.removeprefix(BASE)
        html = self._pages.render(template, self.tongue(request), {"session": session, "here": here, **values})
        return web.Response(text=html, content_type="text/html", status=status, headers=pages.HEADERS)

    def message(self, request: web.Request, heading: str, text: str, status: int) -> web.Response:
        """A page that says one thing."""
        return self.page(request, "message.html", {"heading": heading, "text": text}, status=status)

    def keep(self, answer: web.Response, name: str, value: str, *, long: bool = False) -> None:
        """Let the browser keep ``value`` for the console alone: while it runs, or ``long``."""
        answer.set_cookie(
            name,
            value,
            path=BASE,
            httponly=True,
            samesite="Strict",
            secure=self._secure,
            max_age=KEPT_S if long else None,
        )

    def change_language(self, answer: web.Response, wanted: str) -> None:
        """Let the browser ask for ``wanted`` from now on, if it is one of ours."""
        if named(wanted):
            self.keep(answer, LANGUAGE_COOKIE, wanted, long=True)

    def _account_of(self, token: str) -> Account | None:
        return self.accounts.find(self.sessions.name_of(token))


def sent_to(path: str) -> web.Response:
    """The answer that sends a browser to ``path`` of the console."""
    return web.Response(status=303, headers={**pages.HEADERS, "Location": BASE + path})
