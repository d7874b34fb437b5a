"""PURE: what the edge tells the hub of itself with its poll of the feed: how it stands, without anybody's name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EdgeReport, ReaderWord
from edge.console import views
from edge.console.views import Leg
from edge.health import Signs, Status
from edge.journal.shapes import Stats
from edge.readers.bindings import ReaderRow

LEGS = {
    views.READERS: "readers",
    views.DESKS: "desks",
    views.EDGE: "edge",
    views.VPN: "line",
    views.HUB: "hub",
}
"""The technician's name of a leg → its code on the line. A leg that is not here is not told: how payers are, the hub itself has said."""


def made(
    status: Status,
    signs: Signs,
    readers: Sequence[ReaderRow],
    stats: Stats | None,
    certificate_ends: datetime,
) -> EdgeReport:
    """The report of an edge that stands so; ``stats`` is ``None`` while the journal cannot be read."""
    return EdgeReport(
        version=WIRE_VERSION,
        sent_at=status.now,
        program=status.version,
        pending=status.pending,
        oldest_at=stats.oldest_at if stats else None,
        in_doubt=stats.in_doubt if stats else 0,
        in_doubt_since=stats.in_doubt_since if stats else None,
        parked=signs.parked,
        awaited=status.awaited,
        contradictions=signs.contradictions,
        skew_ms=round(status.clock_skew_s * 1000),
        certificate_ends=certificate_ends,
        hids_left=status.hids_left,
        hours_left=status.hours_left,
        free_bytes=signs.free_bytes,
        full=signs.full,
        journal_usable=signs.journal_usable,
        backup_days=signs.backup_days,
        workstations=signs.workstations,
        rulebook=status.rulebook[:12],
        rulebook_number=status.rulebook_number,
        rulebook_trouble=status.rulebook_trouble,
        readers=len(readers),
        readers_troubled=[ReaderWord(name=row.name, trouble=row.trouble) for row in readers if row.trouble],
        legs=_legs(views.legs(signs, status.line_trouble, readers)),
    )


def _legs(legs: Iterable[Leg]) -> dict[str, str]:
    return {LEGS[leg.name]: str(leg.condition) for leg in legs if leg.name in LEGS}
