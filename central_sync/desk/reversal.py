"""2601: takes a transaction back by the sender's own msgid, whether or not it ever arrived.

What was applied is taken back once. What was refused, or never came, will never be applied: for one that never came a tombstone
is written in the same unit of work, so that a late copy is stopped.
"""

from __future__ import annotations

from collections.abc import Callable

from central_sync.desk import admission, settlement
from central_sync.desk.checks import own_case
from central_sync.desk.lifecycle import Confirmation, Saying, State
from central_sync.desk.work import Decision, Work
from central_sync.store import records
from central_sync.store.records import Case, LedgerRow
from central_sync.terms import hid as hids
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import Verdict
from central_sync.wire.packets import Reversal, Reversed
from central_sync.wire.refusals import Refused


def reverse(work: Work, request: Reversal) -> Decision:
    """2601."""
    row = BY_NUMBER.get(request.original_number)
    if row is None or not row.reversible:
        raise Refused("original_not_reversible", "$.original_number")
    _own_hid(work, request.hid)
    original = _original(work, request, row.number)
    if original is None:
        return Decision(Reversed(original_msgid=request.original_msgid, effect="never_applied"), hid=request.hid)
    if original.number != row.number:
        raise Refused("original_mismatch", "$.original_number")
    if request.hid and original.hid and request.hid != original.hid:
        raise Refused("original_mismatch", "$.hid")
    if original.verdict != Verdict.FINAL:
        return Decision(Reversed(original_msgid=request.original_msgid, effect="never_applied"), hid=original.hid)
    if original.undone_by:
        raise Refused("already_undone")
    case = own_case(work, original.hid, lock=True)
    _BACK[row.name](work, case, original)
    work.uow.ledger.change(original.institution, original.msgid, undone_by=work.msgid)
    answer = Reversed(original_msgid=original.msgid, effect="reversed")
    return Decision(answer, case.member, case.hid, original.settlement_id)


def _own_hid(work: Work, hid: str) -> None:
    """A HID that is given is one of ours: another institution's names no case of this one."""
    if not hid:
        return
    serial = hids.serial_of(hid)
    if serial is None:
        raise Refused("hid_invalid", "$.hid")
    if not work.uow.leases.holds(work.institution.code, serial):
        raise Refused("case_unknown", "$.hid")


def _original(work: Work, request: Reversal, number: str) -> LedgerRow | None:
    """The original, locked; ``None`` if it never came: then its tombstone stands now."""
    tombstone = LedgerRow(
        institution=work.institution.code,
        msgid=request.original_msgid,
        number=number,
        digest=None,
        verdict=Verdict.REFUSED,
        packet=b"",
        code="reversed_before_arrival",
        detail="",
        member="",
        hid=request.hid,
        settlement_id="",
        undone_by=work.msgid,
        business_day=None,
        operator=work.operator,
        workstation=work.workstation,
        recorded_at=None,
        decided_at=work.now,
    )
    if work.uow.ledger.claim(tombstone):
        return None
    original = work.uow.ledger.get(work.institution.code, request.original_msgid, lock=True)
    assert original is not None, "a ledger row that was taken is gone"
    return original


def _opened(work: Work, case: Case, _original: LedgerRow) -> None:
    """A registration or an admission: like its cancel."""
    if case.state == State.CANCELLED:
        raise Refused("already_undone")
    try:
        admission.cancel(work, case)
    except Refused as error:
        raise Refused("reversal_blocked", error.code) from error


def _settled(work: Work, case: Case, original: LedgerRow) -> None:
    """A settlement: like its cancel."""
    settlement.take_back(work, case, _settlement(work, case, original), Saying.UNDO)


def _settle_cancelled(work: Work, case: Case, original: LedgerRow) -> None:
    """A settlement's cancel: the settlement is in force again, unless the case or the accumulators went on without it."""
    found = _settlement(work, case, original)
    if found.confirmation != Confirmation.UNDONE or found.undone_by != original.msgid:
        raise Refused("already_undone")
    settlement.restore(work, case, found)


def _settlement(work: Work, case: Case, original: LedgerRow) -> records.Settlement:
    found = work.uow.settlements.get(case.member, original.settlement_id)
    assert found is not None, "a settled transaction without its settlement"
    return found


_BACK: dict[str, Callable[[Work, Case, LedgerRow], None]] = {
    "registration": _opened,
    "admission": _opened,
    "outpatient_settle": _settled,
    "inpatient_settle": _settled,
    "outpatient_settle_cancel": _settle_cancelled,
    "inpatient_settle_cancel": _settle_cancelled,
}
"""How each reversible row of the catalogue goes back."""

assert set(_BACK) == {row.name for row in BY_NUMBER.values() if row.reversible}
