"""The queue as plain values, for people: no name and no number of a person in them; amounts in smallest coins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from central_sync.review.auditing import Kept
from central_sync.review.lifecycle import OPEN, EntryState, priority
from central_sync.review.limits import LIST_ROWS_MAX
from central_sync.review.service import ReviewRefused
from central_sync.store import Store
from central_sync.store.review_records import ReviewEntry
from central_sync.terms.money import CURRENCIES

Plain = dict[str, Any]


def listed(
    store: Store, now: datetime, reason: str, institution: str, rows_max: int | None, *, closed: bool = False
) -> list[Plain]:
    """What is pended, what comes first on top; the oldest ``LIST_ROWS_MAX`` entries are put into order."""
    states = tuple(EntryState) if closed else OPEN
    with store.read() as uow:
        found = uow.reviews.listed(states, reason, institution, LIST_ROWS_MAX)
    rows = [_row(entry, now) for entry in found]
    return sorted(rows, key=lambda row: (-row["priority"], row["opened_at"], row["id"]))[:rows_max]


def shown(store: Store, key: str, now: datetime) -> Plain:
    """One entry with its history, the deferred shares of its settlement, and what the audit found in it.

    Raises:
        ReviewRefused: there is no such entry.
    """
    with store.read() as uow:
        entry = uow.reviews.get(key)
        if entry is None:
            raise ReviewRefused(f"there is no entry {key}")
        history = uow.reviews.history(key)
        shares = uow.payer_shares.of(entry.member, entry.settlement_id)
        audit = uow.audits.get(entry.member, entry.settlement_id)
    kept = msgspec.msgpack.decode(audit.findings, type=Kept) if audit and audit.findings else Kept(findings=[], open=[])
    return {
        **_row(entry, now),
        "member": entry.member,
        "hid": entry.hid,
        "reruns": entry.reruns,
        "changed_at": entry.changed_at.isoformat(),
        "decided_by": entry.decided_by,
        "expected_deduction": audit.deduction if audit else 0,
        "judged_at": audit.judged_at.isoformat() if audit and audit.judged_at else "",
        "rules": audit.rules if audit else "",
        "history": [
            {"at": s.at.isoformat(), "event": s.event, "state": s.state, "actor": s.actor, "detail": s.detail}
            for s in history
        ],
        "shares": [
            {
                "place": s.place,
                "round": s.round,
                "layer": s.layer,
                "scheme": s.scheme,
                "payer": s.payer,
                "amount": s.amount,
                "state": s.state,
                "tries": s.tries,
                "reason": s.reason,
                "next_at": s.next_at.isoformat() if s.next_at else "",
            }
            for s in shares
        ],
        "findings": [
            {
                "rule": f.rule,
                "serial": f.serial,
                "severity": f.severity,
                "reason": f.reason,
                "takes": f.takes,
                "text": f.text,
            }
            for f in kept.findings
        ],
    }


def _row(entry: ReviewEntry, now: datetime) -> Plain:
    known = CURRENCIES.get(entry.currency)
    coins = 10**known.decimals if known else 1
    return {
        "id": entry.id,
        "priority": priority(entry.reason, entry.amount, coins, entry.opened_at, now),
        "state": entry.state,
        "reason": entry.reason,
        "institution": entry.institution,
        "settlement_id": entry.settlement_id,
        "subject": entry.subject,
        "detail": entry.detail,
        "amount": entry.amount,
        "currency": entry.currency,
        "waits_for": entry.waits_for,
        "opened_at": entry.opened_at.isoformat(),
        "decision": entry.decision,
    }
