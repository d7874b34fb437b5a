"""PURE: a draft bill (3101) as the audit reads it, and what the audit says as the HIS reads it."""

from __future__ import annotations

from datetime import date

from central_sync.benefits.audit.auditor import Audit
from central_sync.benefits.audit.claim import Claim, Diagnosis, Earlier, GroupTotal, line_of
from central_sync.terms import identifiers
from central_sync.terms.languages import Language
from central_sync.wire import packets as p


def claim_of(draft: p.Forecast, region: str, today: date) -> Claim:
    """The claim that ``draft`` would become. The patient's number goes no further than its check digits."""
    return Claim(
        region=region,
        care=draft.care,
        on=draft.send_on or today,
        from_day=draft.from_day,
        to_day=draft.to_day,
        tier=draft.tier,
        sex=draft.sex,
        birth_date=draft.birth_date,
        identifier_right=_right(draft.patient),
        validity_seen=draft.validity_seen,
        diagnoses=tuple(Diagnosis(code=diagnosis.code, main=diagnosis.main) for diagnosis in draft.diagnoses),
        insured_at=draft.insured_at,
        filing=draft.filing,
        total=draft.total,
        line_count=draft.line_count,
        groups=tuple(GroupTotal(name=group.name, amount=group.amount) for group in draft.groups),
        lines=tuple(line_of(line, line) for line in draft.lines),
        earlier=None if draft.earlier is None else tuple(map(_earlier, draft.earlier)),
    )


def answer_of(audit: Audit, currency: str, language: Language = Language.EN) -> p.ForecastAnswer:
    """What the HIS is told, in ``language``."""
    return p.ForecastAnswer(
        currency=currency,
        total=audit.total,
        deduction=audit.deduction,
        findings=[
            p.ForecastFinding(
                rule=finding.rule.rule,
                severity=finding.rule.severity,
                reason=finding.rule.reason,
                text=told.text,
                desk=told.desk,
                reviewer=told.reviewer,
                from_day=finding.rule.from_day,
                reference=finding.rule.source,
                serial=finding.serial,
                takes=finding.takes,
                illustrative=finding.rule.illustrative,
            )
            for finding, told in ((finding, finding.rule.told(language)) for finding in audit.findings)
        ],
        open=list(audit.open),
        rules=audit.version,
    )


def _right(patient: p.PersonRef | None) -> bool | None:
    if patient is None or patient.kind not in identifiers.KINDS:
        return None
    return identifiers.checked(patient.kind, patient.number) is not None


def _earlier(care: p.EarlierCare) -> Earlier:
    return Earlier(
        care=care.care,
        from_day=care.from_day,
        to_day=care.to_day,
        here=care.here,
        main_diagnosis=care.main_diagnosis,
        items=tuple(care.items),
    )
