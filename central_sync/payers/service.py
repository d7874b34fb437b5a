"""Asks payers about deferred shares, and tells them what was taken back; one thread for each payer, so that none waits for another's.

Rules
    * Nothing is asked inside a unit of work. First some claims are taken (one short commit: until a while from now nobody else asks them), then
      they are asked, then each answer is kept (one short commit). Killed anywhere between, the claim is asked again when its time is over: the
      payer knows it by its id and answers as before.
    * A payer that cannot be reached in time is left alone for a growing while with everything it has; its other claims are not tried one by
      one. When it answers again, all that waited for it is asked at once. A wrong answer is the trouble of its claim alone.
    * A payer of which everything was given up is tried now and then, about one claim, the least often tried first.
    * A share that its payer declined is no money lost or moved: it stands in the queue until a person decides.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from central_sync.errors import PayerAway, PayerUnavailable, StoreError
from central_sync.log import located
from central_sync.payers import Payer, Payers
from central_sync.payers.claims import Answer, Claim
from central_sync.payers.lifecycle import OPEN, ShareEvent, ShareState, after, again_at, claim_id, probe_at
from central_sync.payers.limits import (
    ASK_EVERY_S,
    CLAIMS_AT_ONCE,
    DEADLINE_MS_MAX,
    PROBE_LOOK_S,
    REASON_CHARACTERS_MAX,
    STOP_S_MAX,
    TAKEN_S,
)
from central_sync.review import service as queue
from central_sync.review.lifecycle import PERSON, Reason
from central_sync.store import Store, UnitOfWork
from central_sync.store.review_records import PayerShare

_log = structlog.get_logger(__name__)


class Asking:
    """All payers of a hub. ``clock`` gives aware instants."""

    def __init__(self, store: Store, payers: Payers, clock: Callable[[], datetime]) -> None:
        self._rounds = [Round(store, code, payer, clock) for code, payer in payers.drivers.items()]
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to ask."""
        self._stopping.clear()
        for one in self._rounds:
            thread = threading.Thread(target=self._run, args=(one,), name=f"payer-{one.payer}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ask no more; what is being asked may end. May be called twice."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_S_MAX)
        self._threads = []

    def _run(self, one: Round) -> None:
        while not self._stopping.is_set():
            try:
                more = one.run(self._stopping.is_set)
            except StoreError as error:
                _log.warning("what a payer says cannot be kept now", **located(error))
                more = False
            except Exception:  # noqa: BLE001 - a fault of ours must not end the thread: the claims are taken again in a while
                _log.exception("asking a payer failed")
                more = False
            if not more:
                self._stopping.wait(ASK_EVERY_S)


