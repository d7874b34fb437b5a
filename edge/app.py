"""The composition root: the parts of the edge as a list, and the order in which they start and stop.

Start: journal, line, uplink, downlink, readers, jobs, faces. Stop: the other way round, and gently: first no new call is taken, then those
under way end, each by its own deadline, while the line still works for them; then everything else.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from central_sync.pages.news import News
from central_sync.programs.learning import learn_types
from central_sync.terms.days import civil_day
from central_sync.wire.messages import EdgeReport
from central_sync.wire.refusals import Refused
from edge import config as settings
from edge import drivers, identity, running
from edge.accounts import FILE as ACCOUNTS_FILE
from edge.accounts import Accounts
from edge.agents import Agents
from edge.agents_port import AgentsPort
from edge.anchors.taking import Anchors, Hub
from edge.audit import Audit
from edge.calls import Profile
from edge.card_control import CardControl
from edge.clerks import Clerks
from edge.config import Address, Config
from edge.console.lobby import Lobby
from edge.console.routes import Console, Served
from edge.control import Control
from edge.cycles import Cycles
from edge.downlink import Downlink
from edge.events import Event, Events
from edge.faces import certificate
from edge.faces.cards import codec as cards_codec
from edge.faces.cards.routes import CardsFace
from edge.faces.door import Door, Quick
from edge.faces.embed.routes import EmbedFace
from edge.faces.gate import Gate
from edge.faces.limits import BODY_BYTES_MAX, STOP_WAIT_S_MAX
from edge.faces.listener import Listener
from edge.faces.shortcut import Shortcut
from edge.faces.stream import Stream
from edge.firmware.noticing import Noticing
from edge.firmware.notify import Notify
from edge.forecast import Forecaster
from edge.health import Status
from edge.heartbeat import Heartbeat, through
from edge.housekeeping import Housekeeping
from edge.intake import Intake
from edge.jobs import Job, Jobs
from edge.journal import Journal
from edge.limits import COMPARE_EVERY_S, RENEW_LOOK_EVERY_S, ROOTS_LOOK_EVERY_S
from edge.line import Line
from edge.maintenance.calendar import Maintenance
from edge.maintenance.pause import Pause
from edge.readers import Driver, OnEvent, ReaderEvent, ReaderState, validity
from edge.readers.bindings import Binding, by_row
from edge.readers.cards.identity import CardIdentity
from edge.readers.front import Front
from edge.readers.reads import Keeping
from edge.readers.remote.codec import Welcome
from edge.readers.remote.driver import RemoteReaders
from edge.reconcile import Reconciler
from edge.renewal import Renewals
from edge.room import Room
from edge.roots import DayRoots
from edge.rulebooks import Rulebooks
from edge.running import Parts
from edge.signers import Signers
from edge.standing import Standings
from edge.technicians import Technicians
from edge.uplink import Uplink
from edge.version import version
from edge.waiting import Waiting
from edge.workstations import FILE as WORKSTATIONS_FILE
from edge.workstations import Workstations

if TYPE_CHECKING:
    from edge.bundles import Accepted
    from edge.shelf import Shelf

JOURNAL_FILE = "journal.db"
FORGET_CYCLES_EVERY_S = 3600
LOOK_AFTER_SELF_EVERY_S = 600
ROOM_LOOK_EVERY_S = 300
HOUSE_EVERY_S = 3600
CHART_EVERY_S = 30
MAINTENANCE_TELL_EVERY_S = 5
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 -- compared with, not listened on

log = structlog.get_logger(__name__)


def clock() -> datetime:
    """Now, as an aware UTC instant: the one place where the edge's parts get the time from."""
    return datetime.now(UTC)


