"""SHELL: a row of edge.toml with ``driver = "pcsc"``: which readers it means, and that somebody always watches them.

``address`` is a reader's name in the service (``pishkhan-edge readers`` shows it), the beginning of one, or a pattern with ``*`` and ``?``: then the row is
one reader, the first that suits, and another that suits when that one is gone. pcscd numbers its readers by the order in which they are plugged in
(``… 01 00``), so a beginning with the serial number is what lasts. An ``address`` that is empty or ``*`` means every reader: each is called
``row/name-of-the-reader``.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog

from central_sync.wire.refusals import Refused
from edge.readers import STOP_S_MAX, OnEvent, ReaderState, Wanted
from edge.readers.cards import kinds
from edge.readers.cards.identity import CardIdentity
from edge.readers.pcsc import codec
from edge.readers.pcsc.desk import DRIVER, Desk, lost
from edge.readers.pcsc.monitor import Monitor, Picture
from edge.readers.pcsc.standing import standing
from edge.readers.pcsc.worker import Identify

LOOK_S = 0.5
SILENT_S_MAX = 5.0
"""A monitor that does not move for so long hangs in a call, and with it the service: it moves every second."""
MONITORS_LEFT_MAX = 3
READERS_SEEN_MAX = 64
ENDING_S_MAX = STOP_S_MAX / 3
log = structlog.get_logger()


class PcscReaders:
    """The readers that one row means."""

    driver = DRIVER

    def __init__(self, name: str, address: str, on_event: OnEvent, identify: Identify = kinds.identify) -> None:
        self.name = name
        self._address = address
        self._on_event = on_event
        self._identify = identify
        self._desks: dict[str, Desk] = {}
        self._named: dict[str, str] = {}
        self._trouble = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._monitor: Monitor | None = None
        self._left: list[Monitor] = []
        self._supervisor: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch."""
        self._loop = asyncio.get_running_loop()
        self._desks.clear()
        self._named.clear()
        if self._address not in codec.EVERY:
            self._add(self.name)
        self._watch()
        self._supervisor = asyncio.create_task(self._supervise(), name=f"reader {self.name}")

    async def stop(self) -> None:
        """End watching and the reads under way; what hangs is left behind."""
        if self._supervisor is None:
            return
        self._supervisor.cancel()
        await asyncio.gather(self._supervisor, return_exceptions=True)
        self._supervisor = None
        for desk in self._desks.values():
            desk.stop()
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            monitor.leave()
            until = time.monotonic() + ENDING_S_MAX
            while monitor.alive and time.monotonic() < until:  # noqa: ASYNC110 - a thread that may hang sets no event
                await asyncio.sleep(0.01)

    def states(self) -> list[ReaderState]:
        """The readers of this row that were ever seen; the row itself as long as there was none."""
        if self._desks:
            return [desk.state() for desk in self._desks.values()]
        return [ReaderState(name=self.name, driver=DRIVER, connected=False, card_present=False, trouble=self._trouble)]

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        """The card on ``reader``, waiting for it at most ``deadline_s`` seconds.

        Raises:
            Refused: one of ``READ_REFUSALS``.
        """
        if reader in self._desks:
            return await self._desks[reader].read(deadline_s, wanted)
        if reader == self.name and not self._desks:
            raise lost(self._trouble)
        raise Refused("reader_unknown")

    def _add(self, name: str) -> Desk:
        self._desks[name] = Desk(name, self._on_event, self._identify, self._on_loop)
        return self._desks[name]

    def _on_loop(self, work: Any, *arguments: Any) -> None:
        """Call ``work`` in the loop, from any thread."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(work, *arguments)
        except RuntimeError:
            log.info("a card reader's thread outlived the program's loop", driver=DRIVER)

    def _watch(self) -> None:
        self._monitor = Monitor(lambda monitor, picture: self._on_loop(self._see, monitor, picture))
        self._monitor.start()

    async def _supervise(self) -> None:
        """Revive what watches, whatever became of it."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._left = [monitor for monitor in self._left if monitor.alive]
            monitor = self._monitor
            if monitor is None:
                if len(self._left) < MONITORS_LEFT_MAX:
                    self._watch()
            elif monitor.done:
                return
            elif not monitor.alive or time.monotonic() - monitor.beat > SILENT_S_MAX:
                log.error("nobody watches the card readers any more; beginning anew", reader=self.name, driver=DRIVER)
                self._see(monitor, Picture({}, "service_down"))
                self._monitor = None
                self._left.append(monitor)
                monitor.leave()

    def _see(self, monitor: Monitor, picture: Picture) -> None:
        """In the loop: what the monitor saw."""
        if monitor is not self._monitor:
            return
        self._trouble = picture.trouble or "reader_absent"
        if self._address not in codec.EVERY:
            self._see_one(picture)
            return
        for source in picture.readers:
            if source not in self._named and len(self._named) < READERS_SEEN_MAX:
                name = f"{self.name}/{codec.slug(source, {name.partition('/')[2] for name in self._desks})}"
                self._named[source] = name
                self._add(name)
        for source, name in self._named.items():
            self._desks[name].see(standing(source, picture.readers.get(source), picture.trouble))

    def _see_one(self, picture: Picture) -> None:
        desk = self._desks[self.name]
        source = desk.source
        if source not in picture.readers or not picture.readers[source].connected:
            suiting = codec.chosen(self._address, (name for name, sight in picture.readers.items() if sight.connected))
            source = suiting[0] if suiting else source
        desk.see(standing(source, picture.readers.get(source), picture.trouble))
