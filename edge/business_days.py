"""SHELL: a business day begun and ended, for every face and for the desk's page: the cycle is opened here, line or no line, and its 9001 follows.

A cycle whose 9001 the hub has refused for good is closed at once: its msgid is used up, and the next beginning signs in with another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NAME
from edge.audit import Audit
from edge.calls import Call, Context, Reply
from edge.cycles import Cycle, Cycles
from edge.outcome import Outcome

SIGN_IN_DEADLINE_MS = 3_000

_NOT_KEPT = frozenset({"clock_wrong", "journal_full", "journal_unavailable", "shutting_down"})
"""Refusals of a transaction that was not taken on: its msgid is still free. A cycle that others work in goes on; 9001 follows with the
next beginning.
"""


class Handles(Protocol):
    """The one door behind every face."""

    async def handle(self, call: Call) -> Reply:
        """Decide a call within its deadline; never raises for what the caller did."""
        ...


class Begun(NamedTuple):
    """A cycle and what became of its 9001. ``token``: empty where nobody asked for one. ``refused``: for good; the cycle is closed again."""

    cycle: Cycle
    token: str
    reply: Reply
    refused: bool


class BusinessDays:
    """The days of all workstations of ``institution``."""

    def __init__(
        self, institution: str, intake: Handles, cycles: Cycles, audit: Audit, clock: Callable[[], datetime]
    ) -> None:
        self._institution = institution
        self._intake = intake
        self._cycles = cycles
        self._audit = audit
        self._clock = clock

    def today(self, workstation: str, operator: str) -> Cycle | None:
        """The cycle of today that is open there."""
        return self._cycles.today(workstation, operator, self._clock())

    async def begin(self, workstation: str, operator: str, key_sha256: str, *, token: bool) -> Begun:
        """Open the day, or join it; ``key_sha256`` proves the workstation's key.

        Raises:
            JournalUnavailable: it could not be kept.
        """
        now = self._clock()
        cycle, made = await self._cycles.open(workstation, operator, key_sha256, now, token=token)
        reply = await self._intake.handle(sign_in(self.context(cycle), cycle.sign_in_msgid))
        refused = reply.outcome is Outcome.REFUSED and reply.code not in _NOT_KEPT
        if refused:
            await self._cycles.close(cycle)
            self._audit.note("sign_in_refused", self._clock(), workstation=workstation, code=reply.code)
        else:
            self._audit.note("signed_in", self._clock(), workstation=workstation, operator=operator)
        return Begun(cycle, made, reply, refused)

    async def end(self, cycle: Cycle, deadline_ms: int) -> Reply:
        """9002; unless it is refused, the cycle has ended."""
        reply = await self._intake.handle(sign_out(self.context(cycle), cycle.sign_out_msgid, deadline_ms))
        if reply.outcome is not Outcome.REFUSED:
            await self._cycles.close(cycle)
            self._audit.note("signed_out", self._clock(), workstation=cycle.workstation, operator=cycle.operator)
        return reply

    def context(self, cycle: Cycle) -> Context:
        """Who calls, in ``cycle``."""
        return Context(
            institution=self._institution,
            operator=cycle.operator,
            workstation=cycle.workstation,
            business_day=cycle.business_day,
        )


def sign_in(context: Context, msgid: str) -> Call:
    """9001 of the context's business day."""
    return _call("sign_in", p.SignIn(business_day=context.business_day), context, msgid, SIGN_IN_DEADLINE_MS)


def sign_out(context: Context, msgid: str, deadline_ms: int) -> Call:
    """9002 of the context's business day."""
    return _call("sign_out", p.SignOut(business_day=context.business_day), context, msgid, deadline_ms)


def _call(name: str, request: p.Request, context: Context, msgid: str, deadline_ms: int) -> Call:
    return Call(
        number=BY_NAME[name].number,
        packet=msgspec.json.encode(request),
        msgid=msgid,
        deadline_ms=deadline_ms,
        context=context,
    )
