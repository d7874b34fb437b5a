"""Settlement with the patient: 2206/2303 pre-settle, 2207/2304 settle, 2208/2305 its cancel.

Rules
    * A pre-settlement is the same computation as a settlement and writes nothing.
    * A settlement locks its case, then the owners of every accumulator it may move in the order of their keys, and only then reads
      them: no cap can be passed, wherever else the same person is being settled.
    * An interim settlement (``until``) leaves its stay open. Those of a stay stand on one another and go back from the last one backwards.
    * Accumulators move with the settlement and go back exactly with what takes it back; both keep the same deltas.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import date

import msgspec

from central_sync.benefits.line_shares import line_shares
from central_sync.benefits.results import Computation
from central_sync.desk import charges, deferral
from central_sync.desk.bill import Bill, bill_of
from central_sync.desk.checks import currency, own_case
from central_sync.desk.lifecycle import Confirmation, Event, Saying, after, reopened, said
from central_sync.desk.telling import trace
from central_sync.desk.work import Decision, Work
from central_sync.limits import LINES_TOLD_BY_SHARE_MAX
from central_sync.store import records
from central_sync.store.records import Case
from central_sync.store.settlements import pack_deltas, unpack_deltas
from central_sync.wire import packets as p
from central_sync.wire.catalogue import Care
from central_sync.wire.refusals import Refused

_ID_BYTES = 15


def pre_settle(work: Work, request: p.PreSettle) -> Decision:
    """2206, 2303."""
    case = own_case(work, request.hid, lock=False)
    found = bill_of(work, case, lock=False, until=request.until)
    _agrees(work, request.currency, request.total, found)
    computation = deferral.marked(work, case, "", found)
    answer = _answer(work, case, computation, "", "none")
    return Decision(_as_part(answer, case, request.until), case.member, case.hid)


def settle(work: Work, request: p.Settle) -> Decision:
    """2207, 2304."""
    case = own_case(work, request.hid, lock=True)
    found = bill_of(work, case, lock=True, until=request.until)
    _agrees(work, request.currency, request.total, found)
    key = settlement_id(work.institution.code, work.msgid)
    blank = _blank(work, case, key, until=request.until, after=case.interim_id, invoice=request.invoice)
    answer = kept(work, case, found, blank)
    _put(work, case, key, request.until)
    return Decision(answer, case.member, case.hid, key)


def kept(work: Work, case: Case, bill: Bill, blank: records.Settlement) -> p.Settlement:
    """Keep a settlement of a locked case, of which ``blank`` has everything but what it comes to, and move the accumulators."""
    computation = deferral.marked(work, case, blank.id, bill)
    answer = msgspec.structs.replace(
        _answer(work, case, computation, blank.id, blank.confirmation),
        until=blank.until,
        after=blank.after,
        replaces=blank.replaces,
        patient_due=computation.patient - blank.patient if blank.replaces else 0,
    )
    answer = deferral.signed(work, case, bill.day, answer)
    work.uow.settlements.add(
        replace(
            blank,
            total=computation.total,
            funds=sum(share.amount for share in computation.shares),
            patient=computation.patient,
            answer=msgspec.msgpack.encode(answer),
            deltas=pack_deltas(computation.deltas),
            patient_due=answer.patient_due,
        )
    )
    work.uow.settlements.keep_turns(blank, bill.turns)
    work.uow.accumulators.add(computation.deltas)
    return answer


def _blank(work: Work, case: Case, key: str, *, until: date | None, after: str, invoice: str) -> records.Settlement:
    return records.Settlement(
        member=case.member,
        id=key,
        hid=case.hid,
        institution=case.institution,
        msgid=work.msgid,
        number=work.row.number,
        business_day=work.business_day,
        currency=work.institution.currency,
        total=0,
        funds=0,
        patient=0,
        confirmation=Confirmation.AWAITED,
        confirmation_before="",
        answer=b"",
        deltas=b"",
        invoice=invoice,
        settled_at=work.now,
        until=until,
        after=after,
    )


def cancel(work: Work, request: p.SettleCancel) -> Decision:
    """2208, 2305. Confirmed or not."""
    case = own_case(work, request.hid, lock=True)
    found = work.uow.settlements.get(case.member, request.settlement_id)
    if found is None or found.hid != case.hid or found.institution != case.institution:
        raise Refused("settlement_unknown")
    found = newest(work, case, found)
    take_back(work, case, found, Saying.UNDO)
    given = given_id(work, case, found)
    answer = p.SettleCancelled(
        hid=case.hid,
        settlement_id=given,
        total=-found.total,
        patient=-found.patient,
        funds=-found.funds,
        replaced_by=found.id if found.id != given else "",
    )
    return Decision(answer, case.member, case.hid, found.id)


def newest(work: Work, case: Case, found: records.Settlement) -> records.Settlement:
    """What stands now in the place of a settlement of a locked case: itself, or the last that replaced it."""
    while found.replaced_by:
        found = _get(work, case, found.replaced_by)
    return found


def given_id(work: Work, case: Case, found: records.Settlement) -> str:
    """The id that the hospital was given when it settled: an edge knows the settlement by it."""
    while found.replaces:
        found = _get(work, case, found.replaces)
    return found.id


def _get(work: Work, case: Case, key: str) -> records.Settlement:
    found = work.uow.settlements.get(case.member, key)
    assert found is not None, "a settlement that another one names"
    return found


def take_back(work: Work, case: Case, found: records.Settlement, saying: Saying) -> Confirmation:
    """Take a settlement of a locked case back: accumulators, case and confirmation. Happens once to any settlement.

    Raises:
        Refused: ``already_undone``, ``already_confirmed`` or ``later_settlement_first``.
    """
    to = said(found.confirmation, saying)
    if found.id != (case.settlement_id or case.interim_id):
        raise Refused("later_settlement_first")
    deltas = unpack_deltas(found.deltas)
    work.uow.accumulators.lock(key[0] for key in deltas)
    work.uow.accumulators.add(deltas, sign=-1)
    work.uow.settlements.change(
        found,
        confirmation=to,
        confirmation_before=found.confirmation,
        undone_by=work.msgid,
        undone_at=work.now,
    )
    deferral.taken_back(work, found)
    if found.until is not None:
        work.uow.fees.unsettle(case, found.id)
        work.uow.cases.change(case, interim_id=found.after)
    else:
        work.uow.cases.change(case, state=reopened(inpatient=case.care == Care.INPATIENT), settlement_id="")
    return to


def restore(work: Work, case: Case, found: records.Settlement) -> None:
    """Put a cancelled settlement of a locked case back in force, if settling now would come to exactly the same.

    Raises:
        Refused: ``reversal_blocked``: the case was settled anew or changed, or what the settlement had taken from a cap is used.
    """
    if found.after != case.interim_id:
        raise Refused("reversal_blocked", "the stay's settlements before it are others")
    try:
        now = bill_of(work, case, lock=True, until=found.until)
    except Refused as error:
        raise Refused("reversal_blocked", error.code) from error
    stored = msgspec.msgpack.decode(found.answer, type=p.Settlement)
    again = _answer(work, case, now.computation, found.id, stored.confirmation)
    if now.computation.deltas != unpack_deltas(found.deltas) or _money(again) != _money(stored):
        raise Refused("reversal_blocked", "the bill or the accumulators have changed")
    work.uow.accumulators.add(now.computation.deltas)
    work.uow.settlements.keep_turns(found, now.turns)
    work.uow.settlements.change(
        found, confirmation=found.confirmation_before, confirmation_before="", undone_by="", undone_at=None
    )
    deferral.restored(work, found)
    _put(work, case, found.id, found.until)


def _put(work: Work, case: Case, key: str, until: date | None) -> None:
    """Give a locked case its settlement: the whole, or the part ``until`` a day."""
    event = Event.SETTLE if until is None else Event.SETTLE_PART
    state = after(case.state, event, inpatient=case.care == Care.INPATIENT)
    if until is None:
        work.uow.cases.change(case, state=state, settlement_id=key)
        work.uow.audits.want(case.member, key, case.institution, case.hid, work.now)
    else:
        work.uow.fees.settle(case, key, until)
        work.uow.cases.change(case, state=state, interim_id=key)


def settlement_id(institution: str, msgid: str) -> str:
    """The id that a settlement's identity gives it: the same for every copy of the transaction, and not to be guessed from others."""
    digest = hashlib.sha256(f"settlement\0{institution}\0{msgid}".encode()).digest()
    return "S" + base64.b32encode(digest[:_ID_BYTES]).decode()


