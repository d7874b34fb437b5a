"""What a technician may see of the hub at a glance: plain values for ``status``, ``uncertain`` and ``audit``; nobody's name in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from central_sync.fleet.authority import Authority
from central_sync.fleet.limits import EDGE_WARNING_DAYS
from central_sync.review.lifecycle import OPEN
from central_sync.store import Store
from central_sync.store.records import Certificate

Plain = dict[str, Any]


def overview(store: Store, authority: Authority, now: datetime) -> Plain:
    """Counts, the state of each hospital's edge, and which certificates end soon."""
    with store.read() as uow:
        hospitals = [
            {
                "code": row.code,
                "name": row.name,
                "edge": edge_state(uow.certificates.of(row.code), now),
                "feed": uow.feed.head(row.code),
                "lives": uow.lives.count(row.code),
                "signed_to": str(uow.roots.newest(row.code) or ""),
            }
            for row in uow.institutions.all()
        ]
        counts = uow.upkeep.counts()
        awaited, pended = len(uow.settlements.awaited()), uow.reviews.count(OPEN)
        ending = uow.upkeep.certificates_ending(now, now + timedelta(days=EDGE_WARNING_DAYS))
    return {
        **counts,
        "awaited": awaited,
        "pended": pended,
        "edges": hospitals,
        "certificates_ending": [{"code": c.institution, "not_after": c.not_after.isoformat()} for c in ending],
        "server_certificate_ends": authority.server_expires_at().isoformat(),
        "authority_ends": authority.expires_at().isoformat(),
    }


def awaiting(store: Store) -> list[Plain]:
    """Settlements whose hospital has not yet said what became of them, oldest first; amounts in smallest coins."""
    with store.read() as uow:
        rows = uow.settlements.awaited()
    return [
        {
            "institution": row.institution,
            "settlement_id": row.id,
            "msgid": row.msgid,
            "hid": row.hid,
            "business_day": row.business_day.isoformat(),
            "currency": row.currency,
            "total": row.total,
            "funds": row.funds,
            "patient": row.patient,
            "settled_at": row.settled_at.isoformat(),
        }
        for row in rows
    ]


def trail(store: Store, rows_max: int) -> list[Plain]:
    """The newest audit rows, oldest of them first."""
    with store.read() as uow:
        rows = uow.audit.latest(rows_max)
    return [
        {
            "at": row.at.isoformat(),
            "actor": row.actor,
            "action": row.action,
            "subject": row.subject,
            "detail": row.detail,
        }
        for row in rows
    ]


def edge_state(certificates: list[Certificate], now: datetime) -> str:
    """What a hospital's certificates say of its edge."""
    if not certificates:
        return "never enrolled"
    if any(c.revoked_at is None and c.not_after > now for c in certificates):
        return "enrolled"
    return "revoked" if all(c.revoked_at is not None for c in certificates) else "expired"
