"""The sample of what an edge says of itself, by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from central_sync.wire import messages as m

AT = datetime(2025, 3, 20, 6, 30, 15, 250000, tzinfo=UTC)


def edge_report() -> m.EdgeReport:
    """What an edge says of itself, with every field."""
    return m.EdgeReport(
        version=3,
        sent_at=AT,
        program="0.1.0",
        pending=17,
        oldest_at=AT,
        in_doubt=1,
        in_doubt_since=AT,
        parked=2,
        awaited=3,
        contradictions=1,
        skew_ms=-1_250,
        certificate_ends=AT,
        hids_left=4_800,
        hours_left=72.5,
        free_bytes=5_000_000_000,
        full=True,
        journal_usable=False,
        backup_days=3,
        workstations=4,
        rulebook="0f1e2d3c",
        rulebook_number=7,
        rulebook_trouble="damaged",
        readers=2,
        readers_troubled=[m.ReaderWord(name="desk 1", trouble="unplugged")],
        legs={"readers": "broken", "edge": "warning", "hub": "well"},
    )
