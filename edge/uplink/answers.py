"""SHELL: what the hub's answers to a batch change: the journal first, then those who wait, then the lanes.

Rules
    * The receipt is verified before anything is recorded; answers without a good one are no answers.
    * All answers of a batch are recorded in one commit before anyone who waits is told. Who does not wait and does not watch costs nothing.
    * The first answer stays. One that says otherwise than the journal is a contradiction: it is logged and counted, never applied.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import structlog

from central_sync.wire import receipts
from central_sync.wire.messages import Batch, BatchAnswer, ItemAnswer, Verdict
from edge.events import Event, Events
from edge.journal import Journal, Receipt, Received, Standing
from edge.limits import LANE_RETRY_CAP_S, LANE_RETRY_FIRST_S
from edge.outcome import Outcome
from edge.retry import Backoff
from edge.signers import Receipt as Signed
from edge.uplink.lanes import Lanes, Work
from edge.uplink.pace import Pace
from edge.uplink.suspicion import Suspicion
from edge.uplink.window import Window
from edge.waiting import Waiting, outcome_event

_log = structlog.get_logger(__name__)
_BACKOFF = Backoff(LANE_RETRY_FIRST_S, LANE_RETRY_CAP_S)
_SAYS = {Outcome.FINAL: Verdict.FINAL, Outcome.REFUSED: Verdict.REFUSED}

Verify = Callable[[Batch, BatchAnswer], Awaitable[Signed | None]]
"""As :meth:`edge.signers.Signers.receipt`: the hub's receipt for a batch, which raises if it is missing or does not hold."""