class Edge:
    """One edge. Construct, ``await start()``, serve, ``await stop()``."""

    def __init__(self, folder: Path, config: Config, who: identity.Identity) -> None:
        self._folder = folder
        self._config = config
        self._who = who
        self._parts = Parts()
        self.url = self.agents_url = ""

    async def start(self) -> None:
        """Bring every part up, or none; ``url`` is then where the face listens.

        Raises:
            ConfigError, NotEnrolled, JournalError, ListenFailed, OSError: what is missing or cannot be used; nothing is left running.
        """
        learn_types()
        try:
            await self._start()
        except BaseException:  # whatever it was, it is raised again; only the parts that had started are stopped
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop every part that was started, the last one first. A part that fails to stop is logged and does not keep the others."""
        await self._parts.down()

    async def _start(self) -> None:
        who, config = self._who, self._config
        address = settings.address(config.listen)
        profile = Profile(institution=who.institution, currency=who.currency, zone=who.zone)
        events, waiting = Events(), Waiting()

        self._journal = Journal(self._folder / JOURNAL_FILE)
        self._line = Line(config.sync_url or who.sync_url, identity.client_context(who), config.sync_device, clock)
        renewals = Renewals(self._folder, who, self._line, clock, self._renewed, config.enrol_url)
        self._line.ends_at = who.valid_until
        self._signers = Signers(self._folder, lambda: identity.evidence(self._folder), self._line.signers)
        roots = DayRoots(
            self._line, self._journal.keeping, lambda: self._journal.life, self._signers, lambda: self._who, clock
        )
        self._uplink = Uplink(who.institution, self._line, self._journal, waiting, events, self._signers.receipt, clock)
        audit, forecaster = Audit(self._folder), Forecaster(who.zone)
        self._rulebooks = self._rulebooks_for(audit, forecaster)
        self._anchors = self._anchors_for(renewals, audit)
        downlink = self._downlink(events)
        front = self._front(_teller(events))
        intake = Intake(
            profile, self._journal, self._uplink, downlink, waiting, events, lambda: self._line.skewed, clock, front.presence, forecaster,
        )  # fmt: skip
        self._workstations = Workstations(self._folder / WORKSTATIONS_FILE)
        cycles = Cycles(self._journal, who.zone)
        agents_port = self._agents_port()
        self._room = Room(self._folder)
        self._journal.refuse_new(self._room.refuses)
        housekeeping = self._housekeeping(audit)
        reconciler = Reconciler(self._journal, self._line, clock)
        desks = self._paused(intake, audit, events)
        self._standings = self._standings_of(front, downlink, reconciler)
        self._technicians = self._technicians_of(housekeeping, front, desks, audit)
        verbs = {**housekeeping.verbs, **CardControl(front.desks).verbs, **self._technicians.verbs}
        control = Control(self._folder, {**verbs, "compare": reconciler.verb, "agents": agents_port.verb})
        clerks = Clerks(
            self._folder, who, self._journal, desks, cycles, self._workstations, front, events, audit, clock,
            lambda: "" if self._uplink.up else self._uplink.trouble or "line_down", lambda: self._rulebooks.current,
            lambda: [one.payer for one in downlink.payers or ()], self._maintenance.window,
        )  # fmt: skip
        console = self._console(audit, address, clerks)
        jobs = Jobs(self._jobs(cycles, housekeeping, renewals, reconciler, roots, console))
        door = Door([address.host, *config.names], config.origins)
        stream, card_stream = Stream(events, clock), Stream(front.events, clock)
        gate = Gate(who.institution, self._workstations, cycles, clock)
        embed = EmbedFace(desks, gate, cycles, stream, self.status, audit, clock, who.shown_in, self._rulebooks.called)
        faces = [
            *embed.routes(),
            *CardsFace(front.desks, front.requests, gate, card_stream).routes(),
        ]
        listener = self._listener(faces, embed.shortcuts(), console.routes(), door, address)

        await self._parts.up(self._journal.open, self._journal.close)
        identity.clear(self._folder)  # what a full disk or a power cut left; the journal's lock is ours
        await self._room.start(self._journal.keeping, clock())
        await cycles.start()
        audit.start()
        self._signers.load()
        self._anchors.load()
        await self._parts.all_up(
            self._line, self._uplink, downlink, front, agents_port, jobs, control, clerks, listener
        )
        self._parts.then(
            self._technicians.stop, console.stop, clerks.stop, stream.stop, card_stream.stop, lambda: _emptied(door, intake), front.quieten,
        )  # fmt: skip
        self.url, self.agents_url = listener.url, agents_port.url
        await self._parts.up(self._tell_where, self._tell_gone)
        await self._parts.all_up(self._rulebooks, self._anchors)
        await self._look_after(intake)
        log.info("the edge listens", address=self.url, version=version())

    def _paused(self, intake: Intake, audit: Audit, events: Events) -> Pause:
        self._maintenance = Maintenance(self._folder, audit, clock, events)
        return Pause(intake, self._maintenance.window, self._knows, clock)

    def _technicians_of(self, housekeeping: Housekeeping, front: Front, desks: Pause, audit: Audit) -> Technicians:
        return Technicians(
            self._folder, self._config, lambda: self._who, self._journal, housekeeping, self._maintenance, self._workstations, self._agents,
            self._remote.connected, lambda: (self.url, desks.called_at), self._standings.standing, front.desks.rows, audit, clock,
        )  # fmt: skip

    async def _look_after(self, intake: Intake) -> None:
        """What watches the box and this program, when all else stands."""
        heartbeat = Heartbeat(Notify(), through(intake, self._journal), lambda: self._room.capacity().full)
        await self._parts.up(self._noticing.start, self._noticing.stop)
        await self._parts.up(heartbeat.start, heartbeat.stop)

    def _standings_of(self, front: Front, downlink: Downlink, reconciler: Reconciler) -> Standings:
        self._noticing = Noticing(Path(self._config.appliance))
        return Standings(
            self._folder, self._config, lambda: self._who, self._journal, self._uplink, self._line, self._room, self._rulebooks,
            self._workstations, front.desks.rows, self._noticing, clock, self._maintenance.window, lambda: downlink.payers,
            lambda: self._anchors.shadow,
            lambda: reconciler.lasting,
        )  # fmt: skip

    def _downlink(self, events: Events) -> Downlink:
        return Downlink(
            self._line, self._journal, self._uplink, events, clock, self._rulebooks, self._report, self._anchors
        )

    def _anchors_for(self, renewals: Renewals, audit: Audit) -> Anchors:
        async def changed(fresh: identity.Identity) -> None:
            self._who = renewals.who = fresh
            await self._line.take_up(identity.client_context(fresh), fresh.valid_until)

        hub = Hub(lambda: self._who, changed, lambda: self._uplink.up, renewals.hurry, self._config.enrol_url)
        return Anchors(self._folder, self._line, hub, audit, clock)

    def _rulebooks_for(self, audit: Audit, forecaster: Forecaster) -> Rulebooks:
        def take_up(accepted: Accepted) -> None:
            forecaster.take_up(accepted.whole.audit)

        return Rulebooks(lambda: _shelf(self._folder, self._who), self._line, audit, take_up, clock)

    def _housekeeping(self, audit: Audit) -> Housekeeping:
        made = Housekeeping(self._folder, self._journal, lambda: self._who, self._config, clock, version())
        made.parked, made.released, made.audit = self._uplink.parked, self._uplink.released, audit
        return made

    def _console(self, audit: Audit, address: Address, clerks: Clerks) -> Console:
        accounts, who = Accounts(self._folder / ACCOUNTS_FILE), self._who
        tongues, secure = self._config.languages, not address.loopback
        lobby = Lobby(accounts, clock, who.name, who.zone, who.shown_in, secure=secure, languages=tongues)

        def further(lobby: Lobby, news: News) -> list[Served]:
            return [*self._technicians.pages(lobby, news), *clerks.further(lobby, news)]

        return Console(lobby, self._standings.standing, audit, further)

    def _jobs(
        self,
        cycles: Cycles,
        housekeeping: Housekeeping,
        renewals: Renewals,
        reconciler: Reconciler,
        roots: DayRoots,
        console: Console,
    ) -> list[Job]:
        return [
            Job("measure the journal's room", ROOM_LOOK_EVERY_S, lambda: self._room.look(self._journal.keeping)),
            Job("keep house", HOUSE_EVERY_S, housekeeping.run),
            Job("forget old cycles", FORGET_CYCLES_EVERY_S, lambda: _forgotten(cycles)),
            Job("look after self", LOOK_AFTER_SELF_EVERY_S, self._look_after_self),
            Job("renew the certificate", RENEW_LOOK_EVERY_S, renewals.run, at_once=True),
            Job("compare with the hub", COMPARE_EVERY_S, reconciler.run),
            Job("have days signed", ROOTS_LOOK_EVERY_S, roots.run, at_once=True),
            Job("tell of maintenance", MAINTENANCE_TELL_EVERY_S, self._maintenance.tell, at_once=True),
            Job("draw the console's charts", CHART_EVERY_S, console.sample),
        ]

    def _front(self, also: OnEvent) -> Front:
        config = self._config
        self._agents = Agents(self._folder)
        rows = by_row({row.name: Binding(desk=row.desk, card_must_stay=row.card_must_stay) for row in config.readers})

        def made(told: OnEvent) -> list[Driver]:
            self._remote = RemoteReaders(self._folder, self._agents.names, told, self._read_at_an_agent)
            return [*(drivers.reader(row, self._folder, told) for row in config.readers), self._remote]

        front = Front(
            made,
            clock,
            self._today,
            self._agents.bound(rows),
            Keeping(
                card_kept_s=config.card_kept_s,
                read_good_s=config.card_read_good_s,
                forget_on_removal=config.card_forgotten_on_removal,
            ),
            photo=config.photo,
            also=also,
        )
        self._presence = front.presence
        return front

    def _today(self) -> date:
        return civil_day(clock(), self._who.zone)

    def _agents_port(self) -> AgentsPort:
        config, who = self._config, self._who
        address = settings.address(config.agents_listen) if config.agents_listen else None
        welcome = Welcome(institution=who.institution, zone=who.zone)
        return AgentsPort(self._folder, address, config.listen_device, self._agents, self._remote, welcome, clock)

    def _read_at_an_agent(self, read_id: str, reader: ReaderState, identity: CardIdentity) -> bool:
        """A card was read at a PC's own face: a proof of presence here too, if the card may be used and the id is not taken."""
        try:
            validity.judge(identity, self._today())
        except Refused:
            return False
        if self._presence.find(read_id) is not None:
            return False
        self._presence.noted(reader.name, identity, present=reader.card_present, read_id=read_id)
        return True

    def _listener(
        self,
        routes: list[web.RouteDef],
        quick: dict[str, Quick],
        pages: list[web.RouteDef],
        door: Door,
        address: Address,
    ) -> Listener:
        app = web.Application(middlewares=[door.middleware], client_max_size=BODY_BYTES_MAX)
        app.on_response_prepare.append(door.before_headers)
        app.add_routes([*routes, *pages])
        shortcut = Shortcut(routes, door, quick)
        if address.loopback:
            return Listener(app, address, self._config.listen_device, None, shortcut)
        certificate.ensure(self._folder, certificate_names(self._config), clock())
        return Listener(app, address, self._config.listen_device, certificate.server_context(self._folder), shortcut)

    async def status(self) -> Status:
        """How the edge stands."""
        return (await self._standings.standing()).status

    async def _report(self) -> EdgeReport:
        return await self._standings.report()

    async def _knows(self, msgid: str) -> bool:
        return await self._journal.find(self._who.institution, msgid) is not None

    def _renewed(self, who: identity.Identity) -> None:
        self._who = who

    async def _look_after_self(self) -> None:
        for sentence in (await self.status()).warnings:
            log.warning("the edge needs a technician", detail=sentence)

    async def _tell_where(self) -> None:
        running.tell(self._folder, running.EDGE, self.url)

    async def _tell_gone(self) -> None:
        running.withdraw(self._folder, running.EDGE)


def certificate_names(config: Config) -> list[str]:
    """Names and addresses that the face's certificate must cover."""
    host = settings.address(config.listen).host
    return ["localhost", "127.0.0.1", *([] if host in ANY_ADDRESS else [host]), *config.names]


def _shelf(folder: Path, who: identity.Identity) -> Shelf:
    from edge.shelf import Shelf  # with the engine: 4 MB that no start waits for

    learn_types()
    return Shelf(folder, identity.evidence(folder), who.institution)


def _teller(events: Events) -> OnEvent:
    def tell(event: ReaderEvent) -> None:
        events.publish(Event(kind="card", at=clock(), data=cards_codec.event_data(event)))

    return tell


async def _emptied(door: Door, intake: Intake) -> None:
    """Take no new call, and let those under way end."""
    door.stopping = True
    await intake.stop()
    if not await door.idle(STOP_WAIT_S_MAX):
        log.error("calls were still under way when the edge stopped")


async def _forgotten(cycles: Cycles) -> None:
    count = await cycles.forget_old(clock())
    log.info("old cycles are forgotten", count=count)
