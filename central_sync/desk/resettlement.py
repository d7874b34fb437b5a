"""Settling again: a settled case computed as of its day with what is known now, after a member's record, a tariff or a rulebook was
corrected; and, if it comes to something else, the new settlement in the place of the old one.

Rules
    * It is one unit of work: the old settlement is ``replaced`` (its accumulators go back), the new one ``replaces`` it with all that the old
      one had: the transaction that made it, its business day, its place in the stay and its confirmation. A confirmed one stays
      confirmed, an awaited one awaits: the hospital confirms it by the same msgid.
    * Nobody is paid: what the patient is still to pay, or to get back, stands in the new settlement as ``patient_due``.
    * The hospital is told by a notice; 3201 and 3202 count the new one, and 3202 names it where the hospital still lists the old one.
    * Of a stay only the last settlement is made again: it makes good what was wrong in the parts before.
    * What is computed now is computed in its turn, which it keeps: what later settlements added to anything that is counted for the member,
      its family or its contract is left out. What would take more of a cap than it did finds the caps as they stand: none is ever passed.
    * Where nothing was corrected, no money moves. A settlement before it that was taken back since is a correction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import msgspec

from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.stays import payers as by_payer
from central_sync.desk import deferral, settlement
from central_sync.desk.bill import Bill, bill_again
from central_sync.desk.lifecycle import Saying, said
from central_sync.desk.work import Work
from central_sync.payers import Payers
from central_sync.store import UnitOfWork
from central_sync.store.records import Case, Settlement
from central_sync.store.settlements import unpack_deltas
from central_sync.terms.money import CURRENCIES
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import Notice
from central_sync.wire.refusals import Refused


@dataclass(frozen=True, slots=True)
class PayerChange:
    """What one scheme paid, and what it pays now."""

    layer: str
    scheme: str
    payer: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class Resettlement:
    """What settling again comes to. ``replaced_by`` is empty where nothing differs, and where it was only tried."""

    settlement_id: str
    institution: str
    hid: str
    currency: str
    confirmation: str
    rulebook_before: str
    rulebook_now: str
    patient_before: int
    patient_now: int
    payers: tuple[PayerChange, ...]
    differs: bool
    replaced_by: str = ""


def resettle(
    uow: UnitOfWork,
    rulebook: Rulebook,
    payers: Payers,
    settlement_id: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
    dry_run: bool = False,
) -> Resettlement:
    """Settle again what ``settlement_id`` settled; with ``dry_run`` only say what would change. ``now`` is aware UTC.

    Raises:
        Refused: ``settlement_unknown``, ``already_undone`` (it is not in force; what replaced it is named), ``later_settlement_first``,
            ``item_unknown``.
    """
    named = uow.settlements.named(settlement_id)
    hospital = uow.institutions.get(named.institution) if named else None
    if named and not dry_run:
        uow.ledger.get(named.institution, named.msgid, lock=True)  # before its case, as a reversal does
    case = uow.cases.get(named.institution, named.hid, lock=not dry_run) if named else None
    found = uow.settlements.get(named.member, named.id) if named else None
    if found is None or case is None or hospital is None:
        raise Refused("settlement_unknown")
    work = Work(
        uow=uow,
        institution=hospital,
        rulebook=rulebook,
        payers=payers,
        row=BY_NUMBER[found.number],
        msgid=found.msgid,
        hid=found.hid,
        business_day=found.business_day,
        recorded_at=found.settled_at,
        operator=actor,
        workstation="",
        now=now,
    )
    if found.replaced_by:
        raise Refused("already_undone", f"replaced by {settlement.newest(work, case, found).id}")
    said(found.confirmation, Saying.REPLACE)
    if found.id != (case.settlement_id or case.interim_id):
        raise Refused("later_settlement_first")
    bill = bill_again(work, case, found, lock=not dry_run)
    result = _compared(work, found, bill)
    if dry_run or not result.differs:
        return result
    key = settlement.settlement_id(found.institution, f"{found.msgid}\0{found.id}")
    _replaced(work, case, found, bill, key)
    _told(work, found, result, key)
    detail = f"by {key}; patient {result.patient_now - found.patient:+d}; {reason}"
    uow.audit.add(now, actor, "settlement replaced", found.id, detail)
    return replace(result, replaced_by=key)


def _compared(work: Work, found: Settlement, bill: Bill) -> Resettlement:
    computation = bill.computation
    stored = msgspec.msgpack.decode(found.answer, type=p.Settlement)
    before = by_payer((share.layer, share.scheme, share.payer, share.amount) for share in stored.shares)
    now = by_payer((share.layer, share.scheme, share.payer, share.amount) for share in computation.shares)
    changes = tuple(
        PayerChange(*who[:3], before.get(who, 0), now.get(who, 0)) for who in dict.fromkeys([*now, *before])
    )
    money = (computation.patient, computation.package_difference)
    differs = (
        any(change.before != change.now for change in changes)
        or money != (stored.patient, stored.package_difference)
        or dict(computation.deltas) != unpack_deltas(found.deltas)
    )
    return Resettlement(
        settlement_id=found.id,
        institution=found.institution,
        hid=found.hid,
        currency=found.currency,
        confirmation=found.confirmation,
        rulebook_before=stored.rulebook,
        rulebook_now=work.rulebook.version,
        patient_before=stored.patient,
        patient_now=computation.patient,
        payers=changes,
        differs=differs,
    )


def _replaced(work: Work, case: Case, found: Settlement, bill: Bill, key: str) -> None:
    """The new settlement in the place of the old one; everybody's accumulators are locked."""
    uow = work.uow
    uow.accumulators.add(unpack_deltas(found.deltas), sign=-1)
    uow.settlements.change(
        found,
        confirmation=said(found.confirmation, Saying.REPLACE),
        confirmation_before=found.confirmation,
        replaced_by=key,
        undone_by=work.msgid,
        undone_at=work.now,
    )
    deferral.taken_back(work, found)
    blank = replace(found, id=key, replaces=found.id)
    settlement.kept(work, case, bill, blank)
    if found.until is None:
        uow.cases.change(case, settlement_id=key)
        uow.audits.want(case.member, key, case.institution, case.hid, work.now)
    else:
        uow.fees.resettle(case, found.id, key)
        uow.cases.change(case, interim_id=key)
    uow.ledger.change(found.institution, found.msgid, settlement_id=key)


def _told(work: Work, found: Settlement, result: Resettlement, key: str) -> None:
    due = result.patient_now - result.patient_before
    money = f"{_main(abs(due), found.currency)} {found.currency}"
    patient = f"the patient is to pay {money} more" if due > 0 else f"the patient is to get {money} back"
    text = f"Settlement {found.id} of case {found.hid} was settled again as {key}: " + (
        f"{patient}." if due else "nothing changes for the patient."
    )
    work.uow.feed.add(found.institution, msgspec.msgpack.encode(Notice(text=text)), work.now)


def _main(coins: int, currency: str) -> str:
    return str(Decimal(coins).scaleb(-CURRENCIES[currency].decimals))
