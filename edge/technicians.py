"""What the technician's pages work with, put together: a part of the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from central_sync.pages.news import News
from edge.audit import Audit
from edge.console.journal_pages import JournalPages
from edge.console.lobby import Lobby
from edge.console.maintenance_pages import MaintenancePages
from edge.console.routes import Served
from edge.entries import Entries
from edge.housekeeping import Housekeeping
from edge.identity import Identity
from edge.journal import Journal
from edge.maintenance.calendar import Maintenance

Further = Callable[[Lobby, News], Sequence[Served]]


def technicians(
    journal: Journal,
    housekeeping: Housekeeping,
    maintenance: Maintenance,
    who: Identity,
    audit: Audit,
    clock: Callable[[], datetime],
) -> Further:
    """The technician's pages beside the first one, over these parts."""
    entries = Entries(journal, who.institution, audit, clock)

    async def release(msgid: str, by: str) -> None:
        await housekeeping.verbs["release"]({"what": msgid, "by": by}, lambda *_: None)

    def further(lobby: Lobby, _news: News) -> Sequence[Served]:
        return [
            JournalPages(lobby, entries, release, who.zone, who.shown_in),
            MaintenancePages(lobby, maintenance, who.zone, who.shown_in),
        ]

    return further
