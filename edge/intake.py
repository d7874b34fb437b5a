"""SHELL: the one door. A call goes in, a typed reply comes out within its deadline, whatever the line does.

A journaled transaction, step by step: decode; check; append (durable, with its HID); hand to the uplink; wait; at the deadline
decide by its resolution, journaled before it is answered. Rules
    * Bad input is a reply, never an exception.
    * A known msgid with the same digest is never taken on twice: it is told how it stands.
    * What the journal has kept goes to the uplink from the journal's own word, not from the caller's: one that goes away stops nothing.
    * While the line is down, a ``replay`` row is answered as soon as the journal has it. If the line was just tried in vain, nobody
      else waits for the rest of the deadline either.
    * If the journal hangs: not begun, it is refused for good; begun, it is honestly ``in_doubt``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NAME, BY_NUMBER, Resolution, Row
from central_sync.wire.messages import ItemAnswer, Transaction, Verdict
from central_sync.wire.refusals import REFUSALS, Refused
from edge.calls import Call, Profile, Reply
from edge.checks import Presence, check_presence, opened
from edge.deadlines import Clock, Deadlines, Late
from edge.downlink import Downlink
from edge.errors import JournalUnavailable
from edge.events import Events
from edge.forecast import Forecaster
from edge.journal import Appended, Draft, Journal, Standing
from edge.limits import LINE_LOOK_MS, STOP_GRACE_S
from edge.outcome import Outcome
from edge.replies import (
    answered,
    as_query_answer,
    never_seen,
    open_transactions,
    plain,
    refused,
    reply_of,
    whole,
)
from edge.taken import draft_of
from edge.uplink import Uplink
from edge.waiting import Waiting, outcome_event

_log = structlog.get_logger(__name__)


class Intake:
    """Takes calls from every face.

    Args:
        profile: whom the edge was enrolled for.
        journal, uplink, downlink: started by the caller, in that order.
        waiting: the same that the uplink wakes.
        events: told of every outcome decided here.
        skewed: whether the clocks of edge and hub differ too much.
        now: the wall clock.
        presence: what a ``card_read`` is held against; ``None``: nothing can be proven here.
        forecaster: what answers 3101; ``None``: nothing does.
    """

    def __init__(
        self,
        profile: Profile,
        journal: Journal,
        uplink: Uplink,
        downlink: Downlink,
        waiting: Waiting,
        events: Events,
        skewed: Callable[[], bool],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        presence: Presence | None = None,
        forecaster: Forecaster | None = None,
    ) -> None:
        self._profile = profile
        self._journal = journal
        self._uplink = uplink
        self._downlink = downlink
        self._waiting = waiting
        self._events = events
        self._skewed = skewed
        self._now = now
        self._presence = presence
        self._forecaster = forecaster
        self._tasks: set[asyncio.Task[Reply]] = set()
        self._deadlines = Deadlines()
        self._stopping = False
        self._hastening = False
        journal.on_fresh = self._carry

    async def stop(self) -> None:
        """Take no new calls, give those under way a moment, then decide them as at their deadlines. Call before the uplink is stopped."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=STOP_GRACE_S)
        self._hastening = True
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def handle(self, call: Call) -> Reply:
        """The reply to ``call``, within its deadline. Never raises for anything in it."""
        try:
            clock = Clock(call.deadline_ms)
            row, request = self._opened(call)
        except Refused as error:
            known = BY_NUMBER.get(call.number)
            return refused(call.msgid, known.number if known else call.number, error.code, error.detail)
        if row.resolution is Resolution.REPLAY and self._may_note():
            return await self._guarded(call, row, self._noted(call, row, request, clock))
        task = asyncio.create_task(self._guarded(call, row, self._business(call, row, request, clock)), name="call")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait({task}, timeout=max(0.0, clock.last - time.monotonic()))
        if task.done():
            return task.result()
        if not row.journaled:
            return refused(call.msgid, row.number, "forecast_unavailable" if row.at_edge else "line_down")
        if clock.kept is not None:
            return reply_of(clock.kept)
        return Reply(outcome=Outcome.IN_DOUBT, msgid=call.msgid, number=row.number, ticket=call.msgid)

    def at_once(self, call: Call, told: Callable[[Reply], None]) -> bool:
        """Take on, without a task, a call that is done when the journal has it: ``told`` is called with its reply, once. False: it is none."""
        if not self._may_note():
            return False
        try:
            clock = Clock(call.deadline_ms)
            row, request = self._opened(call)
        except Refused:
            return False
        if row.resolution is not Resolution.REPLAY or call.card_read:
            return False

        def kept(came: Appended | Exception) -> None:
            self._deadlines.done(appending)
            try:
                reply = (
                    self._reply_noted(came.standing) if isinstance(came, Appended) else self._reply_to(came, call, row)
                )
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 -- as in _guarded; and nobody else would tell the caller
                reply = self._reply_to(error, call, row)
            told(reply)

        appending = self._journal.appending(draft_of(call, row, request, self._now()), kept)
        self._deadlines.watch(appending, clock.last)
        return True

    def _may_note(self) -> bool:
        """Whether the line is down for so long that who can arrive late need not wait for it."""
        return self._uplink.down and not self._skewed()

    def _opened(self, call: Call) -> tuple[Row, p.Request]:
        """The catalogue's row and the typed, checked request.

        Raises:
            Refused: for whatever is wrong with the call.
        """
        if self._stopping:
            raise Refused("shutting_down")
        return opened(call, self._profile)

    def _business(self, call: Call, row: Row, request: p.Request, clock: Clock) -> Coroutine[Any, Any, Reply]:
        if isinstance(request, p.Query):
            return self._query(call, row, request, clock)
        if isinstance(request, p.Forecast):
            return self._forecast(call, row, request)
        if row is BY_NAME["uncertain"]:
            return self._uncertain(call, row, request, clock)
        business = self._journaled if row.journaled else self._read
        return business(call, row, request, clock)

    async def _guarded(self, call: Call, row: Row, business: Coroutine[Any, Any, Reply]) -> Reply:
        try:
            return await business
        except Exception as error:  # noqa: BLE001 -- our own fault: the caller still gets a typed answer, which cannot say "not kept"
            return self._reply_to(error, call, row)

    def _reply_to(self, error: BaseException, call: Call, row: Row) -> Reply:
        """What a call is told that ended with ``error``."""
        match error:
            case Refused():
                return refused(call.msgid, row.number, error.code, error.detail)
            case JournalUnavailable():
                return refused(call.msgid, row.number, "journal_unavailable")
        if not isinstance(error, Late):
            _log.error("a call failed inside", number=row.number, exc_info=error)
            if not row.journaled:
                return refused(call.msgid, row.number, "journal_unavailable")
        return Reply(outcome=Outcome.IN_DOUBT, msgid=call.msgid, number=row.number, ticket=call.msgid)

    # -- what is journaled ----------------------------------------------------------------------------------------

    async def _noted(self, call: Call, row: Row, request: p.Request, clock: Clock) -> Reply:
        """The line is down and the row can arrive late: it is done when the journal has it."""
        await self._proven(call, request, clock)
        appending = self._journal.appending(draft_of(call, row, request, self._now()))
        self._deadlines.watch(appending, clock.last)
        try:
            return self._reply_noted((await appending.future).standing)
        finally:
            self._deadlines.done(appending)

    def _reply_noted(self, standing: Standing) -> Reply:
        if self._events.watched:
            self._events.publish(outcome_event(standing, self._now()))
        return reply_of(standing)

    def _carry(self, appended: Appended) -> None:
        """The journal has it: from here on it goes to the hub, whoever waits, in the journal's order. A fence only when its caller's
        deadline is known to be ahead.
        """
        standing = appended.standing
        if not standing.outcome.decided:
            fence = BY_NUMBER[standing.number].resolution is Resolution.FENCE
            self._uplink.carry(standing, appended.size, urgent=fence or not self._uplink.down, dormant=fence)
        if appended.hids_left is not None:
            self._downlink.hids_left(appended.hids_left)

    async def _journaled(self, call: Call, row: Row, request: p.Request, clock: Clock) -> Reply:
        await self._proven(call, request, clock)
        draft = draft_of(call, row, request, self._now())
        if self._skewed() and await self._journal.find(draft.institution, draft.msgid) is None:
            self._downlink.look()
            raise Refused("clock_wrong")
        with self._waiting.enter(call.msgid) as news:
            appended = await self._append(draft, clock)
            standing = clock.kept = appended.standing
            if standing.outcome.decided:
                return reply_of(standing)
            try:
                if not appended.fresh:
                    self._uplink.hurry(standing)
                elif row.resolution is Resolution.FENCE and clock.left() > 0:
                    self._uplink.wake(standing.seq)
                told = await self._news(news, clock, lambda: self._may_give_up(row, standing), standing.seq)
                return reply_of(told or await self._decide(standing, row))
            except Exception:  # noqa: BLE001 -- a fault of ours must not leave it half on its way: what is in doubt is asked about
                _log.exception("a call failed inside after it was kept", number=row.number)
                if row.resolution is Resolution.FENCE:
                    self._uplink.ask(standing)
                return reply_of(standing)

    async def _proven(self, call: Call, request: p.Request, clock: Clock) -> None:
        """Raise ``Refused`` for a proof that does not hold, but for a copy of what the journal has: it was proven then."""
        try:
            check_presence(call, request, self._presence)
        except Refused:
            known = await self._journal.find(self._profile.institution, call.msgid)
            if known is None and await self._after_all(call.msgid, clock) is None:
                raise

    async def _append(self, draft: Draft, clock: Clock) -> Appended:
        """Append within the deadline: a journal that has not even begun is told to leave it; one that has is waited for."""
        appending = self._journal.appending(draft)
        await asyncio.wait({appending.future}, timeout=clock.left())
        if not appending.future.done() and appending.cancel():
            raise JournalUnavailable("the journal did not begin in time")
        return await appending.future

    def _may_give_up(self, row: Row, standing: Standing) -> bool:
        """Whether the outcome without the line would be the same now as at the deadline."""
        return row.resolution is not Resolution.FENCE or self._uplink.unsent(standing.seq)

    async def _decide(self, standing: Standing, row: Row) -> Standing:
        """The time is over and the hub has not decided: what is open is told as it is; a fence that certainly has not left is
        withdrawn, in the journal before anyone is told.
        """
        if row.resolution is Resolution.FENCE and standing.outcome is Outcome.IN_DOUBT:
            why = self._uplink.why(standing.seq)
            if self._uplink.withdraw(standing.seq):
                return await self._withdrawn(standing, why)
            self._uplink.doubt(standing.seq)
        self._uplink.calm(standing.seq)
        self._events.publish(outcome_event(standing, self._now()))
        return standing

    async def _withdrawn(self, standing: Standing, why: str) -> Standing:
        try:
            decided = await self._journal.withdraw(standing.seq, why, self._now())
        except JournalUnavailable:
            decided = None
        if decided is None or not decided.outcome.decided:
            # it is not certain to stay withdrawn if the power fails now: the hub is asked, which stops it there
            self._uplink.ask(standing)
            return standing
        self._waiting.wake([decided])
        self._events.publish(outcome_event(decided, self._now()))
        return decided

    async def _news(
        self, future: asyncio.Future[Any], clock: Clock, may_give_up: Callable[[], bool], key: int = 0
    ) -> Any | None:
        """The future's result, or ``None`` when the deadline or all hope is gone. ``key``: the work that is waited for, as the uplink has it."""
        while True:
            left = clock.left()
            done, _ = await asyncio.wait({future}, timeout=min(left, LINE_LOOK_MS / 1000))
            if done:
                return future.result()
            if (
                left <= 0
                or self._hastening
                or self._uplink.held(key)
                or (self._uplink.hopeless(clock.started, patient=clock.patient()) and may_give_up())
            ):
                return None

    # -- what only reads ------------------------------------------------------------------------------------------

    async def _read(self, call: Call, row: Row, request: p.Request, clock: Clock) -> Reply:
        return self._told(call, row, await self._asked(call, row, request, clock))

    def _told(self, call: Call, row: Row, receipt: ItemAnswer) -> Reply:
        if receipt.verdict is Verdict.REFUSED:
            code = receipt.code if receipt.code in REFUSALS else "hub_fault"
            return refused(call.msgid, row.number, code, receipt.detail)
        return answered(call.msgid, row, plain(row, receipt.packet))

    async def _asked(self, call: Call, row: Row, request: p.Request, clock: Clock) -> ItemAnswer:
        """What the hub says to a read.

        Raises:
            Refused: why it said nothing in time.
        """
        check_presence(call, request, self._presence)
        hid = getattr(request, "hid", "")
        item = Transaction(
            msgid=call.msgid, number=row.number, packet=msgspec.msgpack.encode(request), lane=hid or f"read:{call.msgid}",
            recorded_at=self._now(), business_day=call.context.business_day, hid=hid,
            operator=call.context.operator, workstation=call.context.workstation, card_read=call.card_read,
        )  # fmt: skip
        with self._uplink.reading(item) as (key, future):
            receipt: ItemAnswer | None = await self._news(future, clock, lambda: True, key)
            if receipt is None:
                raise Refused(self._uplink.why(key))
            return receipt

    async def _forecast(self, call: Call, row: Row, request: p.Forecast) -> Reply:
        """Answered here: nothing of it goes on the line or into the journal."""
        if self._forecaster is None:
            raise Refused("forecast_unavailable")
        language = call.language or request.language or call.accepts
        return answered(call.msgid, row, whole(await self._forecaster.answer(request, self._now(), language)))

    async def _query(self, call: Call, row: Row, request: p.Query, clock: Clock) -> Reply:
        standing = await self._resolved(request.original_msgid, clock)
        if standing is None:
            receipt = await self._asked(call, row, request, clock)
            standing = await self._after_all(request.original_msgid, clock) if never_seen(receipt) else None
            if standing is None:
                return self._told(call, row, receipt)
        return answered(call.msgid, row, whole(as_query_answer(standing)))

    async def _after_all(self, msgid: str, clock: Clock) -> Standing | None:
        """How a transaction stands that neither side knew: it may be in the disk's hands, and whoever sent it was told to ask.

        Raises:
            JournalUnavailable: that is so until the deadline.
        """
        settling = self._journal.settling()
        await asyncio.wait({settling}, timeout=clock.left())
        if not settling.done():
            raise JournalUnavailable("what was handed over before is neither kept nor refused")
        settling.exception()  # if the disk refused that as well, what came before is settled all the same
        return await self._journal.find(self._profile.institution, msgid)

    async def _resolved(self, msgid: str, clock: Clock) -> Standing | None:
        """How a transaction stands; while it is in doubt, the hub is asked at once and its answer waited for."""
        while True:
            with self._waiting.enter(msgid) as news:
                standing = await self._journal.find(self._profile.institution, msgid)
                if standing is None or standing.outcome is not Outcome.IN_DOUBT:
                    return standing
                self._uplink.hurry(standing)
                if await self._news(news, clock, lambda: True) is None:
                    return standing  # the deadline, or no hope: as it stands

    async def _uncertain(self, call: Call, row: Row, request: p.Request, clock: Clock) -> Reply:
        at_edge = open_transactions(await self._journal.open_list(self._profile.institution))
        at_hub = None
        try:
            receipt = await self._asked(call, row, request, clock)
            if receipt.verdict is Verdict.FINAL:
                at_hub = msgspec.msgpack.decode(receipt.packet, type=p.UncertainAnswer).at_hub or []
        except (Refused, msgspec.DecodeError) as error:
            _log.info("the hub's list is missing", fault=type(error).__name__)
        return answered(call.msgid, row, whole(p.UncertainAnswer(at_edge=at_edge, at_hub=at_hub)))
