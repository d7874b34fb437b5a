"""SHELL: the door before the intake: while maintenance lasts, what is new is refused with ``maintenance`` and when to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from central_sync.wire.catalogue import BY_NUMBER
from edge.calls import Call, Reply
from edge.errors import JournalUnavailable
from edge.maintenance.window import GOES_ON, Window
from edge.outcome import Outcome

REFUSAL = "maintenance"


class Handles(Protocol):
    """What is behind the door."""

    async def handle(self, call: Call) -> Reply:
        """Decide a call within its deadline; never raises for what the caller did."""
        ...

    def at_once(self, call: Call, told: Callable[[Reply], None]) -> bool:
        """Take the call on without waiting, if it can be."""
        ...


class Pause:
    """``window``: what is announced; ``known``: whether the journal has a transaction of that msgid."""

    def __init__(
        self,
        intake: Handles,
        window: Callable[[], Window | None],
        known: Callable[[str], Awaitable[bool]],
        clock: Callable[[], datetime],
    ) -> None:
        self._intake = intake
        self._window = window
        self._known = known
        self._clock = clock
        self.called_at: datetime | None = None
        """When the last call came."""

    async def handle(self, call: Call) -> Reply:
        """As the intake's, but for what maintenance refuses."""
        window, now = self._window(), self._clock()
        self.called_at = now
        if window is None or not window.lasts(now):
            return await self._intake.handle(call)
        row = BY_NUMBER.get(call.number)
        if row is None or call.number in GOES_ON or (row.journaled and await self._is_known(call)):
            return await self._intake.handle(call)
        return Reply(
            outcome=Outcome.REFUSED, msgid=call.msgid, number=row.number, code=REFUSAL, detail=f"until {window.end:%Y-%m-%dT%H:%M:%SZ}",
            retry_after_s=window.left_s(self._clock()),
        )  # fmt: skip

    def at_once(self, call: Call, told: Callable[[Reply], None]) -> bool:
        """As the intake's, while there is no maintenance."""
        window, now = self._window(), self._clock()
        if window is not None and window.lasts(now):
            return False
        self.called_at = now
        return self._intake.at_once(call, told)

    async def _is_known(self, call: Call) -> bool:
        """A copy of what the journal has is told how that stands; so is one that the journal cannot be asked about."""
        try:
            async with asyncio.timeout(call.deadline_ms / 2000):
                return await self._known(call.msgid)
        except (JournalUnavailable, TimeoutError):
            return True
