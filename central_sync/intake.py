"""The hub's one door: takes what edges send exactly once, and answers each item.

Rules
    * One unit of work for each item. It first claims (institution, msgid) in the ledger: of two copies, or of a copy and an ask, one
      claims and the other finds what the first decided. The service runs in a savepoint; what it decided, or its refusal, is written
      in the ledger and committed, and only then answered.
    * The same msgid with the same digest gets the stored answer, with another digest a refusal. The hub makes the digest itself.
    * A failure inside undoes the whole unit of work and is answered ``again``; the rest of its lane in the batch is left untouched.
    * A row that somebody else holds, or a slow database, costs its own lane: the others of the batch are still answered while
      the edge listens, and what there was no time for is ``again``.
    * Reads run in read units of work and leave no trace.
    * What cannot be kept in the ledger (an unknown number, a packet that is none) is refused without an entry: a copy of it will be
      refused alike.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import structlog

from central_sync import limits
from central_sync.benefits.parameters import Rulebook
from central_sync.desk import certainty
from central_sync.desk.checks import within
from central_sync.desk.table import SERVICES
from central_sync.desk.work import Decision, Work
from central_sync.errors import StoreBusy
from central_sync.log import located
from central_sync.payers import Payers
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import Institution, LedgerRow
from central_sync.terms import hid as hids
from central_sync.terms.days import civil_day
from central_sync.wire import codec
from central_sync.wire.catalogue import BY_NUMBER, Row
from central_sync.wire.limits import (
    BATCH_ITEMS_MAX,
    CLOCK_SKEW_S_MAX,
    JOURNAL_SEQ_MAX,
    LIFE_BYTES,
    MSGID_CHARACTERS_MAX,
    RUN_BYTES,
    WIRE_VERSION,
    WIRE_VERSION_OLDEST,
)
from central_sync.wire.messages import Ask, Batch, BatchAnswer, Item, ItemAnswer, Transaction, Verdict
from central_sync.wire.packets import Request
from central_sync.wire.refusals import Refused

log = structlog.get_logger()

_SKEW = timedelta(seconds=CLOCK_SKEW_S_MAX)
_CONTEXT_CHARACTERS_MAX = 200


class Intake:
    """Takes batches. Holds no state of its own: any number of threads and processes may take at once on one database."""

    def __init__(self, store: Store, rulebook: Rulebook, payers: Payers | None = None) -> None:
        self._store = store
        self._rulebook = rulebook
        self._payers = payers or Payers()

    def take(self, institution: str, batch: Batch, now: datetime) -> BatchAnswer:
        """Handle ``batch`` of the edge that proved to be ``institution``'s, and answer its items in their order.

        Synchronous; ``now`` is aware. Never raises for what the batch holds; the database failing makes items ``again``.
        """
        version = batch.version if WIRE_VERSION_OLDEST <= batch.version <= WIRE_VERSION else WIRE_VERSION
        try:
            self._admissible(institution, batch, now)
        except Refused as refused:
            return BatchAnswer(version=version, hub_time=now, answers=[], code=refused.code, detail=refused.detail)
        return BatchAnswer(version=version, hub_time=now, answers=list(self._answers(institution, batch, now)))

    def _admissible(self, institution: str, batch: Batch, now: datetime) -> None:
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
        if abs(batch.sent_at - now) > _SKEW:
            raise Refused("clock_wrong", f"over {CLOCK_SKEW_S_MAX} seconds apart")

    def _answers(self, institution: str, batch: Batch, now: datetime) -> Iterator[ItemAnswer]:
        waiting: dict[str, ItemAnswer] = {}
        size = 0
        began = time.monotonic()
        for item in batch.items:
            if item.lane in waiting:
                answer = msgspec.structs.replace(waiting[item.lane], msgid=item.msgid, detail="lane")
            elif time.monotonic() - began > limits.BATCH_S_MAX:
                answer = _again(item, "hub_busy", "no time was left in this batch")
            elif size > limits.ANSWER_BYTES_MAX:
                answer = _again(item, "hub_busy", "answers of this batch are full")
            else:
                answer = self._answer(institution, item, now)
            if answer.verdict is Verdict.AGAIN:
                waiting.setdefault(item.lane, answer)
            size += len(answer.packet)
            yield answer

    def _answer(self, institution: str, item: Item, now: datetime) -> ItemAnswer:
        began = time.monotonic()
        for attempt in range(1, limits.INTAKE_ATTEMPTS_MAX + 1):
            try:
                return self._handle(institution, item, now)
            except Refused as refused:
                return _refusal(item, refused)
            except StoreBusy as error:
                if attempt == limits.INTAKE_ATTEMPTS_MAX or time.monotonic() - began > limits.ITEM_RETRY_S_MAX:
                    log.warning(
                        "the database stayed busy", number=item.number, institution=institution, **located(error)
                    )
                    break
            except Exception as error:  # noqa: BLE001 - whatever failed inside, the unit of work is undone and the edge sends again
                log.error("an item failed", number=item.number, institution=institution, **located(error))
                return _again(item, "hub_fault", "")
        return _again(item, "hub_busy", "")

    def _handle(self, institution: str, item: Item, now: datetime) -> ItemAnswer:
        """One item.

        Raises:
            Refused: the item cannot be kept in the ledger, or it is a read and was refused.
        """
        row = BY_NUMBER.get(item.number)
        if row is None:
            raise Refused("number_unknown")
        if not _is_msgid(item.msgid):
            raise Refused("msgid_invalid")
        if isinstance(item, Ask):
            return self._asked(institution, item, row, now)
        request = codec.request_from_wire(row, item.packet)
        _keepable(item, request)
        if not row.journaled:
            with self._store.read() as uow:
                decision = self._decide(uow, _institution(uow, institution), item, row, request, now)
            return ItemAnswer(
                msgid=item.msgid,
                verdict=Verdict.FINAL,
                packet=msgspec.msgpack.encode(decision.answer),
                decided_at=now,
            )
        return self._taken(institution, item, row, request, now)

    def _taken(self, institution: str, item: Transaction, row: Row, request: Request, now: datetime) -> ItemAnswer:
        digest = codec.digest(row.number, request)
        entry = _entry(institution, item, row, digest, now)
        with self._store.write() as uow:
            hospital = _institution(uow, institution)
            if not uow.ledger.claim(entry):
                return _repeated(uow, entry)
            try:
                with uow.savepoint():
                    decision = self._decide(uow, hospital, item, row, request, now)
            except Refused as refused:
                decided = replace(entry, code=refused.code, detail=refused.detail)
            else:
                decided = replace(
                    entry,
                    verdict=Verdict.FINAL,
                    code="",
                    packet=msgspec.msgpack.encode(decision.answer),
                    member=decision.member,
                    hid=decision.hid or entry.hid,
                    settlement_id=decision.settlement_id,
                )
            uow.ledger.decide(decided)
            return _stored(uow, decided, repeated=False)

    def _asked(self, institution: str, ask: Ask, row: Row, now: datetime) -> ItemAnswer:
        """What became of a transaction; if it never came, it never will."""
        if not row.journaled:
            raise Refused("number_unknown", "reads are not kept")
        if len(ask.digest) != limits.DIGEST_BYTES:
            raise Refused("packet_invalid", "digest")
        tombstone = replace(_blank(institution, ask.msgid, row, ask.digest, now), code="never_applied")
        with self._store.write() as uow:
            _institution(uow, institution)
            if uow.ledger.claim(tombstone):
                return _stored(uow, tombstone, repeated=False)
            return _repeated(uow, tombstone)

    def _decide(
        self, uow: UnitOfWork, hospital: Institution, item: Transaction, row: Row, request: Request, now: datetime
    ) -> Decision:
        work = Work(
            uow=uow,
            institution=hospital,
            rulebook=self._rulebook,
            payers=self._payers,
            row=row,
            msgid=item.msgid,
            hid=item.hid,
            business_day=item.business_day,
            recorded_at=min(item.recorded_at, now + _SKEW).astimezone(UTC),
            operator=item.operator,
            workstation=item.workstation,
            now=now,
        )
        within(item.business_day, date.min, civil_day(now + _SKEW, hospital.zone), "business_day")
        return SERVICES[row.number](work, request)


def _institution(uow: UnitOfWork, code: str) -> Institution:
    found = uow.institutions.get(code)
    if found is None:
        raise Refused("institution_wrong", "the hub does not know it")
    return found


def _repeated(uow: UnitOfWork, entry: LedgerRow) -> ItemAnswer:
    """The stored answer of an earlier copy, or of a tombstone."""
    known = uow.ledger.get(entry.institution, entry.msgid)
    assert known is not None, "a ledger row that was taken is gone"
    if known.digest is not None and known.digest != entry.digest:
        return ItemAnswer(msgid=entry.msgid, verdict=Verdict.REFUSED, code="msgid_reused", decided_at=known.decided_at)
    return _stored(uow, known, repeated=True)


def _stored(uow: UnitOfWork, row: LedgerRow, *, repeated: bool) -> ItemAnswer:
    return ItemAnswer(
        msgid=row.msgid,
        verdict=Verdict(row.verdict),
        packet=row.packet,
        code=row.code,
        detail=row.detail,
        confirmation=certainty.confirmation_of(uow, row),
        decided_at=row.decided_at,
        repeated=repeated,
        digest=row.digest or b"",
    )


def _entry(institution: str, item: Transaction, row: Row, digest: bytes, now: datetime) -> LedgerRow:
    """The ledger's row of a transaction before it is decided."""
    return replace(
        _blank(institution, item.msgid, row, digest, now),
        hid=item.hid if hids.serial_of(item.hid) is not None else "",
        business_day=item.business_day,
        operator=item.operator,
        workstation=item.workstation,
        recorded_at=item.recorded_at,
    )


