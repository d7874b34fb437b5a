"""SHELL: what every page of a console is answered with: the reader's language, the page itself, files, cookies, and words for what goes wrong.

A console's lobby is one of these, with sessions of its own kind.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import hdrs, web

from central_sync.pages.assets import KEPT_S, assets
from central_sync.pages.languages import Tongue, chosen
from central_sync.pages.rendering import HEADERS, Pages
from central_sync.terms.languages import Language
from central_sync.terms.languages import language as named

LANGUAGE_COOKIE = "pishkhan_language"
LANGUAGE_KEPT_S = 400 * 24 * 3600
ACCEPT_CHARACTERS_MAX = 400

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Turned(Exception):
    """The caller is sent elsewhere, or told why not."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Front:
    """Of one console, served under ``base``, whose templates, files and messages lie in ``rooms``. ``secure``: whether it is HTTPS."""

    def __init__(
        self, base: str, owner: str, rooms: tuple[str, ...], tongues: Mapping[Language, Tongue], *, secure: bool
    ) -> None:
        self.base = base
        self._rooms = rooms
        self._pages = Pages(base, owner, rooms, tuple(tongues))
        self._tongues = tongues
        self._secure = secure

    @abstractmethod
    def fault(self, request: web.Request, error: Exception, route: str) -> web.Response:
        """The page for what failed inside, after it was logged."""

    def served(self, handler: Handler) -> Handler:
        """``handler`` with pages for what goes wrong."""

        async def serve(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Turned as turned:
                return turned.answer
            except web.HTTPRequestEntityTooLarge:
                text = self.tongue(request).text
                return self.message(request, text("That was too much"), text("The form is too large."), 413)
            except Exception as error:  # noqa: BLE001 - whatever failed, a person gets a page that says so
                return self.fault(request, error, handler.__name__)

        return serve

    def tongue(self, request: web.Request) -> Tongue:
        """The language that the caller reads."""
        asked = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")[:ACCEPT_CHARACTERS_MAX]
        return self._tongues[chosen(request.cookies.get(LANGUAGE_COOKIE, ""), asked, tuple(self._tongues))]

    def part(self, request: web.Request, template: str, values: Mapping[str, Any]) -> str:
        """A part of a page."""
        return self._pages.render(template, self.tongue(request), values)

    async def form(self, request: web.Request) -> Mapping[str, Any]:
        """The form that a page of ours sent.

        Raises:
            Turned: no browser writes one so.
        """
        try:
            return await request.post()
        except (ValueError, LookupError) as error:  # parts or letters that are none
            raise Turned(self.too_old(request)) from error

    def page(
        self,
        request: web.Request,
        template: str,
        values: Mapping[str, Any],
        session: object | None = None,
        status: int = 200,
    ) -> web.Response:
        """A whole page. ``session`` has a ``name`` and a ``form_key``. Where the answer of a form has no address of its own, ``values`` say with ``here``
        which page it belongs to.
        """
        here = request.path.removeprefix(self.base)
        html = self._pages.render(template, self.tongue(request), {"session": session, "here": here, **values})
        return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)

    def message(self, request: web.Request, heading: str, text: str, status: int, back: str = "/") -> web.Response:
        """A page that says one thing, and leads to ``back``."""
        values = {"heading": heading, "text": text, "back": back}
        if request.method == hdrs.METH_POST:
            values["here"] = back
        return self.page(request, "message.html", values, status=status)

    def too_old(self, request: web.Request) -> web.Response:
        """The page for a form that no page of this session sent."""
        text = self.tongue(request).text
        return self.message(request, text("This form is too old"), text("Go back to the start, and try again."), 403)

    def signed_out(self, request: web.Request) -> web.Response:
        """The page for a form that was sent when the session had ended."""
        text = self.tongue(request).text
        words = text("Your sign-in ended before this was sent. Nothing was done: sign in, and send it again.")
        return self.message(request, text("You are signed out"), words, 403)

    async def nothing(self, request: web.Request) -> web.Response:
        """The page for an address that is none."""
        text = self.tongue(request).text
        return self.message(request, text("There is no such page"), text("Perhaps the address was mistyped."), 404)

    async def static(self, request: web.Request) -> web.Response:
        """Script, style and picture: a route whose ``{name}`` is the file's."""
        found = assets(self._rooms).get(request.match_info["name"])
        if found is None:
            return await self.nothing(request)
        headers = {**HEADERS, "Cache-Control": f"public, max-age={KEPT_S}, immutable"}
        return web.Response(body=found.content, content_type=found.content_type, charset="utf-8", headers=headers)

    def sent_to(self, path: str) -> web.Response:
        """The answer that sends a browser to ``path`` of the console."""
        return web.Response(status=303, headers={**HEADERS, "Location": self.base + path})

    def keep(self, answer: web.Response, name: str, value: str, *, long: bool = False) -> None:
        """Let the browser keep ``value`` for the console alone: while it runs, or ``long``."""
        answer.set_cookie(
            name,
            value,
            path=self.base or "/",
            httponly=True,
            samesite="Strict",
            secure=self._secure,
            max_age=LANGUAGE_KEPT_S if long else None,
        )

    def forget(self, answer: web.Response, name: str) -> None:
        """Let the browser forget what it kept."""
        answer.del_cookie(name, path=self.base or "/")

    def change_language(self, answer: web.Response, wanted: str) -> None:
        """Let the browser ask for ``wanted`` from now on, if it is one of ours."""
        if named(wanted):
            self.keep(answer, LANGUAGE_COOKIE, wanted, long=True)
