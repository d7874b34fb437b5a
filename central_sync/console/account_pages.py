"""SHELL: other people's accounts: the list, a new one, and one with all that can be done to it. What is done asks for a code of the doer's own second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from central_sync.console import words
from central_sync.console.access import Right, Role
from central_sync.console.accounts import INSTITUTIONS_MAX
from central_sync.console.administration import FIRST_PASSWORD_GOOD, Administration, NoSuchAccount, NotDone
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.sign_in import SignIn, Waits
from central_sync.console.words import N_
from central_sync.store.console_records import ConsoleAccount
from central_sync.terms.identifiers import normalised

ROWS_PER_PAGE = 50
HOSPITALS_CHARACTERS_MAX = 51 * INSTITUTIONS_MAX
_DONE = {
    "change": N_("The account has the new role and hospitals. Its sign-ins have ended."),
    "disable": N_("Nobody signs in with it any more."),
    "enable": N_("It may sign in again."),
    "password": N_("It has a first password. Its sign-ins have ended."),
    "factor": N_("Its second factor is gone, and it has a first password. Its sign-ins have ended."),
}
"""What can be done to an account on its page, and what is said then."""


class AccountPages:
    """The pages."""

    def __init__(self, lobby: Lobby, administration: Administration, sign_in: SignIn) -> None:
        self._lobby = lobby
        self._administration = administration
        self._sign_in = sign_in

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/accounts", Right.ACCOUNTS, self.listed, N_("Accounts")),
            Page("POST", "/accounts", Right.ACCOUNTS, self.add),
            Page("GET", "/accounts/{account}", Right.ACCOUNTS, self.show),
            *(Page("POST", f"/accounts/{{account}}/{what}", Right.ACCOUNTS, self._doing(what)) for what in _DONE),
            Page("POST", "/accounts/{account}/remove", Right.ACCOUNTS, self.remove),
        ]

    async def listed(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The accounts by name, and a form for a new one."""
        return await self._list(request, visitor)

    async def add(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A new account; its first password is shown once."""
        form = await request.post()
        typed = {"name": str(form.get("name", "")).strip()[:80], "role": str(form.get("role", ""))}
        typed["hospitals"] = str(form.get("hospitals", ""))[:HOSPITALS_CHARACTERS_MAX]
        if refused := await self._refused(request, visitor):
            return await self._list(request, visitor, 403, refused=refused, typed=typed)
        try:
            password = await self._lobby.work(
                self._administration.add, visitor, typed["name"], _role(typed["role"]), _scope(typed["hospitals"])
            )
        except NotDone as error:
            text = await self._told_why(request, visitor, typed["name"], "add", error)
            return await self._list(request, visitor, 400, refused=text, typed=typed)
        return await self._one(request, visitor, typed["name"], done=N_("The account is made."), password=password)

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """One account."""
        return await self._one(request, visitor, request.match_info["account"])

    async def remove(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """It is gone; its name is typed a second time."""
        name, text = request.match_info["account"], self._lobby.tongue(request).text
        if str((await request.post()).get("again", "")).strip() != name:
            words_ = text("Nothing was removed: type the account's name to confirm.")
            return await self._one(request, visitor, name, 400, refused=words_)
        if refused := await self._refused(request, visitor):
            return await self._one(request, visitor, name, 403, refused=refused)
        try:
            await self._lobby.work(self._administration.remove, visitor, name)
        except NotDone as error:
            why = await self._told_why(request, visitor, name, "remove", error)
            return await self._one(request, visitor, name, 400, refused=why)
        return self._lobby.sent_to("/accounts")

    def _doing(self, what: str) -> Callable[[web.Request, Visitor], Any]:
        async def do(request: web.Request, visitor: Visitor) -> web.StreamResponse:
            name, form = request.match_info["account"], await request.post()
            if refused := await self._refused(request, visitor):
                return await self._one(request, visitor, name, 403, refused=refused)
            more: tuple[Any, ...] = ()
            try:
                if what == "change":
                    hospitals = str(form.get("hospitals", ""))[:HOSPITALS_CHARACTERS_MAX]
                    more = _role(str(form.get("role", ""))), _scope(hospitals)
                password = await self._lobby.work(self._work(what), visitor, name, *more)
            except NotDone as error:
                why = await self._told_why(request, visitor, name, what, error)
                return await self._one(request, visitor, name, 400, refused=why)
            return await self._one(request, visitor, name, done=_DONE[what], password=password or "")

        return do

    def _work(self, what: str) -> Callable[..., str | None]:
        done = self._administration
        work: dict[str, Callable[..., str | None]] = {
            "change": done.change,
            "disable": done.disable,
            "enable": done.enable,
            "password": done.renew_password,
            "factor": done.forget_factor,
        }
        return work[what]

    async def _told_why(self, request: web.Request, visitor: Visitor, name: str, what: str, error: NotDone) -> str:
        """Why nothing was done, in the reader's words, after the try was noted."""
        subject = await self._lobby.work(self._administration.subject, name)
        self._lobby.trail.note(visitor.actor, "account_refused", subject, f"{what}: {error}")
        return self._lobby.tongue(request).text(str(error))

    async def _refused(self, request: web.Request, visitor: Visitor) -> str:
        """Why the doer's code is not taken; empty: it was right, and is used up."""
        tongue, code = self._lobby.tongue(request), (await request.post()).get("code", "")
        if not visitor.has_factor:
            self._lobby.trail.note(visitor.actor, "account_refused", request.path[:200], "no second factor")
            return tongue.text("Set up a second factor of your own first.")
        address = request.remote or "unknown"
        found = await self._lobby.work(self._sign_in.shown, visitor, str(code)[:80], address)
        if found is None:
            return ""
        self._lobby.trail.note(visitor.actor, "account_code_refused", request.path[:200])
        if isinstance(found, Waits):
            return tongue.text("Too many wrong ones. Try again in %(time)s.") % {"time": tongue.span(found.seconds)}
        return tongue.text("The code is not right, or was used before. Wait for the next one.")

    async def _list(
        self,
        request: web.Request,
        visitor: Visitor,
        status: int = 200,
        *,
        refused: str = "",
        typed: dict[str, str] | None = None,
    ) -> web.Response:
        after = request.query.get("after", "")
        rows = [one for one in await self._lobby.work(self._administration.listed, visitor) if one.name > after]
        further = f"/accounts?{urlencode({'after': rows[ROWS_PER_PAGE - 1].name})}" if len(rows) > ROWS_PER_PAGE else ""
        values = {
            "rows": rows[:ROWS_PER_PAGE],
            "further_at": further,
            "refused": refused,
            "typed": typed or {"name": "", "role": Role.OBSERVER, "hospitals": ""},
            **_more(),
            "here": "/accounts",
        }
        return self._lobby.shown(request, visitor, "accounts.html", values, status)

    async def _one(
        self,
        request: web.Request,
        visitor: Visitor,
        name: str,
        status: int = 200,
        *,
        refused: str = "",
        done: str = "",
        password: str = "",
    ) -> web.Response:
        try:
            found: ConsoleAccount = await self._lobby.work(self._administration.one, visitor, name)
        except NoSuchAccount:
            return self._lobby.no_page(request, visitor)
        said = self._lobby.tongue(request).text(done) if done else ""
        values = {"account": found, "refused": refused, "done": said, "password": password, **_more()}
        values["here"] = f"/accounts/{found.name}"
        return self._lobby.shown(request, visitor, "account_one.html", values, status)


def _more() -> dict[str, Any]:
    return {"roles": list(Role), "good_hours": FIRST_PASSWORD_GOOD.total_seconds() / 3600, "words": words}


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise NotDone(N_("There is no such role.")) from None


def _scope(text: str) -> list[str] | None:
    """The codes that were typed; ``None``: none, and that is all hospitals."""
    codes = sorted(set(normalised(text).replace(",", " ").replace("،", " ").split()))
    return codes or None
