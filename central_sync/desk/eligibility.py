"""Who a person is to their insurers, and what they are entitled to: 1101 person, 2001 benefit check. Both only read."""

from __future__ import annotations

from datetime import date

from central_sync.benefits.eligibility import begun, clashing, entitled, placed
from central_sync.benefits.facts import CaseFacts
from central_sync.benefits.settlement import accumulator_keys, balances
from central_sync.desk.checks import facts, not_future, person, ruled, within
from central_sync.desk.work import Decision, Work
from central_sync.store.records import Member
from central_sync.wire.packets import Balance, BenefitAnswer, BenefitCheck, Cover, PersonAnswer, PersonRequest


def check_person(work: Work, request: PersonRequest) -> Decision:
    """1101."""
    member = person(work, request.person)
    answer = PersonAnswer(
        member=member.id,
        name=member.name,
        birth_date=member.birth_date,
        sex=member.sex,
        covers=_covers(member, work.today),
        as_of=member.as_of,
    )
    return Decision(answer)


def check_benefit(work: Work, request: BenefitCheck) -> Decision:
    """2001. No cover in force is an answer (``entitled`` false, ``reason`` not_covered), not a refusal; so is a day for which no scheme
    has rules (no_rules_in_force), and two schemes that claim the same place (schemes_clash).
    """
    not_future(work, request.service_date, "$.service_date")
    member = person(work, request.person)
    within(request.service_date, member.birth_date, work.today, "$.service_date")
    told = facts(work, member, request.care, request.service_date)
    if families := {one.family for one in begun(work.rulebook, told)}:
        told = placed(work.rulebook, told, work.uow.accumulators.tallies(families))
    used = work.uow.accumulators.read(accumulator_keys(work.rulebook, told))
    reason = _reason(work, told)
    answer = BenefitAnswer(
        entitled=not reason,
        covers=_covers(member, request.service_date),
        balances=[
            Balance(layer=row.layer, name=row.name, used=row.used, cap=row.cap, owner=row.owner, account=row.account)
            for row in balances(work.rulebook, told, used)
        ],
        currency=work.institution.currency,
        as_of=member.as_of,
        reason=reason,
    )
    return Decision(answer)


def _reason(work: Work, told: CaseFacts) -> str:
    """Why the case is not one that the insurer pays; empty: it is."""
    if not entitled(work.rulebook, told):
        return "not_covered"
    if not ruled(work, told):
        return "no_rules_in_force"
    return "schemes_clash" if clashing(work.rulebook, told) else ""


def _covers(member: Member, day: date) -> list[Cover]:
    return [
        Cover(
            layer=cover.layer,
            scheme=cover.scheme,
            contract=cover.contract,
            from_day=cover.from_day,
            to_day=cover.to_day,
            in_force=cover.from_day <= day and (cover.to_day is None or day <= cover.to_day),
        )
        for cover in member.covers
    ]