def _agrees(work: Work, code: str, total: int, found: Bill) -> None:
    currency(work, code)
    if total != found.computation.total:
        raise Refused("amounts_do_not_add_up", "$.total")


def _answer(work: Work, case: Case, found: Computation, key: str, confirmation: str) -> p.Settlement:
    return p.Settlement(
        hid=case.hid,
        currency=work.institution.currency,
        total=found.total,
        patient=found.patient,
        shares=[
            p.Share(
                layer=share.layer,
                scheme=share.scheme,
                payer=share.payer,
                amount=share.amount,
                trace=trace(work, share.trace),
                deferred=share.deferred,
            )
            for share in found.shares
        ],
        patient_trace=trace(work, found.patient_trace),
        lines=_lines(found),
        rulebook=work.rulebook.version,
        settled_on=work.business_day,
        settlement_id=key,
        confirmation=confirmation,
        package_difference=found.package_difference,
    )


def _as_part(answer: p.Settlement, case: Case, until: date | None) -> p.Settlement:
    """``answer`` with its place among the settlements of its stay."""
    return msgspec.structs.replace(answer, until=until, after=case.interim_id)


def _lines(found: Computation) -> list[p.PricedLine]:
    """The lines with what each share pays of them, but for the longest bills, and for later parts of a stay: what such a part
    makes good of earlier ones lies on none of its lines.
    """
    lines = [charges.on_wire(line) for line in found.lines]
    if not found.shares or not found.sections or len(lines) > LINES_TOLD_BY_SHARE_MAX:
        return lines
    return [
        msgspec.structs.replace(line, shares=list(told.shares), difference=told.difference)
        for line, told in zip(lines, line_shares(found), strict=True)
    ]


def _money(answer: p.Settlement) -> tuple[object, ...]:
    """What two answers must have in common to be the same settlement."""
    shares = [(share.layer, share.scheme, share.payer, share.amount) for share in answer.shares]
    lines = [msgspec.structs.replace(line, shares=[], difference=0) for line in answer.lines]
    return (answer.currency, answer.total, answer.patient, shares, lines)
