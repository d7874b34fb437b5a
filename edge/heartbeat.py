"""SHELL: the sign of life for systemd: given only while intake and journal really work.

Each beat goes the way of a call: through intake's checks (with a number that no catalogue has, so that nothing is kept and nobody is
asked), through the journal's writer behind everything that waits there, and through its reader. What hangs anywhere on that way gives no
beat, and systemd starts the edge again; nothing accepted is lost by that.

A disk that is full is no reason: the edge answers with refusals, which a new start would only interrupt. A disk that fails without
being full is given some minutes; then a new start is the one thing that may help without a hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date

import structlog

from edge.calls import Call, Context
from edge.errors import JournalUnavailable
from edge.firmware.defaults import JOURNAL_UNUSABLE_S_MAX, WATCHDOG_ANSWER_S_MAX
from edge.firmware.notify import Notify
from edge.intake import Intake
from edge.journal import Journal
from edge.log import located

BEATS_PER_WATCH = 3
NOBODY = "watchdog"
log = structlog.get_logger(__name__)


class Heartbeat:
    """``full``: whether the disk is known to be full."""

    def __init__(
        self,
        notify: Notify,
        probe: Callable[[], Awaitable[None]],
        full: Callable[[], bool],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._notify = notify
        self._probe = probe
        self._full = full
        self._now = now
        self._unusable_since: float | None = None
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Say that the edge is ready, and beat as often as systemd wants it."""
        self._notify.ready()
        watch_s = self._notify.watchdog_s
        if watch_s is not None:
            self._beating = asyncio.create_task(self._beat_on(watch_s / BEATS_PER_WATCH), name="heartbeat")

    async def stop(self) -> None:
        """Say that the edge ends."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        self._notify.say("STOPPING=1")

    async def beat(self) -> bool:
        """Look once, and give the sign if all works; whether it was given."""
        if not await self._works():
            log.error("no sign of life is given: intake or the journal does not work")
            return False
        self._notify.alive()
        return True

    async def _works(self) -> bool:
        try:
            async with asyncio.timeout(WATCHDOG_ANSWER_S_MAX):
                await self._probe()
        except JournalUnavailable as error:
            began = self._unusable_since = self._unusable_since or self._now()
            log.warning("the journal cannot be used", **located(error))
            return self._full() or self._now() - began < JOURNAL_UNUSABLE_S_MAX
        except Exception as error:  # noqa: BLE001 - whatever it is, the way of a call is broken, and it is told
            log.error("the way of a call is broken", **located(error))
            return False
        self._unusable_since = None
        return True

    async def _beat_on(self, every_s: float) -> None:
        while True:
            try:
                await self.beat()
            except OSError as error:
                log.error("systemd does not take the sign of life", **located(error))
            await asyncio.sleep(every_s)


def through(intake: Intake, journal: Journal) -> Callable[[], Awaitable[None]]:
    """The way of a call, without one."""
    context = Context(institution=NOBODY, operator=NOBODY, workstation=NOBODY, business_day=date.min)
    call = Call(number=NOBODY, packet=b"{}", msgid=NOBODY, deadline_ms=WATCHDOG_ANSWER_S_MAX * 1000, context=context)

    async def probe() -> None:
        reply = await intake.handle(call)
        if not reply.code:
            raise RuntimeError("intake took a call that nobody made")
        await journal.settling()
        await journal.find(NOBODY, NOBODY)
        if not journal.writable:
            raise JournalUnavailable("the last try to write failed")

    return probe
