"""SHELL: this computer becomes a desk: once, by the workstation key that the technician issued."""

from __future__ import annotations

import time

from aiohttp import web

from central_sync.pages.tries import Tries
from edge.audit import Audit
from edge.console.desk.seats import SEAT_COOKIE, Seats
from edge.console.lobby import BASE, Lobby


class PairingPages:
    """The form, and what comes of it. Whoever is signed in may fill it in: it is the key that counts."""

    def __init__(self, lobby: Lobby, seats: Seats, audit: Audit) -> None:
        self._lobby = lobby
        self._seats = seats
        self._audit = audit
        self._tries = Tries()

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served, at = self._lobby.served, f"{BASE}/desk/pair"
        return [web.get(at, served(self.show)), web.post(at, served(self.pair))]

    async def show(self, request: web.Request) -> web.Response:
        """The form."""
        session = self._lobby.session(request, None)
        values = {"workstation": self._seats.workstation(request), "name": "", "refused": "", "done": False}
        return self._lobby.page(request, "desk/pair.html", values, session)

    async def pair(self, request: web.Request) -> web.Response:
        """A workstation's name and key."""
        session = await self._lobby.form_session(request)
        form, text = await request.post(), self._lobby.tongue(request).text
        name, key = str(form.get("name", "")).strip()[:80], str(form.get("key", "")).strip()
        address, now, refused = request.remote or "", time.monotonic(), ""
        sealed = None
        if not self._tries.allowed(name, address, now):
            refused = text("Too many wrong keys. Wait ten minutes.")
        else:
            self._tries.failed(name, address, now)
            sealed = self._seats.sealed(name, key)
            refused = "" if sealed else text("Name or key is wrong. The technician can issue another one.")
        self._audit.note(
            "console computer paired" if sealed else "console computer refused",
            self._lobby.clock(),
            operator=session.name,
            workstation=name if sealed else "",
        )
        if sealed is None:
            values = {"workstation": self._seats.workstation(request), "name": name, "refused": refused, "done": False}
            return self._lobby.page(request, "desk/pair.html", values, session, 403)
        self._tries.passed(name, address)
        answer = self._lobby.sent_to("/")
        self._lobby.keep(answer, SEAT_COOKIE, sealed, long=True)
        return answer
