"""A settled case as the audit reads it: the bill, with what only the hub knows of the member and of care elsewhere.

A hospital may say less of a bill than an audit asks: what no line of the bill says is not missing but untold, so that facts about it stay absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from central_sync.benefits.audit.claim import Claim, Cover, Diagnosis, Earlier, Line, Member, line_of
from central_sync.benefits.audit.reference import Place
from central_sync.desk.charges import besides
from central_sync.desk.marks import FILED
from central_sync.review.limits import EARLIER_CASES_MAX
from central_sync.store import UnitOfWork, records
from central_sync.store.review_records import SettledAudit
from central_sync.wire import packets as p
from central_sync.wire.catalogue import Care

SAID_BY = {
    "national_code_missing": "national_code",
    "national_code_differs": "national_code",
    "relative_value_missing": "relative_value_code",
    "unapproved": "approval",
    "session_over": "percent",
    "times_missing": "started_at",
    "doctor_missing": "doctor",
}
"""Facts that an absence makes true → the field of a line that says it."""
REFERRED = "referred"
"""How the marks of referrals begin."""
IN_FORCE = ("awaited", "confirmed")


def claim_of(uow: UnitOfWork, row: SettledAudit, places: Mapping[str, Place]) -> Claim | None:
    """The settled case that ``row`` marks; ``None`` if its settlement is no longer in force. ``places`` are those of the rules.

    Raises:
        KeyError: the rules know no such region.
    """
    settlement = uow.settlements.get(row.member, row.settlement_id)
    if settlement is None or settlement.confirmation not in IN_FORCE:
        return None
    case = uow.cases.get(row.institution, row.hid)
    member, hospital = uow.members.get(row.member), uow.institutions.get(row.institution)
    if case is None or hospital is None:
        return None
    last = case.discharged_on or case.opened_on
    lines, known = (
        tuple(line_of(line, besides(line)) for line in uow.fees.standing(case)),
        places[hospital.region].items,
    )
    rare = {line.item for line in lines if (item := known.get(line.item)) is not None and item.every_days}
    return Claim(
        region=hospital.region,
        care=case.care,
        on=settlement.business_day,
        from_day=case.opened_on,
        to_day=case.discharged_on if case.care == Care.INPATIENT else case.opened_on,
        tier=hospital.tier,
        sex=member.sex if member else "",
        birth_date=member.birth_date if member else None,
        identifier_right=True if member else None,
        diagnoses=diagnoses_of(case),
        insured_at=member.region if member else "",
        filing=_referral(case.marks) or _filed(member, hospital, last),
        lines=lines,
        member=_member(member) if member else None,
        earlier=_earlier(uow, case, last, sorted(rare)),
        untold=_untold(lines),
    )


def diagnoses_of(case: records.Case) -> tuple[Diagnosis, ...]:
    """The case's diagnoses."""
    found = msgspec.msgpack.decode(case.diagnoses, type=list[p.Diagnosis])
    return tuple(Diagnosis(code=one.code, main=one.main) for one in found)


def _member(member: records.Member) -> Member:
    covers = tuple(Cover(from_day=cover.from_day, to_day=cover.to_day) for cover in member.covers)
    return Member(sex=member.sex, birth_date=member.birth_date, covers=covers)


def _referral(said: str) -> str:
    """The referrals among the marks that the hospital said."""
    return " ".join(mark for mark in said.split() if mark.startswith(REFERRED))


def _filed(member: records.Member | None, hospital: records.Institution, day: date) -> str:
    """The insurer's reference of a filing or a referral that holds here on that day. What else it approved allows no care elsewhere."""
    for one in member.approvals if member else ():
        here = one.institution in ("", hospital.code) and one.region in ("", hospital.region)
        allows = one.mark == FILED or one.mark.startswith(REFERRED)
        if allows and here and one.from_day <= day and (one.to_day is None or day <= one.to_day):
            return one.reference or one.mark
    return ""


def _earlier(uow: UnitOfWork, case: records.Case, last: date, rare: Sequence[str]) -> tuple[Earlier, ...]:
    """The member's stays; and visits only where the bill has items (``rare``) that may not come again too soon."""
    cases = uow.cases.others(case.member, case.hid, last, "" if rare else Care.INPATIENT, EARLIER_CASES_MAX)
    items = uow.fees.items_of(case.member, [other.hid for other in cases], rare) if rare else {}
    return tuple(
        Earlier(
            care=other.care,
            from_day=other.opened_on,
            to_day=other.discharged_on if other.care == Care.INPATIENT else other.opened_on,
            here=other.institution == case.institution,
            main_diagnosis=next((one.code for one in diagnoses_of(other) if one.main), ""),
            items=tuple(sorted(items.get(other.hid, ()))),
        )
        for other in cases
    )


def _untold(lines: Sequence[Line]) -> tuple[str, ...]:
    """The facts of which no line of the bill says anything."""
    return tuple(fact for fact, name in SAID_BY.items() if not any(getattr(line, name) for line in lines))
