"""SHELL: the readers of all paired agents, as one driver of the edge.

An agent's readers are named ``AGENT/READER``. When it is away they stay in the list, not connected, with the trouble ``agent_away``; also after the
edge has started again, for which their names are kept in ``DIR/agent-readers.json``. The newest connection of an agent counts: an older one is
the same PC before it slept or changed its address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from central_sync.wire.refusals import Refused
from edge import files
from edge.log import located
from edge.readers import STOP_S_MAX, OnEvent, ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.remote import codec
from edge.readers.remote.limits import KEPT_AFTER_S
from edge.readers.remote.link import Link
from edge.readers.remote.pace import Pace
from edge.readers.remote.session import LineEnded, OnRead, Session, away, changes

FILE = "agent-readers.json"
log = structlog.get_logger()


class _Seen(Struct, frozen=True, forbid_unknown_fields=True):
    """Agent → its readers' full names → the name of their driver."""

    agents: dict[str, dict[str, str]]


class RemoteReaders:
    """The driver. ``paired`` names the agents that are paired now; ``on_read`` is told of reads made at an agent's own face."""

    driver = "remote"

    def __init__(self, folder: Path, paired: Callable[[], list[str]], on_event: OnEvent, on_read: OnRead) -> None:
        self._path = folder / FILE
        self._paired = paired
        self._on_event = on_event
        self._on_read = on_read
        self._sessions: dict[str, Session] = {}
        self._serving: set[asyncio.Task[object]] = set()
        self._away: dict[str, dict[str, ReaderState]] = {}
        self._paces: dict[str, Pace] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._learned = asyncio.Event()
        self._news = asyncio.Event()
        self._open = False

    async def start(self) -> None:
        """Remember the readers that were seen before; agents connect by themselves."""
        for agent, readers in _read(self._path).agents.items():
            seen = (
                ReaderState(name=name, driver=driver, connected=False, card_present=False)
                for name, driver in readers.items()
            )
            self._away[agent] = {state.name: away(state) for state in seen}
        self._open = True
        self._keeper = asyncio.create_task(self._keep(), name="names of the agents' readers")

    async def stop(self) -> None:
        """End every connection; nothing is told after it."""
        self._open = False
        self._tell_news()
        for session in tuple(self._sessions.values()):
            session.end()
        if self._serving:
            await asyncio.wait(self._serving, timeout=STOP_S_MAX)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
            self._write(self._seen())

    def states(self) -> list[ReaderState]:
        """The readers of every paired agent, whether it is here or away."""
        return [
            state
            for agent in self._paired()
            for state in (
                self._sessions[agent].states if agent in self._sessions else self._away.get(agent, {})
            ).values()
        ]

    def connected(self) -> list[str]:
        """The agents that are here now."""
        return sorted(self._sessions)

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        """Have the card on ``reader`` read by its agent.

        Raises:
            Refused: one of :data:`edge.readers.READ_REFUSALS`.
        """
        if all(state.name != reader for state in self.states()):
            raise Refused("reader_unknown")
        agent, _, name = reader.partition("/")
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + deadline_s
        while True:
            if (session := self._sessions.get(agent)) is None:
                await self._wait_for_news(agent, ends_at)
                continue
            try:
                return await session.read(name, max(ends_at - loop.time(), 0), wanted)
            except LineEnded:
                continue  # it may come back in time

    async def _wait_for_news(self, agent: str, until: float) -> None:
        """Wait until some agent arrives.

        Raises:
            Refused: ``reader_lost``: none did until then, or there is nothing to wait for.
        """
        if not self._open or agent not in self._paired():
            raise Refused("reader_lost", "the edge stops, or the computer is no longer paired")
        try:
            async with asyncio.timeout_at(until):
                await self._news.wait()
        except TimeoutError as error:
            raise Refused("reader_lost", "its computer is away") from error

    async def serve(self, agent: str, link: Link, still: Callable[[], bool], welcome: codec.Welcome) -> None:
        """Speak with ``agent`` until its line ends, it is paired no longer (``still``), or it connects anew."""
        if not self._open:
            return
        if (older := self._sessions.get(agent)) is not None:
            log.info("an agent connects anew", agent=agent)
            older.end()
        link.pace = self._paces.setdefault(agent, link.pace)
        session = Session(agent, link, still, self._told, self._on_read)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._gone(agent, older)
        self._arrived(session)
        try:
            await session.run(welcome)
        finally:
            self._serving.discard(task)
            if self._sessions.get(agent) is session:
                self._gone(agent, session)
                log.info("an agent went away", agent=agent)
            session.over()

    def _arrived(self, session: Session) -> None:
        session.states.update(self._away.get(session.name, {}))
        self._sessions[session.name] = session
        self._tell_news()
        log.info("an agent is here", agent=session.name)

    def _gone(self, agent: str, session: Session | None) -> None:
        """Its readers are lost; what was known of them is kept."""
        if session is None:
            return
        del self._sessions[agent]
        lost = {name: away(state) for name, state in session.states.items()}
        self._away[agent] = lost
        for name, state in lost.items():
            for change in changes(session.states[name], state):
                self._told(ReaderEvent(change=change, state=state))

    def _tell_news(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _told(self, event: ReaderEvent) -> None:
        self._learned.set()
        if self._open:
            self._on_event(event)

    async def _keep(self) -> None:
        """Keep the names of the readers, seldom and beside the loop, whatever the agents do."""
        while True:
            await self._learned.wait()
            await asyncio.sleep(KEPT_AFTER_S)
            self._learned.clear()
            await asyncio.to_thread(self._write, self._seen())

    def _seen(self) -> _Seen:
        known = self._away | {session.name: session.states for session in self._sessions.values()}
        paired = self._paired()
        return _Seen({one: {s.name: s.driver for s in known[one].values()} for one in sorted(known) if one in paired})

    def _write(self, seen: _Seen) -> None:
        if seen == _read(self._path):
            return
        try:
            files.replace(self._path, msgspec.json.format(msgspec.json.encode(seen)) + b"\n")
        except OSError as error:  # a disk that is full costs names in a list, not a reader
            log.warning("the agents' readers cannot be kept", **located(error))


def _read(path: Path) -> _Seen:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Seen)
    except (OSError, msgspec.DecodeError):
        return _Seen({})  # not kept yet, or damaged: the agents will say it again
