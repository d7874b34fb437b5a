"""The hub's own audit: judges every settlement after its commit, with what only the hub knows, and pends what a person must decide.

Rules
    * Whoever settles leaves a mark in the same commit; the mark goes with what was found. So no settlement is missed, whatever dies between.
    * It changes nothing of the settlement: shares, patient's part and accumulators stay. What would be deducted is written beside it.
    * It is judged again when the member's record changed, when a person says so, and when other rules come into force.
    * Reading and judging hold no writer; what was found of some settlements is kept in one short commit that lets people's go first.
    * It waits for nobody's mark: what somebody else holds is judged at a later look.
    * A hub that is killed judges again. Of several on one database each judges what no other has taken; should two judge the same, they find
      the same, and one keeps it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import structlog
from msgspec import Struct

from central_sync.benefits.audit.auditor import Audit, Auditor, Finding
from central_sync.benefits.audit.bundle import AuditBundle, Severity
from central_sync.benefits.audit.claim import Claim
from central_sync.benefits.audit.vocabulary import Needs
from central_sync.errors import StoreError
from central_sync.log import located
from central_sync.review import service as queue
from central_sync.review.cases import claim_of
from central_sync.review.lifecycle import PERSON, Reason
from central_sync.review.limits import (
    AUDIT_AGAIN_DAYS,
    AUDIT_EVERY_S,
    AUDIT_TRIES_MAX,
    AUDIT_WAIT_S,
    AUDITS_AT_ONCE,
    MARKS_AT_ONCE,
    STOP_S_MAX,
)
from central_sync.store import Store, UnitOfWork
from central_sync.store.review_records import SettledAudit

AUDITED = (Reason.FINDING, Reason.MEMBER_RECORD, Reason.MISSING_TARIFF, Reason.NOT_AUDITED)
"""Reasons that an audit finds, and so may find gone."""
_UNPRICED = frozenset({"not_in_price_list", "item_invalid"})
_RULES_CHARACTERS = 12
_NOT_AUDITED = "the audit itself"
_log = structlog.get_logger(__name__)


class Found(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One finding as it is kept with its settlement; ``takes`` is what it alone would take off, in smallest coins."""

    rule: str
    severity: str
    reason: str
    text: str
    from_day: str
    source: str
    serial: str = ""
    takes: int = 0


