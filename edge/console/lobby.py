"""SHELL: what every page of the console needs beside what both consoles share: who is signed in, and words for what goes wrong here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from aiohttp import hdrs, web

from central_sync.pages import forms
from central_sync.pages.front import Front, Turned
from central_sync.pages.languages import Tongue
from central_sync.pages.news import STREAMS_OF_SESSION_MAX, Parties
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.wire.desk_sentences import desk_sentence
from edge.accounts import Account, AccountError, Accounts, Role
from edge.console.sessions import Session, Sessions, same_form
from edge.errors import JournalUnavailable
from edge.log import located

BASE = "/console"
ROOMS = ("edge.console",)
SESSION_COOKIE = "pishkhan_session"
log = structlog.get_logger(__name__)


class Lobby(Front):
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
        languages: Sequence[str] = tuple(Language),
    ) -> None:
        tongues = {one: Tongue(one, zone, calendar, ROOMS) for one in map(Language, languages)}
        super().__init__(BASE, institution, ROOMS, tongues, secure=secure)
        self.accounts = accounts
        self.clock = clock
        self.sessions = Sessions()

    def fault(self, request: web.Request, error: Exception, route: str) -> web.Response:
        """As :meth:`Front.fault`."""
        text = self.tongue(request).text
        if isinstance(error, JournalUnavailable):
            log.error("a page could not use the journal", route=route, **located(error))
            return self._without_journal(request)
        if isinstance(error, AccountError):
            log.error("the console's accounts cannot be used", **located(error))
            words = text("The list of accounts cannot be read. Look into the log.")
            return self.message(request, text("Nobody can sign in"), words, 503)
        log.error("a page of the console failed", route=route, **located(error))
        words = text("This page could not be made. It is logged what failed; the desks are not touched by it.")
        return self.message(request, text("The gateway has a fault"), words, 500)

    def _without_journal(self, request: web.Request) -> web.Response:
        code, tongue = "journal_unavailable", self.tongue(request)
        values = {
            "says": desk_sentence(code, tongue.language),
            "code": code,
            "again": request.path if request.method == hdrs.METH_GET else "",
        }
        if request.method == hdrs.METH_POST:
            values["here"] = "/"
        return self.page(request, "no_journal.html", values, status=503)

    def whose(self, request: web.Request) -> Parties:
        """Whom the stream of a page that listens is counted for."""
        return {forms.digest(request.cookies.get(SESSION_COOKIE, "")).hex(): STREAMS_OF_SESSION_MAX}

    def session(self, request: web.Request, role: Role | None) -> Session:
        """The caller's session.

        Raises:
            Turned: to the form of signing in, or away.
        """
        session = self.open_session(request)
        if session is None:
            raise Turned(self.sent_to("/sign-in"))
        if role is not None and session.role != role:
            text = self.tongue(request).text
            raise Turned(
                self.message(request, text("This page is not for you"), text("Your account has another role."), 403)
            )
        return session

    def open_session(self, request: web.Request) -> Session | None:
        """The caller's session, if there is one."""
        token = request.cookies.get(SESSION_COOKIE, "")
        return self.sessions.of(token, self._account_of(token), self.clock())

    async def still(self, request: web.Request) -> bool:
        """Whether the session of a page that only listens goes on."""
        token = request.cookies.get(SESSION_COOKIE, "")
        return self.sessions.still(token, self._account_of(token), self.clock())

    async def form_session(self, request: web.Request, role: Role | None = None) -> Session:
        """The session of a form that one of its own pages sent.

        Raises:
            Turned: as :meth:`session`, or the form is of another session, or the session has ended before it was sent.
        """
        form = await self.form(request)
        if self.open_session(request) is None and SESSION_COOKIE in request.cookies:
            raise Turned(self.signed_out(request))
        session = self.session(request, role)
        if not same_form(session, str(form.get("form_key", ""))):
            raise Turned(self.too_old(request))
        return session

    def _account_of(self, token: str) -> Account | None:
        return self.accounts.find(self.sessions.name_of(token))
