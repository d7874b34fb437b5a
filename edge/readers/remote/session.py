"""SHELL: one agent that is connected now: its readers, and the reads that the edge has asked it for.

A read ends when the agent answers, when its time is over, or when the line ends, whatever the agent does meanwhile. Answers and events are taken
in the order in which they came: a reader's ``removed`` is told after the reads that ended before it have ended here as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import count

import structlog
from msgspec import structs

from central_sync.wire.refusals import Refused
from edge.log import located
from edge.readers import Change, OnEvent, ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.remote import codec
from edge.readers.remote.limits import (
    ANSWER_GRACE_S,
    MADE_AT_ONCE_MAX,
    MADE_PER_S_MAX,
    READERS_PER_AGENT_MAX,
    READS_UNDER_WAY_MAX,
    STILL_PAIRED_LOOK_EVERY_S,
)
from edge.readers.remote.link import Link
from edge.readers.remote.pace import Pace

log = structlog.get_logger()

OnRead = Callable[[str, ReaderState, CardIdentity], bool]
"""Told of a read that was made at the agent: its read id, the reader, who; whether it is taken as a proof of presence."""


@dataclass(slots=True)
class _Asked:
    photo: bool
    answer: asyncio.Future[CardIdentity]
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class LineEnded(Exception):
    """The line ended before the agent had answered."""


class Session:
    """The agent ``name`` over ``link``. ``still``: whether it is still paired."""

    def __init__(self, name: str, link: Link, still: Callable[[], bool], on_event: OnEvent, on_read: OnRead) -> None:
        self.name = name
        self.states: dict[str, ReaderState] = {}
        self._link = link
        self._still = still
        self._on_event = on_event
        self._on_read = on_read
        self._asked: dict[int, _Asked] = {}
        self._numbers = count()
        self._made_pace = Pace(MADE_AT_ONCE_MAX, MADE_PER_S_MAX)

    async def run(self, welcome: codec.Welcome) -> None:
        """Serve the line until it ends."""
        self._link.say(welcome)
        looking = asyncio.create_task(self._look(), name=f"agent {self.name}, still paired")
        try:
            async with aclosing(self._link.frames()) as frames:
                async for content in frames:
                    if self._link.ended or not self._still():
                        break
                    await self._take(codec.from_agent(content))
        except codec.Nonsense as error:
            log.warning("an agent says nonsense and is cut off", agent=self.name, detail=str(error))
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    def end(self) -> None:
        """End the line."""
        self._link.end()

    def over(self) -> None:
        """The line has ended, and everybody knows: let those who wait for it go."""
        for asked in self._asked.values():
            if not asked.answer.done():
                _refuse(asked, LineEnded())

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        """The card on ``reader`` (as the agent calls it).

        Raises:
            Refused: what the agent refused with; ``reader_lost`` when it does not answer in time; ``reader_busy``.
            LineEnded: it is for the caller to wait until the agent is back.
        """
        if len(self._asked) >= READS_UNDER_WAY_MAX:
            raise Refused("reader_busy", f"over {READS_UNDER_WAY_MAX} reads at one computer")
        number = next(self._numbers)
        asked = _Asked(wanted.photo, asyncio.get_running_loop().create_future())
        self._asked[number] = asked
        self._link.say(codec.ReadAsked(number=number, reader=reader, deadline_s=deadline_s, photo=wanted.photo))
        answered = False
        try:
            async with asyncio.timeout(deadline_s + ANSWER_GRACE_S):
                identity = await asked.answer
            answered = True
        except (Refused, LineEnded):
            answered = True
            raise
        except TimeoutError as error:
            raise Refused("reader_lost", "its computer did not answer in time") from error
        finally:
            del self._asked[number]
            asked.ended.set()
            if not answered:
                self._link.say(codec.ReadDropped(number=number))
        return codec.trusted_identity(identity, photo=wanted.photo)

    async def _take(self, said: codec.FromAgent) -> None:
        match said:
            case codec.ReadersAre():
                await self._link.rest(self._now(said.readers))
            case codec.Happened():
                self._happened(said.change, codec.trusted_state(self.name, said.state))
            case codec.ReadDone():
                await self._answered(said.number, said.identity)
            case codec.ReadFailed():
                await self._answered(said.number, codec.trusted_refusal(said.code, said.detail))
            case codec.ReadMade():
                self._made(said)

    async def _answered(self, number: int, answer: CardIdentity | Refused) -> None:
        """Give the answer to who waits for it, if anybody still does, and let that end before anything else is taken."""
        asked = self._asked.get(number)
        if asked is None or asked.answer.done():
            return
        if isinstance(answer, Refused):
            _refuse(asked, answer)
        else:
            asked.answer.set_result(answer)
        await asked.ended.wait()

    def _now(self, readers: list[ReaderState]) -> int:
        """The whole list: what differs from what we knew is told as if it had happened now; how much that was. A reader that is no longer
        named is lost.
        """
        now = {state.name: state for state in (codec.trusted_state(self.name, one) for one in readers)}
        before, self.states = self.states, now
        gone = [state for name, state in before.items() if name not in now]
        return sum(self._differs(state, away(state)) for state in gone) + sum(
            self._differs(before.get(name), state) for name, state in now.items()
        )

    def _differs(self, before: ReaderState | None, now: ReaderState) -> int:
        found = changes(before, now)
        for change in found:
            self._tell(change, now)
        return len(found)

    def _happened(self, change: Change, state: ReaderState) -> None:
        if state.name not in self.states and len(self.states) >= READERS_PER_AGENT_MAX:
            raise codec.Nonsense(f"over {READERS_PER_AGENT_MAX} readers")
        self.states[state.name] = state
        self._tell(change, state)

    def _made(self, said: codec.ReadMade) -> None:
        reader = codec.named(self.name, said.reader)
        if not self._made_pace.allows(asyncio.get_running_loop().time()):
            return
        try:
            identity = codec.trusted_identity(said.identity, photo=False)
        except Refused as refusal:
            log.warning(
                "an agent tells of a card that no reader of ours would let through", agent=self.name, code=refusal.code
            )
            return
        state = self.states.get(reader)
        if state is None:
            return
        state = structs.replace(state, card_present=state.card_present and said.lies)
        if self._on_read(said.read_id, state, identity):
            self._link.say(codec.ReadNoted(read_id=said.read_id))

    def _tell(self, change: Change, state: ReaderState) -> None:
        try:
            self._on_event(ReaderEvent(change=change, state=state))
        except Exception as error:  # noqa: BLE001 - whoever listens to events may fail, and the agent's readers stay
            log.error("an event of an agent's reader was not taken", agent=self.name, **located(error))

    async def _look(self) -> None:
        while self._still():  # noqa: ASYNC110 - a file that another program writes
            await asyncio.sleep(STILL_PAIRED_LOOK_EVERY_S)
        self._link.end()


def _refuse(asked: _Asked, refusal: Refused | LineEnded) -> None:
    asked.answer.set_exception(refusal)
    asked.answer.exception()  # it may be that nobody waits for it any more, which is no fault


def away(state: ReaderState) -> ReaderState:
    """``state`` of a reader whose agent is away."""
    return ReaderState(name=state.name, driver=state.driver, connected=False, card_present=False, trouble="agent_away")


def changes(before: ReaderState | None, now: ReaderState) -> list[Change]:
    """What is to be told of a reader that was ``before`` and is ``now``, in order."""
    connected, present = (before.connected, before.card_present) if before else (False, False)
    told = []
    if present and not now.card_present:
        told.append(Change.REMOVED)
    if connected != now.connected:
        told.append(Change.READER_BACK if now.connected else Change.READER_LOST)
    if now.card_present and not present:
        told.append(Change.INSERTED)
    return told