def _blank(institution: str, msgid: str, row: Row, digest: bytes, now: datetime) -> LedgerRow:
    return LedgerRow(
        institution=institution,
        msgid=msgid,
        number=row.number,
        digest=digest,
        verdict=Verdict.REFUSED,
        packet=b"",
        code="",
        detail="",
        member="",
        hid="",
        settlement_id="",
        undone_by="",
        business_day=None,
        operator="",
        workstation="",
        recorded_at=None,
        decided_at=now,
    )


def _is_msgid(text: str) -> bool:
    return 1 <= len(text) <= MSGID_CHARACTERS_MAX and all("!" <= c <= "~" for c in text)


def _keepable(item: Transaction, request: Request) -> None:
    """What a database cannot hold is no packet: a NUL in a text, an instant without a zone or out of this world.

    Raises:
        Refused: ``packet_invalid``.
    """
    if item.recorded_at.tzinfo is None:
        raise Refused("packet_invalid", "recorded_at: an instant carries its zone")
    if not limits.RECORDED_YEAR_MIN <= item.recorded_at.year <= limits.RECORDED_YEAR_MAX:
        raise Refused("packet_invalid", "recorded_at")
    for text in (item.operator, item.workstation):
        if len(text) > _CONTEXT_CHARACTERS_MAX:
            raise Refused("packet_invalid", "operator or workstation: too long")
    if any("\0" in text for text in _texts([item.operator, item.workstation, msgspec.to_builtins(request)])):
        raise Refused("packet_invalid", "a NUL character")


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)


def _refusal(item: Item, refused: Refused) -> ItemAnswer:
    return ItemAnswer(msgid=item.msgid, verdict=Verdict.REFUSED, code=refused.code, detail=refused.detail)


def _again(item: Item, code: str, detail: str) -> ItemAnswer:
    return ItemAnswer(msgid=item.msgid, verdict=Verdict.AGAIN, code=code, detail=detail)
