"""SHELL: the technician's page of who may come in: the desks' computers, the computers with readers, and the people who sign in here.

Rules
    * A key or a code is shown once, in the answer to the form that made it, and is in no address.
    * The right to see bodies is given on the machine alone: who could give it here could take it. A new password from here takes it away.
    * Nobody takes the own account away, so that somebody can still sign in. Each change is in the audit file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from edge.accounts import Account, Role
from edge.agents import AgentError, Agents
from edge.audit import Audit
from edge.console.lobby import BASE, Lobby
from edge.console.sessions import Session
from edge.console.views import N_
from edge.errors import EdgeError, NotTaken
from edge.readers.bindings import Binding
from edge.workstations import Workstations

HERE = "/technician/access"
INVITATION_MINUTES = 60
NAME_CHARACTERS_MAX = 80

ROLES: Mapping[str, str] = {"technician": N_("Technician"), "clerk": N_("Clerk")}

SAYS: Mapping[str, str] = {
    "workstation_name": N_("A name has 1 to 40 Latin letters, digits, dots, dashes or underscores."),
    "account_name": N_("A name has 1 to 40 Latin letters, digits, dots, dashes or underscores."),
    "agent_name": N_("The name of a computer with readers has 1 to 40 Latin letters, digits, dashes or underscores."),
    "desk_name": N_("A desk has the name of its computer: 1 to 40 Latin letters, digits, dots, dashes or underscores."),
    "password": N_("A password has 10 to 200 characters."),
    "full": N_("The list is full. Remove what nobody uses any more."),
    "own_role": N_("Choose a role. Nobody changes their own."),
    "own_account": N_("Nobody removes their own account."),
}
"""What the page says of each reason why something is not taken; anything else is about the lists' files."""
NOT_KEPT = N_("It could not be kept. Look at the disk of the data directory.")

Invite = Callable[[str, Binding, datetime, timedelta], str]
"""Makes an invitation of a computer; the code that is typed there."""


class AccessPages:
    """``code_of``: makes an invitation and gives the code to type at the computer; ``here``: names of the agents that are connected now."""

    def __init__(
        self,
        lobby: Lobby,
        workstations: Workstations,
        agents: Agents,
        code_of: Invite,
        here: Callable[[], Sequence[str]],
        audit: Audit,
    ) -> None:
        self._lobby = lobby
        self._workstations = workstations
        self._agents = agents
        self._code_of = code_of
        self._here = here
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served = self._lobby.served
        acts = {
            "workstations/add": self.add_workstation, "workstations/remove": self.remove_workstation, "agents/add": self.invite_agent,
            "agents/remove": self.remove_agent, "accounts/put": self.put_account, "accounts/remove": self.remove_account,
        }  # fmt: skip
        return [
            web.get(BASE + HERE, served(self.show)),
            *(web.post(f"{BASE}{HERE}/{name}", served(act)) for name, act in acts.items()),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The three lists."""
        return await self._page(request, self._lobby.session(request, Role.TECHNICIAN))

    async def add_workstation(self, request: web.Request) -> web.Response:
        """Admit a desk's computer, or give it another key; the key, once."""
        session, form = await self._form(request)
        try:
            key = self._workstations.add(form["name"], self._lobby.clock())
        except EdgeError as error:
            return await self._page(request, session, refused=_sentence(error), form=form, of="workstations")
        self._note("workstation added", session, form["name"])
        return await self._page(request, session, shown={"name": form["name"], "key": key, "kind": "key"})

    async def remove_workstation(self, request: web.Request) -> web.Response:
        """Withdraw a desk's computer."""
        session, form = await self._form(request)
        return await self._removed(request, session, "workstation removed", form["name"], self._workstations.remove)

    async def invite_agent(self, request: web.Request) -> web.Response:
        """Invite a computer with readers; the code, once."""
        session, form = await self._form(request)
        binding = Binding(desk=form["desk"] or form["name"])
        try:
            code = self._code_of(form["name"], binding, self._lobby.clock(), timedelta(minutes=INVITATION_MINUTES))
        except EdgeError as error:
            return await self._page(request, session, refused=_sentence(error), form=form, of="agents")
        self._note("agent invited", session, form["name"])
        return await self._page(request, session, shown={"name": form["name"], "key": code, "kind": "code"})

    async def remove_agent(self, request: web.Request) -> web.Response:
        """Withdraw a computer with readers, or its invitation."""
        session, form = await self._form(request)
        return await self._removed(request, session, "agent removed", form["name"], self._agents.remove)

    async def put_account(self, request: web.Request) -> web.Response:
        """Make an account, or give it another password and role."""
        session, form = await self._form(request)
        name, password, role = form["name"], form["password"], form["role"]
        if role not in Role.__members__.values() or (name == session.name and role != session.role):
            return await self._page(request, session, refused=SAYS["own_role"], form=form, of="accounts")
        try:
            await asyncio.to_thread(self._lobby.accounts.put, name, Role(role), password, self._lobby.clock())
        except EdgeError as error:
            return await self._page(request, session, refused=_sentence(error), form=form, of="accounts")
        self._note("account put", session)
        return self._lobby.sent_to(HERE)

    async def remove_account(self, request: web.Request) -> web.Response:
        """Take an account away."""
        session, form = await self._form(request)
        if form["name"] == session.name:
            return await self._page(request, session, refused=SAYS["own_account"])
        return await self._removed(request, session, "account removed", "", self._lobby.accounts.remove, form["name"])

    async def _form(self, request: web.Request) -> tuple[Session, Mapping[str, str]]:
        session = await self._lobby.form_session(request, Role.TECHNICIAN)
        given = await request.post()
        form = {name: str(given.get(name, "")).strip()[:NAME_CHARACTERS_MAX] for name in ("name", "desk", "role")}
        return session, {**form, "password": str(given.get("password", ""))}

    async def _removed(
        self,
        request: web.Request,
        session: Session,
        act: str,
        noted: str,
        remove: Callable[[str], bool],
        name: str = "",
    ) -> web.Response:
        try:
            there = remove(name or noted)
        except EdgeError as error:
            return await self._page(request, session, refused=_sentence(error))
        if there:
            self._note(act, session, noted)
        return self._lobby.sent_to(HERE)

    def _note(self, act: str, session: Session, workstation: str = "") -> None:
        self._audit.note(act, self._lobby.clock(), operator=session.name, workstation=workstation)

    async def _page(
        self,
        request: web.Request,
        session: Session,
        *,
        shown: Mapping[str, str] | None = None,
        refused: str = "",
        form: Mapping[str, str] | None = None,
        of: str = "",
    ) -> web.Response:
        """``form``: what was typed into the one of the list ``of``, and is refused."""
        now = self._lobby.clock()
        try:
            invited = self._agents.invitations(now)
            paired = self._agents.all()
        except AgentError as error:
            invited, paired, refused = [], [], refused or _sentence(error)
        values: dict[str, Any] = {
            "workstations": self._workstations.all(), "agents": paired, "invitations": invited, "here_now": set(self._here()),
            "accounts": self._accounts(), "roles": {str(role): ROLES[str(role)] for role in Role}, "shown": shown, "now": now,
            "refused": refused, "form": form, "of": of, "minutes": INVITATION_MINUTES, "here": HERE,
        }  # fmt: skip
        return self._lobby.page(request, "access.html", values, session, 400 if refused else 200)

    def _accounts(self) -> list[Account]:
        return self._lobby.accounts.all()


def _sentence(error: EdgeError) -> str:
    return SAYS.get(error.why, NOT_KEPT) if isinstance(error, NotTaken) else NOT_KEPT
