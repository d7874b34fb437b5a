"""Cases: 2201–2203 outpatient registration, 2401–2405 inpatient admission, changes and discharge, and their cancels.

The edge gives a new case a HID from its lease; the hub takes it once. Nobody without cover is turned away: the case stands and
the patient pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import msgspec

from central_sync.benefits.eligibility import entitled
from central_sync.desk.bill import parts_of
from central_sync.desk.checks import diagnoses, facts, not_future, own_case, person, ruled, within
from central_sync.desk.lifecycle import Event, State, after
from central_sync.desk.marks import declared
from central_sync.desk.work import Decision, Work
from central_sync.store.records import Case, Member
from central_sync.terms import hid as hids
from central_sync.wire.catalogue import Care
from central_sync.wire.packets import (
    Admission,
    CaseOpened,
    CaseRef,
    Diagnosis,
    Discharge,
    Done,
    PersonRef,
    Registration,
    StayChange,
    Visit,
)
from central_sync.wire.refusals import Refused


def register(work: Work, request: Registration) -> Decision:
    """2201."""
    member = _patient(work, request.person, request.service_date, "$.service_date")
    case = _new(work, member, request.service_date, request.department, request.marks)
    return _open(work, replace(case, doctor=request.doctor, visit_number=request.visit_number))


def admit(work: Work, request: Admission) -> Decision:
    """2401."""
    member = _patient(work, request.person, request.admitted_on, "$.admitted_on")
    diagnoses(work, request.diagnoses)
    case = _new(work, member, request.admitted_on, request.department, request.marks)
    case = replace(case, doctor=request.doctor, visit_number=request.stay_number, bed=request.bed)
    return _open(work, replace(case, diagnoses=_packed(request.diagnoses)))


def visit(work: Work, request: Visit) -> Decision:
    """2203. Replaces what an earlier one said."""
    case = own_case(work, request.hid, lock=True)
    after(case.state, Event.DESCRIBE, inpatient=False)
    diagnoses(work, request.diagnoses)
    work.uow.cases.change(
        case,
        diagnoses=_packed(request.diagnoses),
        doctor=request.doctor or case.doctor,
        complaint=request.complaint,
        marks=_marks(work, case, request.marks),
    )
    return _done(case)


def change_stay(work: Work, request: StayChange) -> Decision:
    """2403. What is empty stays as it was."""
    case = own_case(work, request.hid, lock=True)
    after(case.state, Event.DESCRIBE, inpatient=True)
    if request.diagnoses:
        diagnoses(work, request.diagnoses)
    work.uow.cases.change(
        case,
        department=request.department or case.department,
        bed=request.bed or case.bed,
        doctor=request.doctor or case.doctor,
        diagnoses=_packed(request.diagnoses) if request.diagnoses else case.diagnoses,
        marks=_marks(work, case, request.marks),
    )
    return _done(case)


def discharge(work: Work, request: Discharge) -> Decision:
    """2402. No line of the bill, and no day that is settled, may lie after the discharge."""
    case = own_case(work, request.hid, lock=True)
    state = after(case.state, Event.DISCHARGE, inpatient=True)
    last = max((line.service_date for line in work.uow.fees.standing(case)), default=case.opened_on)
    settled = max((part.until for part in parts_of(work, case)[:1] if part.until), default=last)
    within(request.discharged_on, max(last, settled), work.today, "$.discharged_on")
    diagnoses(work, request.diagnoses)
    work.uow.cases.change(
        case,
        state=state,
        discharged_on=request.discharged_on,
        way=request.way,
        diagnoses=_packed(request.diagnoses),
    )
    return _done(case)


def cancel_discharge(work: Work, request: CaseRef) -> Decision:
    """2405."""
    case = own_case(work, request.hid, lock=True)
    state = after(case.state, Event.RECALL, inpatient=True)
    work.uow.cases.change(case, state=state, discharged_on=None, way="")
    return _done(case)


def cancel_case(work: Work, request: CaseRef) -> Decision:
    """2202, 2404."""
    case = own_case(work, request.hid, lock=True)
    cancel(work, case)
    return _done(case)


def cancel(work: Work, case: Case) -> None:
    """Take a locked case back as if it had never been opened; its HID stays used.

    Raises:
        Refused: ``case_closed`` or ``case_has_fees``.
    """
    state = after(case.state, Event.CANCEL, inpatient=case.care == Care.INPATIENT)
    if work.uow.fees.standing(case):
        raise Refused("case_has_fees")
    work.uow.cases.change(case, state=state)


def _patient(work: Work, ref: PersonRef, day: date, path: str) -> Member:
    not_future(work, day, path)
    member = person(work, ref)
    within(day, member.birth_date, work.today, path)
    return member


def _marks(work: Work, case: Case, said: Sequence[str] | None) -> str:
    """The marks that the hospital says of a case from now on; ``None``: those it said before."""
    return case.marks if said is None else declared(work.rulebook, work.institution.currency, said)


def _new(work: Work, member: Member, day: date, department: str, said: Sequence[str]) -> Case:
    assert work.row.care is not None, "a row that opens a case names its care"
    marks = declared(work.rulebook, work.institution.currency, said)
    told = facts(work, member, work.row.care, day, marks)
    return Case(
        member=member.id,
        hid=work.hid,
        institution=work.institution.code,
        care=work.row.care,
        state=State.OPEN,
        covered=entitled(work.rulebook, told) and ruled(work, told),
        opened_on=day,
        discharged_on=None,
        way="",
        department=department,
        doctor="",
        bed="",
        visit_number="",
        complaint="",
        diagnoses=_packed(()),
        settlement_id="",
        opened_by=work.msgid,
        opened_at=work.now,
        marks=marks,
    )


def _open(work: Work, case: Case) -> Decision:
    serial = hids.serial_of(case.hid)
    if serial is None:
        raise Refused("hid_invalid")
    if not work.uow.leases.holds(case.institution, serial) or not work.uow.cases.open(case):
        raise Refused("hid_not_leased")
    return Decision(CaseOpened(hid=case.hid, covered=case.covered), case.member, case.hid)


def _done(case: Case) -> Decision:
    return Decision(Done(hid=case.hid), case.member, case.hid)


def _packed(found: Sequence[Diagnosis]) -> bytes:
    return msgspec.msgpack.encode(list(found))
