"""What several services ask of a request: a possible day, a known person, diagnoses that exist, a case of one's own.

Refusals name a field's path, never its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from central_sync.benefits.eligibility import paying
from central_sync.benefits.facts import CaseFacts, CoverFacts
from central_sync.desk.marks import approved, holding
from central_sync.desk.work import Work
from central_sync.rulebook import diagnoses as lists
from central_sync.store.records import Case, Member
from central_sync.terms import hid as hids
from central_sync.terms import identifiers
from central_sync.wire.packets import Diagnosis, PersonRef
from central_sync.wire.refusals import Refused


def person(work: Work, ref: PersonRef) -> Member:
    """The member that ``ref`` names.

    Raises:
        Refused: ``identifier_invalid`` (kind, or check digit) or ``person_unknown``.
    """
    if ref.kind != work.region.identifier_kind:
        raise Refused("identifier_invalid", "$.person.kind")
    number = identifiers.checked(ref.kind, ref.number)
    if number is None:
        raise Refused("identifier_invalid", "$.person.number")
    member = work.uow.members.find(ref.kind, number)
    if member is None:
        raise Refused("person_unknown")
    return member


def not_future(work: Work, day: date, path: str) -> None:
    """Refuse a day that had not begun in the institution's zone when the edge took the transaction.

    Raises:
        Refused: ``date_out_of_range``.
    """
    if day > work.today:
        raise Refused("date_out_of_range", path)


def within(day: date, first: date, last: date, path: str) -> None:
    """Refuse a day that does not lie in ``first`` … ``last``.

    Raises:
        Refused: ``date_out_of_range``.
    """
    if not first <= day <= last:
        raise Refused("date_out_of_range", path)


def diagnoses(work: Work, found: Sequence[Diagnosis]) -> None:
    """Every code stands in the region's list, none twice, and exactly one is the main one.

    Raises:
        Refused: ``diagnosis_unknown`` or ``packet_invalid``.
    """
    for place, diagnosis in enumerate(found):
        if not lists.exists(work.region.diagnosis_list, diagnosis.code):
            raise Refused("diagnosis_unknown", f"$.diagnoses[{place}].code")
    if sum(diagnosis.main for diagnosis in found) != 1:
        raise Refused("packet_invalid", "$.diagnoses: exactly one is main")
    if len({diagnosis.code for diagnosis in found}) != len(found):
        raise Refused("packet_invalid", "$.diagnoses: a code stands twice")


def own_case(work: Work, hid: str, *, lock: bool) -> Case:
    """The institution's own case of the right kind; with ``lock``, nobody else changes it until the unit of work ends.

    Raises:
        Refused: ``hid_invalid``, ``case_unknown`` (also for a stranger's case) or ``case_wrong_kind``.
    """
    if hids.serial_of(hid) is None:
        raise Refused("hid_invalid", "$.hid")
    case = work.uow.cases.get(work.institution.code, hid, lock=lock)
    if case is None:
        raise Refused("case_unknown")
    if work.row.care is not None and case.care != work.row.care:
        raise Refused("case_wrong_kind", f"$.hid: {case.care}")
    return case


def currency(work: Work, code: str) -> None:
    """Refuse money that is not the institution's.

    Raises:
        Refused: ``currency_wrong``.
    """
    if code != work.institution.currency:
        raise Refused("currency_wrong", "$.currency")


def facts(work: Work, member: Member, care: str, day: date, said: str = "") -> CaseFacts:
    """What the benefits engine is told of a member's case at this institution; ``said`` are the marks that it says of the case."""
    return CaseFacts(
        member=member.id,
        region=work.institution.region,
        tier=work.institution.tier,
        care=care,
        day=day,
        birth_date=member.birth_date,
        covers=tuple(
            CoverFacts(
                c.layer,
                c.scheme,
                c.contract,
                c.own_group or member.group,
                c.from_day,
                c.to_day,
                c.family,
                c.deposited,
                approved(work.institution, member, day, c.scheme),
            )
            for c in member.covers
        ),
        marks=holding(work.rulebook, work.institution, member, day, said),
    )


def ruled(work: Work, told: CaseFacts) -> bool:
    """Whether any scheme that covers the case has rules on its day: a day may lie outside every version of the rulebook."""
    return any(
        benefit.bands.ratios.at(told.day, told.tier, cover.group, told.marks, told.age)
        for cover, _, benefit in paying(work.rulebook, told)
    )


def member_of(work: Work, case: Case) -> Member:
    """The member of a case, which is always known."""
    member = work.uow.members.get(case.member)
    assert member is not None, "a case without its member"
    return member
