"""The composition root of the hub: the list of its parts, and the order in which they start and stop.

Start: what can fail for want of set-up comes first (authority, rulebook, database, sockets), so that a hub that listens is a
hub that works. Stop: no new connections, long polls go home, work begun is finished, then what it stood on is closed.
Several processes may run on one database; none of them keeps anything that another would need.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from aiohttp import web

from central_sync.api.connections import Connections
from central_sync.api.enrol import OWN_HOST, EnrolPort
from central_sync.api.limits import ACCEPTED_AT_ONCE_MAX, HANDSHAKE_S_MAX, KEEPALIVE_S, STOP_S_MAX
from central_sync.api.sync import Services, SyncPort
from central_sync.api.tls import Exchanged, listening, mutual_context, server_context
from central_sync.audit import Trail
from central_sync.comparison import Comparisons
from central_sync.config import Config, ConfigInvalid, Listener, address
from central_sync.console.site import Console
from central_sync.fleet.authority import Authority
from central_sync.fleet.channels.settings import channels_of, rules_of
from central_sync.fleet.deliveries import Deliveries
from central_sync.fleet.drills import Drills
from central_sync.fleet.lifecycle import Thresholds
from central_sync.fleet.lives import Lives
from central_sync.fleet.operations import Operations
from central_sync.fleet.renewal import Renewals
from central_sync.fleet.roots import Roots
from central_sync.fleet.service import Fleet
from central_sync.fleet.signer import Signer
from central_sync.fleet.uptake import Uptake
from central_sync.heartbeat import Heartbeat
from central_sync.in_force import InForce
from central_sync.intake import Intake
from central_sync.jobs import Jobs
from central_sync.payers.service import Asking
from central_sync.payers.settings import payers_of
from central_sync.payers.standing import Standing
from central_sync.programs.learning import learn_types
from central_sync.publications import Publications
from central_sync.releases.repository import FOLDER as RELEASES_FOLDER
from central_sync.releases.repository import Repository
from central_sync.review.auditing import Auditing
from central_sync.store import Store

AUTHORITY_FOLDER = "authority"
SYNC, ENROL, CONSOLE = "sync", "enrol", "console"
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
_log = structlog.get_logger(__name__)


def clock() -> datetime:
    """Now, as an aware UTC instant: the one place where the hub asks the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Faces:
    """The addresses on which a started hub listens."""

    sync: str
    enrol: str
    console: str = ""


