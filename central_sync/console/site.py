"""SHELL: the hub's console as one part of the hub: its pages, its threads, its application."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from central_sync.audit import Trail
from central_sync.config import ConsoleSetting
from central_sync.console.account_pages import AccountPages
from central_sync.console.administration import Administration
from central_sync.console.alerts import Alerts
from central_sync.console.door import Door
from central_sync.console.edges import Edges
from central_sync.console.flow import FlowPages
from central_sync.console.listeners import Listeners
from central_sync.console.live import Live
from central_sync.console.lobby import Lobby, Page
from central_sync.console.open_lists import OpenLists
from central_sync.console.second_factor import PURPOSE, Sealer
from central_sync.console.sessions import Sessions
from central_sync.console.sign_in import SignIn
from central_sync.console.start import Start
from central_sync.console.trail import TrailPages
from central_sync.console.transactions import Transactions
from central_sync.console.trust import Trust
from central_sync.fleet.authority import Authority
from central_sync.fleet.operations import Operations
from central_sync.fleet.service import Fleet
from central_sync.pages.news import News
from central_sync.store import Store

FORM_BYTES_MAX = 64 * 1024
STREAMS_MAX = 512


class Console:
    """The console of one hub process."""

    def __init__(
        self,
        store: Store,
        authority: Authority,
        fleet: Fleet,
        trail: Trail,
        clock: Callable[[], datetime],
        setting: ConsoleSetting,
        operations: Operations,
        *,
        secure: bool = True,
    ) -> None:
        idle, length = timedelta(minutes=setting.idle_minutes), timedelta(hours=setting.session_hours)
        self.sessions = Sessions(store, clock, idle, length, setting.second_factor)
        self.lobby = Lobby(self.sessions, trail, clock, setting.name, setting.zone, secure=secure)
        self.news = News(Listeners(self.lobby.going_on).still, STREAMS_MAX)
        live = Live(self.lobby, self.news)
        self.sign_in = SignIn(store, self.sessions, Sealer(authority.derived(PURPOSE)), trail, clock)
        self._parts = (
            Start(self.lobby, live, store, operations),
            Edges(self.lobby, live, store, operations),
            Alerts(self.lobby, live, store, operations),
            FlowPages(self.lobby, live, store, operations),
            Transactions(self.lobby, store),
            OpenLists(self.lobby, store),
            Trust(self.lobby, store, fleet),
            TrailPages(self.lobby, store),
            AccountPages(self.lobby, Administration(store, clock), self.sign_in),
            Door(self.lobby, self.sign_in, self.sessions),
        )
        self.start = self.lobby.start
        self.stop = self.lobby.stop

    def pages(self) -> list[Page]:
        """Every page, with what it needs."""
        return [page for part in self._parts for page in part.pages()]

    def application(self) -> web.Application:
        """What the port serves."""
        application = web.Application(client_max_size=FORM_BYTES_MAX)
        application.add_routes(self.lobby.routes(self.pages()))
        application.add_routes(
            [
                web.get("/static/{name}", self.lobby.served(self.lobby.static)),
                web.route("*", "/{rest:.*}", self.lobby.served(self.lobby.nothing)),
            ]
        )
        application.on_shutdown.append(self._quiet)
        return application

    async def _quiet(self, _application: web.Application) -> None:
        await self.news.stop()
