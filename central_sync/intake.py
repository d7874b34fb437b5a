"""The hub's one door: takes what edges send exactly once, and answers each item.

Rules
    * Items are handled in their order, many in one unit of work (a *group*), each in a savepoint of its own: of a hundred items one commit
      is synced, not a hundred. Nobody is answered before the commit that holds the answer. See ``item.py`` for what happens to one.
    * A group ends after ``GROUP_ITEMS_MAX`` items or ``GROUP_MS_MAX``, so that nobody waits long for a turn or a row lock because of it; a
      read ends it too, for it must see what was before it and hold nothing up.
    * The same msgid with the same digest gets the stored answer, with another digest a refusal. The hub makes the digest itself.
    * A fault inside one item undoes that item alone, which is answered ``again``; the rest of its lane in the batch is left untouched.
    * If the group itself fails (somebody held a row, a deadlock, a commit that the disk refused), all of it is undone, and its items are
      taken again one by one: a commit of which nobody knows whether it happened is so found out by the claim. A database that cannot be
      reached then costs one attempt, not one for each item.
    * A row that somebody else holds, or a slow database, costs its own lane: the others of the batch are still answered while
      the edge listens, and what there was no time for is ``again``.
    * Reads run in read units of work and leave no trace.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import structlog

from central_sync import limits
from central_sync.benefits.parameters import Rulebook
from central_sync.errors import StoreBusy, StoreError, StoreUnavailable
from central_sync.item import SKEW, Checked, Desk, checked, institution
from central_sync.log import located
from central_sync.payers import Payers
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import Institution
from central_sync.wire.limits import (
    BATCH_ITEMS_MAX,
    CLOCK_SKEW_S_MAX,
    JOURNAL_SEQ_MAX,
    LIFE_BYTES,
    RUN_BYTES,
    WIRE_VERSION,
    WIRE_VERSION_OLDEST,
)
from central_sync.wire.messages import Batch, BatchAnswer, Item, ItemAnswer, Verdict
from central_sync.wire.refusals import Refused

log = structlog.get_logger()


class Intake:
    """Takes batches. Holds no state of its own: any number of threads and processes may take at once on one database. ``rulebook``: the one,
    or what gives the one in force: it is asked once a batch, so that all of a batch is decided by one.
    """

    def __init__(self, store: Store, rulebook: Rulebook | Callable[[], Rulebook], payers: Payers | None = None) -> None:
        self._store = store
        self._rulebook = rulebook
        self._payers = payers or Payers()

    def take(self, institution: str, batch: Batch, now: datetime, *, urgent: bool = True) -> BatchAnswer:
        """Handle ``batch`` of the edge that proved to be ``institution``'s, and answer its items in their order. A backlog is not
        ``urgent``: others take their turn at the database before it.

        Synchronous; ``now`` is aware. Never raises for what the batch holds; the database failing makes items ``again``.
        """
        version = batch.version if WIRE_VERSION_OLDEST <= batch.version <= WIRE_VERSION else WIRE_VERSION
        try:
            _admissible(institution, batch, now)
        except Refused as refused:
            return BatchAnswer(version=version, hub_time=now, answers=[], code=refused.code, detail=refused.detail)
        book = self._rulebook() if callable(self._rulebook) else self._rulebook
        answers = _Taking(self._store, Desk(book, self._payers), institution, now, urgent).answers(batch.items)
        return BatchAnswer(version=version, hub_time=now, answers=answers)


def _admissible(institution: str, batch: Batch, now: datetime) -> None:
    if not WIRE_VERSION_OLDEST <= batch.version <= WIRE_VERSION:
        raise Refused("version_unsupported", f"this end reads {WIRE_VERSION_OLDEST} to {WIRE_VERSION}")
    if batch.institution != institution:
        raise Refused("institution_wrong")
    if len(batch.items) > BATCH_ITEMS_MAX:
        raise Refused("packet_too_large", f"over {BATCH_ITEMS_MAX} items")
    if (
        len(batch.life) not in (0, LIFE_BYTES)
        or len(batch.run) not in (0, RUN_BYTES)
        or not 0 <= batch.head <= JOURNAL_SEQ_MAX
    ):
        raise Refused("packet_invalid", "life, run or head")
    if batch.sent_at.tzinfo is None:
        raise Refused("packet_invalid", "$.sent_at: an instant carries its zone")
    if abs(batch.sent_at - now) > SKEW:
        raise Refused("clock_wrong", f"over {CLOCK_SKEW_S_MAX} seconds apart")


@dataclass(slots=True)
class _Taking:
    """One batch on its way through. ``waiting``: lanes that are put off, with the answer that put them off; ``tried``: how many items
    the present group has come to; ``begun``: how many were begun, once or again.
    """

    store: Store
    desk: Desk
    institution: str
    now: datetime
    urgent: bool
    waiting: dict[str, ItemAnswer] = field(default_factory=dict)
    bytes: int = 0
    began_s: float = field(default_factory=time.monotonic)
    tried: int = 0
    begun: int = 0
    unavailable: bool = False

    def answers(self, items: Sequence[Item]) -> list[ItemAnswer]:
        """The answers of all items, each committed."""
        found: list[ItemAnswer] = []
        while len(found) < len(items):
            found += self._next(items[len(found) :])
        return found

    def _next(self, rest: Sequence[Item]) -> list[ItemAnswer]:
        """The answers of as many items from the first one on as go together."""
        first = self._seen(rest[0])
        if isinstance(first, ItemAnswer):
            return [self._noted(rest[0], first)]
        if first.reads:
            return [self._noted(rest[0], self._alone(first))]
        waiting, size = dict(self.waiting), self.bytes
        try:
            return self._group(rest)
        except Refused as refused:
            return [self._noted(rest[0], _refusal(rest[0], refused))]
        except StoreError:
            self.waiting, self.bytes = waiting, size
            return [self._noted(item, self._one(item)) for item in rest[: max(1, self.tried)]]

    def _group(self, rest: Sequence[Item]) -> list[ItemAnswer]:
        """Take items in one unit of work.

        Raises:
            Refused: the hub does not know the institution.
            StoreError: nothing of the group was kept, or nobody knows.
        """
        found: list[ItemAnswer] = []
        self.tried = 0
        with self.store.write(urgent=self.urgent, lock_wait_ms=limits.GROUP_LOCK_WAIT_MS_MAX) as uow:
            ends = time.monotonic() + limits.GROUP_MS_MAX / 1000
            hospital = institution(uow, self.institution)
            for item in rest[: limits.GROUP_ITEMS_MAX]:
                seen = self._seen(item)
                if isinstance(seen, Checked):
                    if seen.reads or (found and time.monotonic() > ends):
                        break
                    self.tried = len(found) + 1
                    seen = self._in_savepoint(uow, hospital, seen)
                found.append(self._noted(item, seen))
        return found

    def _in_savepoint(self, uow: UnitOfWork, hospital: Institution, item: Checked) -> ItemAnswer:
        try:
            return self.desk.take(uow, hospital, item, self._moment())
        except StoreError:
            raise  # the database's, not the item's: what is left of the unit of work is nobody's guess
        except Exception as error:  # noqa: BLE001 - whatever failed inside, the item is undone and the edge sends it again
            return self._failed(item.item, error)

    def _one(self, item: Item) -> ItemAnswer:
        seen = self._seen(item)
        return seen if isinstance(seen, ItemAnswer) else self._alone(seen)

    def _alone(self, item: Checked) -> ItemAnswer:
        """An item in a unit of work of its own, tried again while others are in the way and there is time."""
        began = time.monotonic()
        for attempt in range(1, limits.INTAKE_ATTEMPTS_MAX + 1):
            try:
                with self.store.read() if item.reads else self.store.write(urgent=self.urgent) as uow:
                    answer = self.desk.read if item.reads else self.desk.take
                    return answer(uow, institution(uow, self.institution), item, self._moment())
            except Refused as refused:
                return _refusal(item.item, refused)
            except StoreBusy as error:
                if attempt == limits.INTAKE_ATTEMPTS_MAX or time.monotonic() - began > limits.ITEM_RETRY_S_MAX:
                    log.warning(
                        "the database stayed busy",
                        number=item.item.number,
                        institution=self.institution,
                        **located(error),
                    )
                    break
            except Exception as error:  # noqa: BLE001 - whatever failed inside, the unit of work is undone and the edge sends again
                self.unavailable = isinstance(error, StoreUnavailable)
                return self._failed(item.item, error)
        return _again(item.item, "hub_busy", "")

    def _moment(self) -> datetime:
        """The instant of the next item, a microsecond after the one before: what one batch settles has an order."""
        self.begun += 1
        return self.now + timedelta(microseconds=self.begun - 1)

    def _seen(self, item: Item) -> Checked | ItemAnswer:
        """``item`` ready to be handled, or its answer if it need not or must not be."""
        if item.lane in self.waiting:
            return msgspec.structs.replace(self.waiting[item.lane], msgid=item.msgid, detail="lane")
        if self.unavailable:
            return _again(item, "hub_fault", "the database is away")
        if time.monotonic() - self.began_s > limits.BATCH_S_MAX:
            return _again(item, "hub_busy", "no time was left in this batch")
        if self.bytes > limits.ANSWER_BYTES_MAX:
            return _again(item, "hub_busy", "answers of this batch are full")
        try:
            return checked(item)
        except Refused as refused:
            return _refusal(item, refused)
        except Exception as error:  # noqa: BLE001 - nothing that an edge sends may end the batch that it came in
            return self._failed(item, error)

    def _noted(self, item: Item, answer: ItemAnswer) -> ItemAnswer:
        if answer.verdict is Verdict.AGAIN:
            self.waiting.setdefault(item.lane, answer)
        self.bytes += len(answer.packet)
        return answer

    def _failed(self, item: Item, error: Exception) -> ItemAnswer:
        log.error("an item failed", number=item.number, institution=self.institution, **located(error))
        return _again(item, "hub_fault", "")


def _refusal(item: Item, refused: Refused) -> ItemAnswer:
    return ItemAnswer(msgid=item.msgid, verdict=Verdict.REFUSED, code=refused.code, detail=refused.detail)


def _again(item: Item, code: str, detail: str) -> ItemAnswer:
    return ItemAnswer(msgid=item.msgid, verdict=Verdict.AGAIN, code=code, detail=detail)
