"""Which edges have proven the next authority, which not yet and why, and which still use the old one: from what they report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from central_sync.fleet.limits import ACTIVE_DAYS
from central_sync.store import Store
from central_sync.store.records import Certificate
from central_sync.wire import reports
from central_sync.wire.handovers import PASSED
from central_sync.wire.messages import EdgeReport
from central_sync.wire.refusals import Refused


class Ready(StrEnum):
    """``passed`` its drill; ``failed`` it; ``waiting``: has not drilled yet; ``away``: has not reported lately; ``unheard``: never."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"
    AWAY = "away"
    UNHEARD = "unheard"


LOST = (Ready.FAILED, Ready.WAITING)
"""An edge that works now and may not after a switch."""


@dataclass(frozen=True, slots=True)
class EdgeReady:
    """How one edge stands to an authority: ``why`` its drill failed (a code), and ``uses``: who issued its certificate, as it said last."""

    institution: str
    ready: Ready
    why: str = ""
    uses: str = ""
    seen_at: datetime | None = None


def readiness(store: Store, following: str, now: datetime) -> list[EdgeReady]:
    """Every hospital whose edge may speak, by code, and how it stands to the authority ``following`` (its name)."""
    with store.read() as uow:
        rows = {row.institution: row for row in uow.reports.since(None)}
        codes = [one.code for one in uow.institutions.all() if _speaks(uow.certificates.of(one.code))]
    found = []
    for code in sorted(codes):
        row = rows.get(code)
        said = _read(row.body) if row is not None else None
        found.append(judged(code, said, row.at if row is not None else None, following, now))
    return found


def judged(code: str, said: EdgeReport | None, at: datetime | None, following: str, now: datetime) -> EdgeReady:
    """How the edge that ``said`` this at ``at`` stands; what cannot be read counts as said by an edge that knows of no drill."""
    if at is None:
        return EdgeReady(code, Ready.UNHEARD)
    uses = said.authority if said is not None else ""
    drilled = said is not None and said.authority_next == following
    passed = uses == following or (drilled and said is not None and said.authority_drill == PASSED)
    if passed:
        return EdgeReady(code, Ready.PASSED, "", uses, at)
    if now - at > timedelta(days=ACTIVE_DAYS):
        return EdgeReady(code, Ready.AWAY, "", uses, at)
    if drilled and said is not None and said.authority_drill:
        return EdgeReady(code, Ready.FAILED, said.authority_drill, uses, at)
    return EdgeReady(code, Ready.WAITING, "", uses, at)


def lost(edges: Iterable[EdgeReady]) -> list[EdgeReady]:
    """Those that work now and may not after a switch."""
    return [one for one in edges if one.ready in LOST]


def behind(edges: Sequence[EdgeReady], following: str, now: datetime) -> list[EdgeReady]:
    """Those that worked lately and whose certificate is not of ``following`` yet."""
    lately = timedelta(days=ACTIVE_DAYS)
    return [one for one in edges if one.seen_at is not None and now - one.seen_at <= lately and one.uses != following]


def bound(edges: Iterable[EdgeReady], following: str) -> list[EdgeReady]:
    """Those whose certificate is of ``following``, however long ago they said so: without it none of them comes back."""
    return [one for one in edges if one.uses == following]


def enrolled_since(store: Store, at: datetime) -> list[str]:
    """Hospitals whose edge was enrolled since ``at``, by code: they know the authority alone that was in use then."""
    with store.read() as uow:
        held = {one.code: uow.certificates.of(one.code) for one in uow.institutions.all()}
    return sorted(
        code for code, found in held.items() if any(one.revoked_at is None and one.since >= at for one in found)
    )


def _speaks(certificates: Sequence[Certificate]) -> bool:
    return any(one.revoked_at is None for one in certificates)


def _read(body: bytes) -> EdgeReport | None:
    try:
        return reports.read(body)
    except Refused:
        return None
