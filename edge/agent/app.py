"""The agent's composition root: readers, the line to the edge, and the cards face on loopback. No journal, no hub.

Start: readers, line, face. Stop: the other way round; a read under way is refused, for a PC is switched off without asking.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import structlog
from aiohttp import web

from central_sync.programs.learning import learn_types
from central_sync.terms.days import civil_day
from edge import config, control, drivers, running
from edge.agent import pairing, status
from edge.agent.gate import LoopbackGate
from edge.agent.line import EdgeLine
from edge.agent.settings import Settings
from edge.card_control import CardControl
from edge.faces.cards.routes import CardsFace
from edge.faces.door import Door, json_response
from edge.faces.limits import BODY_BYTES_MAX
from edge.faces.listener import Listener
from edge.faces.shortcut import Shortcut
from edge.faces.stream import Stream
from edge.readers import Driver, OnEvent, ReaderEvent
from edge.readers.front import Front
from edge.readers.reads import Keeping, Read
from edge.running import Parts
from edge.version import version
from edge.workstations import FILE as WORKSTATIONS_FILE
from edge.workstations import Workstations

log = structlog.get_logger()


def clock() -> datetime:
    """Now, as an aware UTC instant."""
    return datetime.now(UTC)


class Agent:
    """One PC. Construct, ``await start()``, serve, ``await stop()``."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._parts = Parts()
        self.url = ""

    async def start(self) -> None:
        """Bring every part up, or none; ``url`` is then where the face listens. The edge need not be there.

        Raises:
            ConfigError, PairingFailed, ListenFailed, OSError: what cannot be used.
        """
        learn_types()
        try:
            await self._start()
        except BaseException:  # whatever it was, it is raised again; only the parts that had started are stopped
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop every part that was started, the last one first."""
        await self._parts.down()

    async def _start(self) -> None:
        settings = self._settings
        keeping = Keeping(card_kept_s=settings.card_kept_s, forget_on_removal=settings.card_forgotten_on_removal)
        front = Front(self._drivers, clock, self._today, keeping=keeping, photo=settings.photo, also=self._tell)
        self.line = EdgeLine(self._folder, settings, self._readers)
        self.line.paired = pairing.load(self._folder)
        front.desks.on_read = self._read
        address = config.address(settings.listen)
        door = Door([address.host], settings.origins)
        stream = Stream(front.events, clock)
        gate = LoopbackGate(self._institution, Workstations(self._folder / WORKSTATIONS_FILE), clock)
        app = web.Application(middlewares=[door.middleware], client_max_size=BODY_BYTES_MAX)
        app.on_response_prepare.append(door.before_headers)
        routes = CardsFace(front.desks, front.requests, gate, stream).routes()
        app.add_routes([*routes, web.get(status.PATH, self._status)])
        listener = Listener(app, address, "", None, Shortcut(routes, door))

        await self._parts.up(front.start, front.stop)
        await self._parts.up(self.line.start, self.line.stop)
        await self._parts.up(listener.start, listener.stop)
        entrance = control.Control(
            self._folder, CardControl(front.desks).verbs
        )  # after the listener, whose address nobody else can have: it is then ours
        await self._parts.up(entrance.start, entrance.stop)
        self._parts.then(stream.stop, front.quieten)
        self.url = listener.url
        await self._parts.up(self._tell_where, self._tell_gone)

    def _drivers(self, told: OnEvent) -> list[Driver]:
        self._readers = [drivers.reader(row, self._folder, told) for row in self._settings.readers]
        return self._readers

    def _tell(self, event: ReaderEvent) -> None:
        self.line.tell(event)

    async def _read(self, read: Read) -> None:
        """A card was read at our own face: the edge shall know it, if it is there, before the program that asked does."""
        if read.identity is not None:
            await self.line.note(read.read_id, read.reader, read.identity, lies=read.lies)

    async def _status(self, _request: web.Request) -> web.StreamResponse:
        paired = self.line.paired
        return json_response(
            status.Status(
                version=version(),
                name=paired.name if paired else "",
                institution=self._institution(),
                line="up" if self.line.up and not self.line.trouble else "down",
                trouble=self.line.trouble,
                readers=[state for driver in self._readers for state in driver.states()],
            )
        )

    async def _tell_where(self) -> None:
        running.tell(self._folder, running.AGENT, self.url)

    async def _tell_gone(self) -> None:
        running.withdraw(self._folder, running.AGENT)

    def _institution(self) -> str:
        return self.line.paired.institution if self.line.paired else ""

    def _today(self) -> date:
        return civil_day(clock(), self.line.paired.zone if self.line.paired else "UTC")
