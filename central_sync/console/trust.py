"""SHELL: hospitals and the trust in their edges: invitations (made, shown once, withdrawn) and the revocation of certificates.

The same use cases as the command line's, with the person's name in the audit trail. A revocation wants the hospital's code typed a second time: it
stops a hospital's desks from reaching the hub.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from central_sync.console import words
from central_sync.console.access import Right
from central_sync.console.lobby import Lobby, Page
from central_sync.console.sessions import Visitor
from central_sync.console.words import N_
from central_sync.fleet import overview
from central_sync.fleet.limits import INVITATION_HOURS_DEFAULT, INVITATION_HOURS_MAX
from central_sync.fleet.service import Fleet, FleetError
from central_sync.store import Store
from central_sync.store.console_records import OpenInvitation, SignedTo
from central_sync.store.records import Certificate, Institution
from central_sync.terms.identifiers import normalised

ROWS_PER_PAGE = 50
INVITATIONS_MAX = 200
CERTIFICATES_MAX = 20
TYPED_CHARACTERS_MAX = 200


class Listed(NamedTuple):
    """A hospital in the list."""

    hospital: SignedTo
    edge: str


class Trusted(NamedTuple):
    """A hospital and what its edge may enter with."""

    hospital: Institution
    edge: str
    certificates: list[Certificate]
    invitations: list[OpenInvitation]


class Trust:
    """The pages."""

    def __init__(self, lobby: Lobby, store: Store, fleet: Fleet) -> None:
        self._lobby = lobby
        self._store = store
        self._fleet = fleet

    def pages(self) -> list[Page]:
        """All of them."""
        return [
            Page("GET", "/hospitals", Right.TRUST, self.listed, N_("Invitations")),
            Page("GET", "/hospitals/{institution}/trust", Right.TRUST, self.show),
            Page("POST", "/hospitals/{institution}/invite", Right.TRUST, self.invite),
            Page("POST", "/hospitals/{institution}/withdraw", Right.TRUST, self.withdraw),
            Page("POST", "/hospitals/{institution}/revoke", Right.TRUST, self.revoke),
        ]

    async def listed(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """Hospitals by code, and the invitations that are open."""
        after = request.query.get("after", "")
        rows, invitations = await self._lobby.work(self._rows, visitor, after)
        further = ""
        if len(rows) > ROWS_PER_PAGE:
            rows = rows[:ROWS_PER_PAGE]
            further = f"{request.path}?{urlencode({'after': rows[-1].hospital.institution})}"
        values = {"rows": rows, "invitations": invitations, "further_at": further, "words": words}
        return self._lobby.shown(request, visitor, "hospitals.html", values)

    async def show(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """One hospital."""
        return await self._page(request, visitor)

    async def invite(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """A new invitation; its code is shown once."""
        institution, text = request.match_info["institution"], self._lobby.tongue(request).text
        hours = normalised(str((await request.post()).get("hours", ""))[:TYPED_CHARACTERS_MAX])
        if not (hours.isascii() and hours.isdigit() and len(hours) <= 4 and 1 <= int(hours) <= INVITATION_HOURS_MAX):
            return await self._page(request, visitor, 400, refused=text("The hours are not a number from 1 to 336."))
        try:
            code = await self._lobby.work(
                self._fleet.invite, institution, int(hours), self._lobby.clock(), visitor.actor
            )
        except FleetError:
            return self._lobby.no_page(request, visitor)
        return await self._page(request, visitor, code=code)

    async def withdraw(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """An invitation ends before its time."""
        institution, text = request.match_info["institution"], self._lobby.tongue(request).text
        try:
            secret_hash = bytes.fromhex(str((await request.post()).get("invitation", "")))
        except ValueError:
            secret_hash = b""
        done = await self._lobby.work(
            self._fleet.withdraw, institution, secret_hash, self._lobby.clock(), visitor.actor
        )
        if not done:
            words_ = text("That invitation was used, withdrawn or has ended already.")
            return await self._page(request, visitor, 400, refused=words_)
        return await self._page(request, visitor, done=text("The invitation is withdrawn."))

    async def revoke(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        """The hospital's edge is refused from now on."""
        institution, text = request.match_info["institution"], self._lobby.tongue(request).text
        if normalised(str((await request.post()).get("again", ""))[:TYPED_CHARACTERS_MAX]) != institution:
            words_ = text("Nothing was revoked: type the hospital's code to confirm.")
            return await self._page(request, visitor, 400, refused=words_)
        try:
            await self._lobby.work(self._fleet.revoke, institution, self._lobby.clock(), visitor.actor)
        except FleetError:
            return self._lobby.no_page(request, visitor)
        return await self._page(
            request, visitor, done=text("Its certificates are revoked. An invitation lets an edge in again.")
        )

    async def _page(
        self,
        request: web.Request,
        visitor: Visitor,
        status: int = 200,
        *,
        refused: str = "",
        done: str = "",
        code: str = "",
    ) -> web.Response:
        found = await self._lobby.work(self._trusted, request.match_info["institution"])
        if found is None:
            return self._lobby.no_page(request, visitor)
        values: dict[str, Any] = {"trusted": found, "refused": refused, "done": done, "code": code, "words": words}
        values |= {"hours_default": INVITATION_HOURS_DEFAULT, "hours_max": INVITATION_HOURS_MAX}
        values["here"] = f"/hospitals/{found.hospital.code}/trust"
        return self._lobby.shown(request, visitor, "trust.html", values, status)

    def _rows(self, visitor: Visitor, after: str) -> tuple[list[Listed], list[OpenInvitation]]:
        now = self._lobby.clock()
        with self._store.read() as uow:
            hospitals = uow.lookups.hospitals(visitor.scope, after, ROWS_PER_PAGE + 1)
            rows = [Listed(one, overview.edge_state(uow.certificates.of(one.institution), now)) for one in hospitals]
            return rows, uow.lookups.invitations(visitor.scope, now, INVITATIONS_MAX)

    def _trusted(self, institution: str) -> Trusted | None:
        now = self._lobby.clock()
        with self._store.read() as uow:
            hospital = uow.institutions.get(institution)
            if hospital is None:
                return None
            certificates = uow.lookups.certificates(institution, CERTIFICATES_MAX)
            invitations = uow.lookups.invitations(frozenset({institution}), now, INVITATIONS_MAX)
            return Trusted(hospital, overview.edge_state(certificates, now), certificates, invitations)
