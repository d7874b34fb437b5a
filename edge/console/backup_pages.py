"""SHELL: the technician's page of backups: the last one and where it lies, making one now, and how one is restored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from aiohttp import web

from central_sync.pages.news import News
from edge.accounts import Role
from edge.console.lobby import BASE, Lobby
from edge.console.runs import Run
from edge.console.views import N_, Condition
from edge.health import BACKUP_DAYS_LATE
from edge.housekeeping import KeptBackup

HERE = "/technician/backups"
EVERY_S = 1.0
SHOWN_MAX = 30
WORK: Mapping[str, str] = {
    "copying": N_("copying"),
    "encrypting": N_("encrypting"),
    "checking the signature": N_("checking the signature"),
    "decrypting": N_("trying a restore"),
    "checking the chain": N_("checking the chain"),
}
"""What a backup tells that it does; what is not here is told as work."""

Make = Callable[[str, Callable[[int, int, str], None]], Awaitable[Mapping[str, Any]]]
"""Makes a backup on the word of an account, and tells how far it is."""


class Holds(Protocol):
    """Where backups lie."""

    @property
    def openable(self) -> bool:
        """Whether there is a recovery key, so that somebody can open them."""
        ...

    @property
    def where(self) -> str:
        """The folder."""
        ...

    def backups(self) -> Sequence[KeptBackup]:
        """Those that passed their trial, oldest first."""
        ...


class Done(NamedTuple):
    """How far a backup is, in hundredths; ``what`` it does."""

    percent: int
    what: str


class BackupPages:
    """Over the ``holder`` of the backups."""

    def __init__(self, lobby: Lobby, news: News, holder: Holds, make: Make) -> None:
        self._lobby = lobby
        self._news = news
        self._holder = holder
        self._make = make
        self._run: Run[Done] = Run(lobby.clock)

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        served = self._lobby.served
        return [
            web.get(BASE + HERE, served(self.show)),
            web.post(BASE + HERE, served(self.begin)),
            web.get(f"{BASE}{HERE}/live", served(self.live)),
        ]

    async def stop(self) -> None:
        """End what was begun; a half-made backup is thrown away."""
        await self._run.stop()

    async def show(self, request: web.Request) -> web.Response:
        """How the backups are."""
        session = self._lobby.session(request, Role.TECHNICIAN)
        return self._lobby.page(request, "backups.html", self._values(request), session)

    async def begin(self, request: web.Request) -> web.Response:
        """Make one now, unless one is being made."""
        session = await self._lobby.form_session(request, Role.TECHNICIAN)

        async def made(tell: Callable[[Done], None]) -> Done:
            def heard(done: int, of: int, what: str) -> None:
                tell(Done(100 * done // max(1, of), what))

            await self._make(session.name, heard)
            return Done(100, "")

        if self._holder.openable:
            self._run.begin(made)
        return self._lobby.sent_to(HERE)

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The same, again when it has changed."""
        self._lobby.session(request, Role.TECHNICIAN)
        return await self._news.serve(request, self._parts(request), EVERY_S)

    async def _parts(self, request: web.Request) -> AsyncIterator[str]:
        while True:
            yield self._lobby.part(request, "backups_live.html", self._values(request))

    def _values(self, request: web.Request) -> Mapping[str, Any]:
        now, text = self._lobby.clock(), self._lobby.tongue(request).text
        kept, openable, run = list(self._holder.backups()), self._holder.openable, self._run
        late = not kept or (now - kept[-1].at).days > BACKUP_DAYS_LATE
        done = run.so_far or Done(0, "")
        return {
            "kept": kept[: -SHOWN_MAX - 1 : -1], "openable": openable, "where": self._holder.where, "now": now,
            "worst": Condition.BROKEN if run.failed or not openable else Condition.WARNING if late else Condition.WELL,
            "running": run.running, "failed": run.failed, "percent": done.percent, "doing": text(WORK[done.what]) if done.what in WORK else "",
        }  # fmt: skip