class Answers:
    """Takes answers in. ``contradictions`` counts what the hub said otherwise than the journal; ``told`` is given each read's answer."""

    def __init__(
        self, journal: Journal, waiting: Waiting, events: Events, now: Callable[[], datetime], verify: Verify
    ) -> None:
        self._journal = journal
        self._waiting = waiting
        self._events = events
        self._now = now
        self.verify = verify
        self.told: Callable[[int, ItemAnswer], None] = lambda _key, _answer: None
        self.contradictions = 0

    async def take(
        self,
        batch: Sequence[Work],
        digests: Mapping[int, bytes],
        answers: Sequence[ItemAnswer],
        signed: Signed | None,
        carrying: Carrying,
    ) -> None:
        """Take in ``answers`` to ``batch``. ``digests``: ours, by key. ``signed``: the receipt that covers them.

        Raises:
            JournalUnavailable: nothing of it was recorded.
        """
        received: list[tuple[int, str, ItemAnswer]] = []
        places: list[int] = []
        again: list[tuple[Work, ItemAnswer]] = []
        for ix, (work, answer) in enumerate(zip(batch, answers, strict=True)):
            if answer.verdict is Verdict.AGAIN:
                again.append((work, answer))
                continue
            carrying.suspicion.decided += 1
            carrying.lanes.progressed(work.lane)
            if work.key < 0:
                carrying.lanes.remove(work.key)
                self.told(work.key, answer)
                continue
            received.append((work.key, work.number, answer))
            places.append(signed.places[ix] if signed is not None else -1)
            if (
                answer.digest
                and answer.digest != digests.get(work.key, answer.digest)
                and answer.code != "msgid_reused"
            ):
                self._contradicted(work.key, "the hub's digest is another")
        await self._put_off(again, carrying, progress=len(again) < len(batch))
        if received:
            standings = await self._journal.receive(*_kept(received, signed, places), self._now())
            for work in batch:
                if (
                    work.key > 0
                    and carrying.lanes.get(work.key) is not work
                    and carrying.lanes.decided(work.lane, work.key)
                ):
                    carrying.window.released()  # it was parked while its answer was under way
            for seq, _, _ in received:
                carrying.lanes.remove(seq)
                carrying.window.gone(seq)
            await self._tell(received, standings)

    async def park(self, work: Work, code: str, carrying: Carrying) -> None:
        """Let an entry wait for a person.

        Raises:
            JournalUnavailable: it is not parked.
        """
        if work.key < 0 or carrying.lanes.get(work.key) is None:
            return
        standing = await self._journal.park(work.key, code, self._now())
        carrying.lanes.park(work.lane, work.key)
        carrying.window.gone(work.key)
        if standing is None:
            return
        _log.error("an entry is parked: it fails by itself", number=standing.number, code=code)
        data = {"msgid": standing.msgid, "number": standing.number, "hid": standing.hid, "code": code}
        self._events.publish(Event(kind="parked", at=self._now(), data=data))

    async def _put_off(self, again: Sequence[tuple[Work, ItemAnswer]], carrying: Carrying, *, progress: bool) -> None:
        lanes = carrying.lanes
        now, spread = time.monotonic(), random.random()  # noqa: S311 -- it spreads retries, no more
        spoilt: list[Work] = []
        rest: dict[int, None] = {}
        for work, answer in again:
            work.code = answer.code or "hub_fault"
            rest[work.lane] = None
            if work.code == "hub_fault":
                work.left = True  # it may have failed just after its commit: only asking tells
                if answer.detail != "lane" and carrying.suspicion.faulted(work):
                    spoilt.append(work)
        for lane in rest:
            attempts = 1 if progress and all(w.code == "hub_busy" for w, _ in again) else lanes.attempts(lane)
            until = _BACKOFF.next_at(attempts, now, spread)
            assert until is not None  # this one never parks
            lanes.rest(lane, until)
        if again and not progress and any(work.code == "hub_busy" for work, _ in again):
            carrying.pace.busy(now, 0.0, spread)
        for work in spoilt:
            await self.park(work, "hub_fault", carrying)

    async def _tell(
        self, received: Sequence[tuple[int, str, ItemAnswer]], standings: Sequence[Standing | None]
    ) -> None:
        """Those who wait or watch, now that it is on disk."""
        missing: list[int] = []
        known: list[tuple[ItemAnswer, Standing]] = []
        for (seq, _, answer), standing in zip(received, standings, strict=True):
            if standing is not None:
                known.append((answer, standing))
            elif self._events.watched or self._waiting.awaits(answer.msgid):
                missing.append(seq)
        if missing:
            found = await self._journal.standings(missing)
            known += [(answer, found[seq]) for seq, _, answer in received if seq in found]
        for answer, standing in known:
            if standing.outcome in _SAYS and _SAYS[standing.outcome] is not answer.verdict:
                self._contradicted(standing.seq, "the journal has another outcome")
            self._waiting.wake([standing])
            if self._events.watched:
                self._events.publish(outcome_event(standing, self._now()))

    def _contradicted(self, seq: int, why: str) -> None:
        self.contradictions += 1
        _log.error("the hub contradicts what the journal has", seq=seq, fault=why)


def _kept(
    received: Sequence[tuple[int, str, ItemAnswer]], signed: Signed | None, places: list[int]
) -> tuple[Received, Receipt | None]:
    """Seq, number and answer of each entry as the journal takes them, and the receipt as it is kept beside them; ``places``: where in it they stand."""
    seqs, numbers, answers = map(list, zip(*received, strict=True))
    if signed is None:
        return Received(seqs=seqs, numbers=numbers, answers=answers), None
    texts = [
        signed.texts[place] if place >= 0 else receipts.text(answer)
        for place, answer in zip(places, answers, strict=True)
    ]
    others = sorted(set(range(len(signed.texts))).difference(places))
    receipt = Receipt(
        signer=signed.signer, signature=signed.signature, hub_time=signed.hub_time, life=signed.life, places=places,
        count=len(signed.texts), leaves=b"".join([receipts.leaf_of(signed.texts[place]) for place in others]),
    )  # fmt: skip
    return Received(seqs=seqs, numbers=numbers, answers=answers, texts=texts), receipt


class Carrying:
    """What is being carried, and what is known of how: the state that the parts of the uplink share."""

    def __init__(self, lanes: Lanes, window: Window, pace: Pace, suspicion: Suspicion) -> None:
        self.lanes = lanes
        self.window = window
        self.pace = pace
        self.suspicion = suspicion