class Kept(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is kept of an audit; ``open``: rules that could not be judged."""

    findings: list[Found]
    open: list[str]


class Auditing:
    """The audit of one hub process. ``clock`` gives aware instants, ``rules`` the rules in force."""

    def __init__(self, store: Store, clock: Callable[[], datetime], rules: Callable[[], AuditBundle]) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._auditor: Auditor | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to judge what is marked."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Judge no more. May be called twice."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_S_MAX)
            self._thread = None

    def run(self) -> bool:
        """Judge some settlements that are marked; whether more may be waiting."""
        now = self._clock()
        auditor = self._ready(now)
        marked = self._marked(now)
        if not marked:
            return False
        with self._store.read() as uow:
            judged = [(row, _judged(uow, auditor, row)) for row in marked]
        with self._store.write(urgent=False) as uow:
            free = uow.audits.free(marked)
            for row, found in judged:
                if row in free:
                    _kept(uow, row, auditor.bundle.version, found, now)
        return len(marked) == AUDITS_AT_ONCE

    def _marked(self, now: datetime) -> list[SettledAudit]:
        """Some that are marked; where several hubs serve one database, for this one alone for a while."""
        with self._store.read() as uow:
            marked = uow.audits.due(now, AUDITS_AT_ONCE)
        if marked and self._store.shared:
            with self._store.write(urgent=False) as uow:
                marked = uow.audits.take(now, now + timedelta(seconds=AUDIT_WAIT_S), AUDITS_AT_ONCE)
        return marked

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                more = self.run()
            except StoreError as error:
                _log.warning("what an audit found cannot be kept now", **located(error))
                more = False
            except Exception:  # noqa: BLE001 - a fault of ours must not end the thread: the marks stay, and it judges again
                _log.exception("the audit failed")
                more = False
            if not more:
                self._stopping.wait(AUDIT_EVERY_S)

    def _ready(self, now: datetime) -> Auditor:
        """The auditor by the rules in force; when they are others than before, what other rules judged is marked anew."""
        rules = self._rules()
        if self._auditor is None or self._auditor.bundle.version != rules.version:
            auditor = Auditor(rules)
            since = now - timedelta(days=AUDIT_AGAIN_DAYS)
            count, some = 0, MARKS_AT_ONCE
            while some == MARKS_AT_ONCE:
                with self._store.write(urgent=False) as uow:
                    some = uow.audits.want_other_rules(rules.version, since, now, MARKS_AT_ONCE)
                count += some
            if count:
                _log.info("other rules judge again", count=count, version=rules.version)
            self._auditor = auditor
        return self._auditor


class Judged(NamedTuple):
    """What came of one settlement: the claim and the audit of it, or ``broken``; neither, if it is no longer in force."""

    claim: Claim | None = None
    audit: Audit | None = None
    currency: str = ""
    broken: str = ""


def _judged(uow: UnitOfWork, auditor: Auditor, row: SettledAudit) -> Judged:
    try:
        claim = claim_of(uow, row, auditor.bundle.places)
        if claim is None:
            return Judged()
        settlement = uow.settlements.get(row.member, row.settlement_id)
        assert settlement is not None, "it was there just now, in the same moment"
        return Judged(claim, auditor.judge(claim), settlement.currency)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - one case that the rules stumble over must not keep the others from being judged
        _log.error("a settlement could not be judged", institution=row.institution, **located(error))
        return Judged(broken=type(error).__name__)


def _kept(uow: UnitOfWork, row: SettledAudit, rules: str, judged: Judged, now: datetime) -> None:
    """Keep what was found, unless the settlement was marked anew meanwhile."""
    if judged.broken:
        _failed(uow, row, rules, judged.broken, now)
        return
    found = judged.audit
    plain = Kept(
        findings=[_plain(one) for one in found.findings] if found else [], open=list(found.open) if found else []
    )
    total, deduction = (found.total, found.deduction) if found else (0, 0)
    if not uow.audits.judged(row, rules, now, total, deduction, msgspec.msgpack.encode(plain)):
        return
    still = {queue.pend(uow, what, now) for what in _pended(row, rules, judged)}
    for entry in uow.reviews.of_settlement(row.settlement_id):
        if entry.reason in AUDITED and entry.id not in still:
            queue.cleared(uow, entry.id, now, "no longer found")


def _failed(uow: UnitOfWork, row: SettledAudit, rules: str, what: str, now: datetime) -> None:
    tries = row.tries + 1
    if tries < AUDIT_TRIES_MAX:
        uow.audits.failed(row, now + timedelta(seconds=AUDIT_WAIT_S * tries))
        return
    uow.audits.failed(row, None)
    pended = _entry(row, Reason.NOT_AUDITED, _NOT_AUDITED, what, 0, "")
    queue.pend(uow, replace(pended, waits_for=f"rules:{rules[:_RULES_CHARACTERS]}"), now, given_up=True)


def _plain(finding: Finding) -> Found:
    rule = finding.rule
    return Found(
        rule=rule.rule,
        severity=rule.severity,
        reason=rule.reason,
        text=rule.text,
        from_day=str(rule.from_day),
        source=rule.source,
        serial=finding.serial,
        takes=finding.takes,
    )


def _pended(row: SettledAudit, rules: str, judged: Judged) -> list[queue.Pended]:
    """What of an audit goes to the queue: what a person decides, and what has no price yet."""
    if judged.claim is None or judged.audit is None:
        return []
    amounts = {line.serial: line.amount for line in judged.claim.lines}
    pended: list[queue.Pended] = []
    for finding in judged.audit.findings:
        rule = finding.rule
        amount = finding.takes or amounts.get(finding.serial, judged.audit.total)
        subject = f"{rule.rule}:{finding.serial}"
        if rule.reason in _UNPRICED:
            waits = f"rules:{rules[:_RULES_CHARACTERS]}"
            entry = _entry(row, Reason.MISSING_TARIFF, subject, rule.text, amount, judged.currency)
            pended.append(replace(entry, waits_for=waits))
        elif rule.severity is Severity.PEND and Needs.MEMBER in rule.needs:
            entry = _entry(row, Reason.MEMBER_RECORD, subject, rule.text, amount, judged.currency)
            pended.append(replace(entry, waits_for=f"member:{row.member}"))
        elif rule.severity is Severity.PEND:
            pended.append(_entry(row, Reason.FINDING, subject, rule.text, amount, judged.currency))
    return pended


def _entry(row: SettledAudit, reason: Reason, subject: str, detail: str, amount: int, currency: str) -> queue.Pended:
    return queue.Pended(
        institution=row.institution,
        member=row.member,
        settlement_id=row.settlement_id,
        hid=row.hid,
        reason=reason,
        subject=subject,
        detail=detail,
        amount=amount,
        currency=currency,
        waits_for=PERSON,
    )
