"""SHELL: the agent's line to its edge: always open, or about to be opened again.

The agent connects, so that its address may change and its sleep does no harm: whatever ends the line, it is tried again after a while that doubles
up to ``RETRY_CAP_S``. The edge proves itself by the certificate that was pinned at the pairing; nothing is sent to any other. Reads that
the edge asks for run here and end with the line. What happens at the readers is told in the order in which it happened.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import aiohttp
import structlog
from aiohttp import hdrs

from central_sync.wire.refusals import Refused
from edge.agent import pairing
from edge.agent.pairing import Pairing, PairingFailed
from edge.agent.settings import Settings
from edge.log import located
from edge.readers import Driver, ReaderEvent, ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.remote import codec
from edge.readers.remote.limits import (
    CLOSE_WAIT_S,
    CONNECT_S_MAX,
    HEARTBEAT_S,
    MESSAGE_BYTES_MAX,
    NOTED_WAIT_S,
    READS_UNDER_WAY_MAX,
    RETRY_CAP_S,
    RETRY_FIRST_S,
    SETTLED_AFTER_S,
    STATES_LOOK_EVERY_S,
)
from edge.readers.remote.link import Link
from edge.readers.remote.pairing import LINE_PATH
from edge.retry import Backoff

BACKOFF = Backoff(RETRY_FIRST_S, RETRY_CAP_S)
log = structlog.get_logger()


class EdgeLine:
    """The line of the PC whose data directory is ``folder``. ``drivers``: its readers. ``chance`` draws from [0, 1)."""

    def __init__(
        self, folder: Path, settings: Settings, drivers: Sequence[Driver], chance: Callable[[], float] = random.random
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._drivers = drivers
        self._chance = chance
        self._link: Link | None = None
        self._told: dict[str, ReaderState] = {}
        self._reads: dict[int, asyncio.Task[None]] = {}
        self._noted: dict[str, asyncio.Event] = {}
        self._trying: asyncio.Task[None] | None = None
        self.trouble = "not tried yet"
        self.paired: Pairing | None = None

    @property
    def up(self) -> bool:
        """Whether the edge hears us."""
        return self._link is not None

    async def start(self) -> None:
        """Begin to try."""
        self._trying = asyncio.create_task(self._try_for_ever(), name="line to the edge")

    async def stop(self) -> None:
        """End the line."""
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.gather(self._trying, return_exceptions=True)
            self._trying = None

    def tell(self, event: ReaderEvent) -> None:
        """Something happened at a reader."""
        if self._link is not None:
            self._told[event.state.name] = event.state
            self._link.say(codec.Happened(change=event.change, state=event.state))

    async def note(self, read_id: str, reader: str, identity: CardIdentity, *, lies: bool = True) -> bool:
        """Tell the edge of a read that was made here; whether it knows it before a little while is over. ``lies``: its
        card is still there.
        """
        if self._link is None:
            return False
        noted = self._noted[read_id] = asyncio.Event()
        self._link.say(codec.ReadMade(read_id=read_id, reader=reader, identity=identity, lies=lies))
        try:
            async with asyncio.timeout(NOTED_WAIT_S):
                await noted.wait()
        except TimeoutError:
            return False
        finally:
            self._noted.pop(read_id, None)
        return True

    async def _try_for_ever(self) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            try:
                trouble = await self._once()
            except Exception as error:  # noqa: BLE001 - whatever it is, a PC whose clerk restarts nothing has to come back by itself
                log.error("the line to the edge failed inside", **located(error))
                trouble = "a fault in this program"
            if trouble != self.trouble:
                log.warning("the edge is not reached", detail=trouble)
            self.trouble = trouble
            failures = 1 if loop.time() - began >= SETTLED_AFTER_S else failures + 1
            again_at = BACKOFF.next_at(failures, loop.time(), self._chance())
            await asyncio.sleep(max((again_at or 0) - loop.time(), 0))

    async def _once(self) -> str:
        """One line from its opening to its end; what ended it, or kept it from being opened."""
        try:
            paired = pairing.load(self._folder)
        except PairingFailed as error:
            return str(error)
        self.paired = paired
        if paired is None:
            return "this computer is not paired: pishkhan-edge agent pair"
        source = (self._settings.connect_from, 0) if self._settings.connect_from else None
        url = (self._settings.edge_url or paired.edge_url).rstrip("/") + LINE_PATH
        try:
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(local_addr=source),
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S_MAX, sock_connect=CONNECT_S_MAX),
            ) as client:
                async with asyncio.timeout(CONNECT_S_MAX):
                    socket = await self._opened(client, url, paired)
                try:
                    await self._serve(Link(socket))
                finally:
                    await _closed(socket)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return _why(error)
        return "the edge ended the line"

    async def _opened(
        self, client: aiohttp.ClientSession, url: str, paired: Pairing
    ) -> aiohttp.ClientWebSocketResponse:
        return await client.ws_connect(
            url,
            headers={hdrs.AUTHORIZATION: f"Bearer {paired.name}:{paired.key}"},
            ssl=aiohttp.Fingerprint(paired.pin),
            heartbeat=HEARTBEAT_S,
            autoping=False,
            max_msg_size=MESSAGE_BYTES_MAX,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WAIT_S),
        )

    async def _serve(self, link: Link) -> None:
        self._link = link
        self._say_all()
        looking = asyncio.create_task(self._look(), name="readers that changed")
        try:
            async with aclosing(link.frames()) as frames:
                async for content in frames:
                    self._take(link, codec.from_edge(content))
        except codec.Nonsense as error:
            log.warning("the edge says nonsense", detail=str(error))
        finally:
            self._link = None
            reads = tuple(self._reads.values())
            for task in (looking, *reads):
                task.cancel()
            await asyncio.gather(looking, *reads, return_exceptions=True)

    def _take(self, link: Link, said: codec.FromEdge) -> None:
        match said:
            case codec.Welcome():
                self.trouble = ""
                log.info("the edge hears this computer")
            case codec.ReadAsked():
                self._begin(link, said)
            case codec.ReadDropped():
                if (task := self._reads.get(said.number)) is not None:
                    task.cancel()
            case codec.ReadNoted():
                if (noted := self._noted.get(said.read_id)) is not None:
                    noted.set()

    def _begin(self, link: Link, asked: codec.ReadAsked) -> None:
        if len(self._reads) >= READS_UNDER_WAY_MAX or asked.number in self._reads:
            link.say(codec.ReadFailed(number=asked.number, code="reader_busy"))
            return
        task = asyncio.create_task(self._read(link, asked), name="read for the edge")
        self._reads[asked.number] = task
        task.add_done_callback(lambda _: self._reads.pop(asked.number, None))

    async def _read(self, link: Link, asked: codec.ReadAsked) -> None:
        """Read for the edge, by the driver itself: the edge judges the card, and has its own queue."""
        driver = next((one for one in self._drivers if any(s.name == asked.reader for s in one.states())), None)
        try:
            if driver is None:
                raise Refused("reader_unknown")
            identity = await driver.read(asked.reader, asked.deadline_s, Wanted(photo=asked.photo))
        except Refused as refusal:
            link.say(codec.ReadFailed(number=asked.number, code=refusal.code, detail=refusal.detail))
        except Exception as error:  # noqa: BLE001 - a fault in a driver ends this read, not the line
            log.error("a reader's driver failed", reader=asked.reader, **located(error))
            link.say(codec.ReadFailed(number=asked.number, code="reader_failed"))
        else:
            link.say(codec.ReadDone(number=asked.number, identity=identity))

    async def _look(self) -> None:
        """Tell of what changed without an event: a trouble, a reader that is new."""
        while True:
            await asyncio.sleep(STATES_LOOK_EVERY_S)
            if self._states() != self._told:
                self._say_all()

    def _say_all(self) -> None:
        if self._link is not None:
            self._told = self._states()
            self._link.say(codec.ReadersAre(readers=list(self._told.values())))

    def _states(self) -> dict[str, ReaderState]:
        return {state.name: state for driver in self._drivers for state in driver.states()}


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Close the socket, whether or not the other side is there to agree."""
    try:
        async with asyncio.timeout(2 * CLOSE_WAIT_S):
            await socket.close()
    except (OSError, TimeoutError, RuntimeError, aiohttp.ClientError):
        pass  # it is gone


def _why(error: Exception) -> str:
    """What a technician is told."""
    match error:
        case aiohttp.ServerFingerprintMismatch():
            return "another certificate answers there than the one that was paired with; nothing was sent"
        case aiohttp.WSServerHandshakeError(status=401):
            return "the edge does not know this computer any more: pair it again"
        case aiohttp.WSServerHandshakeError(status=status):
            return f"the edge refuses the line (HTTP {status})"
        case TimeoutError():
            return "the edge does not answer in time"
        case _:
            return f"the edge cannot be reached ({type(error).__name__})"
