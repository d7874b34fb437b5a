"""SHELL: the thread that looks at all readers. It touches no card, and goes on when the service dies and when it comes back.

It tells the whole picture each time something looks different. Its :attr:`Monitor.beat` moves every ``ROUND_MS`` at least: who sees it stand still
knows that a call hangs, and leaves the thread behind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import structlog

from edge.log import located
from edge.readers.pcsc import codec
from edge.readers.pcsc.codec import PNP, Sight
from edge.readers.pcsc.service import Context, LibraryMissing, ServiceError, library

ROUND_MS = 1000
PAUSE_S_MIN = 0.1
PAUSE_S_MAX = 1.0
FORBIDDEN_TIMES = 3
CANCEL_PAUSE_S = 0.05
log = structlog.get_logger()


class Picture(NamedTuple):
    """All readers as they are seen, by the service's names; ``trouble`` if none can be."""

    readers: dict[str, Sight]
    trouble: str = ""


class Monitor:
    """One watching thread; ``tell`` is called in it."""

    def __init__(self, tell: Callable[[Monitor, Picture], None]) -> None:
        self._tell = tell
        self._over = threading.Event()
        self._context: Context | None = None
        self._thread: threading.Thread | None = None
        self._last: Picture | None = None
        self._forbidden = 0
        self.beat = 0.0
        self.done = False

    def start(self) -> None:
        """Begin to watch."""
        self.beat = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="pcsc monitor", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether somebody watches."""
        return self._thread is not None and self._thread.is_alive()

    def leave(self) -> None:
        """Let the thread end as soon as it can. Returns at once."""
        self._over.set()
        threading.Thread(target=self._cancel, name="pcsc cancel", daemon=True).start()

    def _cancel(self) -> None:
        """Again and again, for a call that is not waiting yet hears nothing."""
        until = time.monotonic() + ROUND_MS / 1000
        while self.alive and time.monotonic() < until:
            context = self._context
            if context is not None:
                context.cancel()
            time.sleep(CANCEL_PAUSE_S)

    def _run(self) -> None:
        try:
            scard = library()
        except LibraryMissing:
            self.done = True
            self._say(Picture({}, "library_missing"))
            return
        pause_s = PAUSE_S_MIN
        while not self._over.is_set():
            began = time.monotonic()
            try:
                self._watch(scard)
            except ServiceError as error:
                self._say(Picture({}, self._trouble(error.code)))
            except Exception as error:  # noqa: BLE001 - whatever the library raises, readers must be found again later
                log.error("watching card readers failed", driver="pcsc", **located(error))
                self._say(Picture({}, "reader_failed"))
            self.beat = time.monotonic()
            pause_s = PAUSE_S_MIN if self.beat - began > ROUND_MS / 1000 else min(2 * pause_s, PAUSE_S_MAX)
            self._over.wait(pause_s)

    def _watch(self, scard: Any) -> None:
        """Watch until the service fails or nobody wants to know any more."""
        context = self._context = Context.begun(scard)
        self._forbidden = 0
        try:
            known: dict[str, int] = {PNP: 0}
            while not self._over.is_set():
                self.beat = time.monotonic()
                names = context.readers()
                known = {PNP: known[PNP], **{name: known.get(name, 0) for name in names}}
                found = self._changed(context, known)
                if found is None:
                    continue
                known = found
                self._say(Picture({name: codec.sight(state) for name, state in known.items() if name != PNP}))
        finally:
            self._context = None
            context.release()

    def _trouble(self, code: int) -> str:
        """What is wrong. A service that dies or starts while we knock also seems to forbid us, so that is believed late."""
        trouble = codec.trouble(code)
        self._forbidden = self._forbidden + 1 if trouble == "reader_forbidden" else 0
        return trouble if self._forbidden == 0 or self._forbidden >= FORBIDDEN_TIMES else "service_down"

    def _changed(self, context: Context, known: dict[str, int]) -> dict[str, int] | None:
        try:
            return context.changes(known, ROUND_MS)
        except ServiceError as error:
            if error.code in (codec.UNKNOWN_READER, codec.READER_UNAVAILABLE):
                return None  # one left since they were listed: list them again
            raise

    def _say(self, picture: Picture) -> None:
        if picture != self._last and not self._over.is_set():
            self._last = picture
            self._tell(self, picture)