class Hub:
    """One hub process. Construct, ``await start()``, serve, ``await stop()``."""

    def __init__(self, folder: Path, config: Config) -> None:
        self._config = config
        self._folder = folder
        self._authority = Authority(folder / AUTHORITY_FOLDER)
        self._releases = Repository(folder / RELEASES_FOLDER)
        self._store = Store(config.database, serving=True)
        self._undo: list[Callable[[], None]] = []
        self._servers: list[asyncio.Server] = []
        self._runners: list[web.AppRunner] = []
        self._sync: SyncPort | None = None
        self._makers: Mapping[str, Callable[[], ssl.SSLContext]] = {}
        self._served: Mapping[str, Exchanged] = {}

    async def start(self) -> Faces:
        """Bring every part up, or none.

        Raises:
            AuthorityMissing, StoreError, RulebookError, BundleBroken, BundleRefused, BindRefused: what is missing; nothing is left running.
        """
        learn_types()
        try:
            return await self._start()
        except BaseException:  # whatever it was, it is raised again; only the parts that had started are stopped
            await self.stop()
            raise

    async def _start(self) -> Faces:
        config = self._config
        self._authority.open()
        self._authority.renew_server_certificate(clock())
        signer = Signer(self._authority)
        signer.open(clock())
        payers = payers_of(config.payers, self._folder, signer.named)
        operations = self._operations()
        self._store.open()
        self._undo.append(self._store.close)
        with self._store.write() as uow:  # also finds out that a database can only be read, before anybody relies on it
            uow.audit.add(clock(), "hub", "started", "hub", f"process {os.getpid()}")
        signer.published(self._store, clock())
        in_force = InForce(Publications(self._store), clock, _soon(self._news))
        in_force.open()
        sync_socket, enrol_socket = self._bound(config.sync), self._bound(config.enrol)
        pages = config.console
        console_socket = self._bound(Listener(pages.listen, pages.device)) if pages.listen else None
        faces = Faces(_url(sync_socket), _url(enrol_socket), _url(console_socket) if console_socket else "")

        trail, fleet = Trail(self._store, clock), Fleet(self._store, self._authority, in_force.rulebook())
        renewals, lives, roots = Renewals(self._store, self._authority), Lives(self._store), Roots(self._store, signer)
        intake, comparisons = Intake(self._store, in_force.rulebook, payers), Comparisons(self._store)
        deliveries = Deliveries(self._store, signer, lambda: in_force.current)
        waited = Standing(self._store, tuple(payers.drivers), clock)
        self._uptake = uptake = Uptake(self._authority, signer, self._store, clock, _soon(self._turned))
        uptake.open()
        services = Services(
            fleet, intake, lives, renewals, roots, signer, comparisons, deliveries, operations, self._releases.folder, waited,
            uptake.word, Drills(self._authority),
        )  # fmt: skip
        sync = SyncPort(services, trail, clock, config.threads, config.fleet.report_every_s)
        sync_url = config.sync_url or _told(config.sync, faces.sync)
        enrol = EnrolPort(fleet, renewals, self._authority.pem, uptake.trail, trail, clock, sync_url)
        console = (
            Console(self._store, self._authority, fleet, trail, clock, pages, operations) if console_socket else None
        )
        self._makers = self._contexts(sync, pages.certificate)
        contexts = {port: Exchanged.over(make()) for port, make in self._makers.items()}
        self._served = contexts
        jobs = Jobs(self._store, self._authority, signer, clock, config.audit_days, _soon(self._reload), self._releases)

        asking = Asking(self._store, payers, clock)
        auditing = Auditing(self._store, clock, lambda: in_force.current.whole.audit)

        for part in (
            trail, in_force, uptake, operations, sync, enrol, jobs, asking, waited, auditing, *([console] if console else ()),
        ):  # fmt: skip
            part.start()
            self._undo.append(part.stop)
        self._sync = sync
        await self._serve(sync.application(), sync_socket, contexts[SYNC])
        await self._serve(enrol.application(), enrol_socket, contexts[ENROL])
        if console is not None and console_socket is not None:
            await self._serve(console.application(), console_socket, contexts[CONSOLE])
        _log.info("the hub listens", address=faces.sync, version=in_force.rulebook().version)
        return faces

    def _operations(self) -> Operations:
        """What watches over the edges, as the settings say.

        Raises:
            ConfigInvalid: a rule or a channel cannot be used.
        """
        fleet, alerts = self._config.fleet, self._config.alerts
        thresholds = Thresholds(fleet.late_after_s, fleet.silent_after_s, version_oldest=fleet.version_oldest)
        rules, channels = (
            rules_of(alerts, self._folder),
            channels_of(alerts, self._folder, clock, self._config.console.zone),
        )
        return Operations(self._store, thresholds, rules, channels, alerts.hub, clock)

    def _news(self) -> None:
        if self._sync is not None:
            self._sync.news()

    def looked_up(self) -> None:
        """Go the way of a request to the database, in a thread.

        Raises:
            StoreError: the database does not do its part.
        """
        with self._store.read() as uow:
            uow.rulebooks.newest()

    async def stop(self) -> None:
        """Close the doors, finish what was begun, let everything go. May be called at any time, also twice."""
        for server in self._servers:
            server.close()
        if self._sync is not None:
            self._sync.wake()
        for runner in self._runners:
            await runner.cleanup()
        while self._undo:
            await asyncio.to_thread(self._undo.pop())
        self._servers, self._runners, self._sync = [], [], None

    def _bound(self, listener: Listener) -> socket.socket:
        bound = listening(*address(listener.listen), listener.device)
        self._undo.append(bound.close)
        return bound

    async def _serve(self, application: web.Application, bound: socket.socket, context: ssl.SSLContext) -> None:
        connections = Connections()
        application.middlewares.insert(0, connections.noting)
        runner = web.AppRunner(application, access_log=None, keepalive_timeout=KEEPALIVE_S, shutdown_timeout=STOP_S_MAX)
        await runner.setup()
        self._runners.append(runner)
        assert runner.server is not None, "setup() makes it"
        loop = asyncio.get_running_loop()
        self._servers.append(
            await loop.create_server(
                connections.accepting(runner.server),
                sock=bound,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_S_MAX,
                backlog=ACCEPTED_AT_ONCE_MAX,  # asyncio takes so many in one round; the kernel's queue is the socket's own affair
            )
        )

    def _contexts(self, sync: SyncPort, pages: str) -> dict[str, Callable[[], ssl.SSLContext]]:
        """How each port's context is made of what the authority is now; ``pages``: the console's own certificate, if it has one."""
        authority = self._authority

        def shown() -> ssl.SSLContext:
            if not pages:
                return server_context(authority.server_certificate)
            try:
                return server_context(self._folder / pages)
            except OSError as error:  # what OpenSSL says of a file, too
                why = (
                    error.strerror
                    if isinstance(error, FileNotFoundError | PermissionError)
                    else "it has no key and chain in PEM"
                )
                raise ConfigInvalid(f"console: the certificate {self._folder / pages} cannot be used: {why}") from error

        return {
            SYNC: lambda: mutual_context(authority.server_certificate, authority.trusted(), sync.turned_away),
            ENROL: lambda: server_context(authority.server_certificate),
            CONSOLE: shown,
        }

    def _reload(self) -> None:
        """There may be a new server certificate, or another authority: new connections then see it."""
        for port, context in self._served.items():
            context.inner = self._makers[port]()

    def _turned(self) -> None:
        self._reload()
        self._news()


def _soon(work: Callable[[], None]) -> Callable[[], None]:
    """What a thread calls so that ``work`` is done on this event loop."""
    loop = asyncio.get_running_loop()

    def soon() -> None:
        loop.call_soon_threadsafe(work)

    return soon


async def serve(folder: Path, config: Config, listens: Callable[[Faces], None]) -> None:
    """Run a hub until SIGTERM or SIGINT; ``listens`` is called once it does.

    Raises:
        As :meth:`Hub.start`.
    """
    stopping = asyncio.Event()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (most, most)
    )  # an edge has two or three connections, and there are thousands
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    hub = Hub(folder, config)
    listens(await hub.start())
    heartbeat = Heartbeat(hub.looked_up)
    await heartbeat.start()
    await stopping.wait()
    _log.info("the hub stops")
    await heartbeat.stop()
    await hub.stop()


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _told(listener: Listener, face: str) -> str:
    """Where edges are told to send: what we listen on, or whatever address of ours they reached."""
    host, _ = address(listener.listen)
    return f"https://{OWN_HOST}:{face.rpartition(':')[2]}" if host in _WILDCARDS else face