@dataclass(slots=True)
class Round:
    """One payer. ``away``: it did not answer last time, or nobody knows yet; ``quiet_until``: until then it is left alone; ``look_at``: when
    to look whether it was given up; ``chance`` gives numbers from 0 to 1.
    """

    store: Store
    payer: str
    driver: Payer
    clock: Callable[[], datetime]
    away: bool = True
    failures: int = 0
    quiet_until: datetime | None = None
    look_at: datetime | None = None
    chance: Callable[[], float] = field(default=random.random)

    def run(self, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Ask about some claims that are due; whether more may be due at once."""
        now = self.clock()
        if self.quiet_until is not None and now < self.quiet_until:
            return False
        with self.store.read() as uow:
            due = uow.payer_shares.due(self.payer, now)
        if not due:
            self._probed(now)
            return False
        until = now + timedelta(seconds=TAKEN_S + CLAIMS_AT_ONCE * DEADLINE_MS_MAX / 1000)
        with self.store.write(urgent=False) as uow:
            taken = uow.payer_shares.take(self.payer, now, until, CLAIMS_AT_ONCE)
        for place, row in enumerate(taken):
            if stopping():
                self._given_back(taken[place:], until, now)
                return False
            if not self._asked(row):
                self._given_back(taken[place + 1 :], until, self.quiet_until or now)
                return False
        return len(taken) == CLAIMS_AT_ONCE

    def _asked(self, row: PayerShare) -> bool:
        """Ask about one claim and keep what came of it; whether the payer is there."""
        claim = Claim(
            id=claim_id(row.settlement_id, row.place, row.round),
            settlement_id=row.settlement_id,
            institution=row.institution,
            member=row.member,
            layer=row.layer,
            scheme=row.scheme,
            day=row.day,
            currency=row.currency,
            amount=row.amount,
            rulebook=row.rulebook,
        )
        try:
            answer = None
            if row.state == ShareState.TAKING_BACK:
                self.driver.take_back(claim)
            else:
                answer = self.driver.settle(claim)
        except PayerUnavailable as error:
            self._failed(row, str(error)[:REASON_CHARACTERS_MAX], away=isinstance(error, PayerAway))
            return not isinstance(error, PayerAway)
        except Exception as error:  # noqa: BLE001 - a driver that stumbles over one claim must not keep the others from being asked
            _log.error("a payer's driver failed inside", part=self.payer, **located(error))
            self._failed(row, f"fault_{type(error).__name__}"[:REASON_CHARACTERS_MAX], away=False)
            return True
        with self.store.write(urgent=False) as uow:
            kept(uow, row, answer, self.clock())
        if self.away or (row.reason and self._given_up()):
            self._back()
        self.away, self.failures, self.quiet_until = False, 0, None
        return True

    def _given_up(self) -> bool:
        """Whether claims wait for this payer that no clock brings back, also those that another process has given up."""
        with self.store.read() as uow:
            return uow.payer_shares.given_up(self.payer)

    def _probed(self, now: datetime) -> None:
        """Have a payer of which everything was given up asked about one claim, in a while."""
        if self.look_at is not None and now < self.look_at:
            return
        self.look_at = now + timedelta(seconds=PROBE_LOOK_S)
        if not self._given_up():
            return
        at = probe_at(now, self.chance())
        with self.store.write(urgent=False) as uow:
            row = uow.payer_shares.probe(self.payer, at)
            if row is not None:
                said = f"{row.reason}; asked again at {at.isoformat(timespec='seconds')}"
                queue.pend(uow, _pended(uow, row, Reason.PAYER_UNAVAILABLE, said), now, given_up=True)
        if row is not None:
            _log.info("a payer that was given up will be asked about one claim", part=self.payer, count=row.tries)

    def _failed(self, row: PayerShare, reason: str, *, away: bool) -> None:
        now = self.clock()
        if away:
            self.away, self.failures = True, self.failures + 1
            self.quiet_until = again_at(min(self.failures, _QUIET_TRIES_MAX), now)
        with self.store.write(urgent=False) as uow:
            unanswered(uow, row, reason, now)
        _log.warning("a payer did not answer as it should", code=reason, part=self.payer, count=self.failures)

    def _back(self) -> None:
        """Have all that waited for this payer asked now, some in each commit: others write between."""
        now, count, shares, entries = self.clock(), 0, queue.AT_ONCE, queue.AT_ONCE
        while queue.AT_ONCE in (shares, entries):
            with self.store.write(urgent=False) as uow:
                shares = uow.payer_shares.wake(self.payer, now, OPEN, queue.AT_ONCE)
                entries = queue.arrived(uow, f"payer:{self.payer}", now)
            count += shares
        if count:
            _log.info("a payer answers again", part=self.payer, count=count)

    def _given_back(self, rows: list[PayerShare], taken_until: datetime, until: datetime) -> None:
        with self.store.write(urgent=False) as uow:
            uow.payer_shares.put_off(rows, taken_until, until)


_QUIET_TRIES_MAX = 6
"""The longest that a whole payer is left alone: about a minute; each claim has its own, longer waits."""


_DECLINED = "{}, share {}: {} has declined it. The settlement stands as it is; refund and charge nobody, a reviewer will decide."
_EVENTS = {None: ShareEvent.TOLD, True: ShareEvent.ACCEPT, False: ShareEvent.DECLINE}


def kept(uow: UnitOfWork, row: PayerShare, answer: Answer | None, now: datetime) -> None:
    """Keep what a payer said about ``row`` as it was taken (``None``: that it has heard of the taking back)."""
    known = uow.payer_shares.locked(row)
    event = _EVENTS[None if answer is None else answer.accepted]
    state = after(known.state, event)
    if answer is None:
        uow.payer_shares.change(known, state=state, next_at=None, reason="")
    elif known.state == ShareState.ASKING:
        said = {"reason": answer.reason, "answered_at": now, "answer": answer.evidence}
        uow.payer_shares.change(known, state=state, next_at=None, **said)
    _unpended(uow, known, now, "the payer has answered")
    if state == ShareState.DECLINED and known.state == ShareState.ASKING:
        queue.told(uow, known.institution, _DECLINED.format(known.settlement_id, known.place, known.payer), now)
        queue.pend(uow, _pended(uow, known, Reason.PAYER_DECLINED, answer.reason if answer else ""), now)
    elif state == ShareState.ACCEPTED:
        declined = queue.entry_id(known.settlement_id, Reason.PAYER_DECLINED, queue.share_subject(known))
        queue.cleared(uow, declined, now, "the payer accepts after all")


def unanswered(uow: UnitOfWork, row: PayerShare, reason: str, now: datetime) -> None:
    """A try that came to nothing: the next one has its time, and the queue knows what is open."""
    known = uow.payer_shares.locked(row)
    if known.state not in OPEN:
        return
    tries = known.tries + 1
    moved = known.state != row.state  # it was taken back while it was being asked: that is due at once
    next_at = now if moved else again_at(tries, now)
    uow.payer_shares.change(known, tries=tries, next_at=next_at, reason=reason)
    pended = _pended(uow, known, Reason.PAYER_UNAVAILABLE, reason)
    queue.pend(uow, pended, now, given_up=next_at is None)


def _unpended(uow: UnitOfWork, row: PayerShare, now: datetime, detail: str) -> None:
    key = queue.entry_id(row.settlement_id, Reason.PAYER_UNAVAILABLE, queue.share_subject(row))
    queue.cleared(uow, key, now, detail)


def _pended(uow: UnitOfWork, row: PayerShare, reason: Reason, detail: str) -> queue.Pended:
    settlement = uow.settlements.get(row.member, row.settlement_id)
    assert settlement is not None, "a deferred share without its settlement"
    return queue.Pended(
        institution=row.institution,
        member=row.member,
        settlement_id=row.settlement_id,
        hid=settlement.hid,
        reason=reason,
        subject=queue.share_subject(row),
        detail=f"{row.payer}: {detail}",
        amount=row.amount,
        currency=row.currency,
        waits_for=f"payer:{row.payer}" if reason is Reason.PAYER_UNAVAILABLE else PERSON,
    )
