"""One item of a batch, inside a unit of work of the intake: claim it, decide it, write what was decided, or tell what stands.

Rules
    * It first claims (institution, msgid) in the ledger: of two copies, or of a copy and an ask, one claims and the other finds what
      the first decided. What the service did is undone if it refuses; the refusal is written in its place.
    * Everything here happens in one savepoint of the caller's unit of work and is told to nobody before that is committed.
    * What cannot be kept in the ledger (an unknown number, a packet that is none) is refused without an entry: a copy of it will be
      refused alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import msgspec

from central_sync import limits
from central_sync.benefits.parameters import Rulebook
from central_sync.desk import certainty
from central_sync.desk.checks import within
from central_sync.desk.table import SERVICES
from central_sync.desk.work import Decision, Work
from central_sync.payers import Payers
from central_sync.store import UnitOfWork
from central_sync.store.records import Institution, LedgerRow
from central_sync.terms import hid as hids
from central_sync.terms.days import civil_day
from central_sync.wire import codec
from central_sync.wire.catalogue import BY_NUMBER, Row
from central_sync.wire.limits import CARD_READ_CHARACTERS_MAX, CLOCK_SKEW_S_MAX, MSGID_CHARACTERS_MAX
from central_sync.wire.messages import Ask, Item, ItemAnswer, Transaction, Verdict
from central_sync.wire.packets import Request
from central_sync.wire.refusals import Refused

SKEW = timedelta(seconds=CLOCK_SKEW_S_MAX)
_CONTEXT_CHARACTERS_MAX = 200
_ESCAPED_NUL = rb"\u0000"


@dataclass(frozen=True, slots=True)
class Checked:
    """An item that can be handled: its row of the catalogue, and its request and digest (an ask has no request)."""

    item: Item
    row: Row
    request: Request | None
    digest: bytes

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return not self.row.journaled


def checked(item: Item) -> Checked:
    """``item``, if it can be handled at all; looks at nothing but the item.

    Raises:
        Refused: it cannot be kept in the ledger.
    """
    row = BY_NUMBER.get(item.number)
    if row is None or row.at_edge:
        raise Refused("number_unknown")
    if not _is_msgid(item.msgid):
        raise Refused("msgid_invalid")
    if isinstance(item, Ask):
        if not row.journaled:
            raise Refused("number_unknown", "reads are not kept")
        if len(item.digest) != limits.DIGEST_BYTES:
            raise Refused("packet_invalid", "digest")
        return Checked(item, row, None, item.digest)
    request = codec.request_from_wire(row, item.packet)
    _keepable(item, request)
    return Checked(item, row, request, codec.digest(row.number, request) if row.journaled else b"")


class Desk:
    """The services over one rulebook. ``now`` is the hub's clock, aware."""

    def __init__(self, rulebook: Rulebook, payers: Payers) -> None:
        self._rulebook = rulebook
        self._payers = payers

    def read(self, uow: UnitOfWork, hospital: Institution, checked: Checked, now: datetime) -> ItemAnswer:
        """Answer what changes nothing.

        Raises:
            Refused: by the service.
        """
        decision = self._decide(uow, hospital, checked, now)
        packet = msgspec.msgpack.encode(decision.answer)
        return ItemAnswer(msgid=checked.item.msgid, verdict=Verdict.FINAL, packet=packet, decided_at=now)

    def take(self, uow: UnitOfWork, hospital: Institution, checked: Checked, now: datetime) -> ItemAnswer:
        """Take a transaction or an ask exactly once. Whatever it raises but nothing else undoes all that it did."""
        if isinstance(checked.item, Ask):
            blank = _blank(hospital.code, checked.item.msgid, checked.row, checked.digest, now)
            return _claimed(uow, replace(blank, code="never_applied"))
        entry = _entry(hospital.code, checked.item, checked, now)
        try:
            with uow.savepoint():
                if not uow.ledger.claim(entry):
                    return _repeated(uow, entry)
                decided = _decided(entry, self._decide(uow, hospital, checked, now))
                uow.ledger.decide(decided)
                return _stored(uow, decided, repeated=False)
        except Refused as refused:
            # The savepoint took the claim back too: whoever claims it now, it is decided once.
            return _claimed(uow, replace(entry, code=refused.code, detail=refused.detail))

    def _decide(self, uow: UnitOfWork, hospital: Institution, checked: Checked, now: datetime) -> Decision:
        item = checked.item
        assert isinstance(item, Transaction), "an ask is not decided"
        work = Work(
            uow=uow,
            institution=hospital,
            rulebook=self._rulebook,
            payers=self._payers,
            row=checked.row,
            msgid=item.msgid,
            hid=item.hid,
            business_day=item.business_day,
            recorded_at=min(item.recorded_at, now + SKEW).astimezone(UTC),
            operator=item.operator,
            workstation=item.workstation,
            now=now,
        )
        within(item.business_day, date.min, civil_day(now + SKEW, hospital.zone), "business_day")
        return SERVICES[checked.row.number](work, checked.request)


def institution(uow: UnitOfWork, code: str) -> Institution:
    """The hospital ``code``.

    Raises:
        Refused: ``institution_wrong``.
    """
    found = uow.institutions.get(code)
    if found is None:
        raise Refused("institution_wrong", "the hub does not know it")
    return found


def _claimed(uow: UnitOfWork, refusal: LedgerRow) -> ItemAnswer:
    """Write ``refusal`` (a tombstone, for what was asked for and never came), unless something stands there: then that."""
    with uow.savepoint():
        if uow.ledger.claim(refusal):
            return _stored(uow, refusal, repeated=False)
        return _repeated(uow, refusal)


def _decided(entry: LedgerRow, decision: Decision) -> LedgerRow:
    return replace(
        entry,
        verdict=Verdict.FINAL,
        code="",
        packet=msgspec.msgpack.encode(decision.answer),
        member=decision.member,
        hid=decision.hid or entry.hid,
        settlement_id=decision.settlement_id,
    )


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


def _entry(institution: str, item: Transaction, checked: Checked, now: datetime) -> LedgerRow:
    """The ledger's row of a transaction before it is decided."""
    return replace(
        _blank(institution, item.msgid, checked.row, checked.digest, now),
        hid=item.hid if hids.serial_of(item.hid) is not None else "",
        business_day=item.business_day,
        operator=item.operator,
        workstation=item.workstation,
        recorded_at=item.recorded_at,
        card_read=item.card_read,
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
    if len(item.card_read) > CARD_READ_CHARACTERS_MAX:
        raise Refused("packet_invalid", "card_read: too long")
    if "\0" in item.operator or "\0" in item.workstation or "\0" in item.card_read:
        raise Refused("packet_invalid", codec.NUL)
    # a NUL in a text is one in the packet, where amounts bring some too, and an escape in JSON, which a text may spell: few come to the end
    if b"\0" in item.packet and _ESCAPED_NUL in msgspec.json.encode(request) and codec.holds_nul(request):
        raise Refused("packet_invalid", codec.NUL)
