"""Watches over the edges: makes the board anew every few seconds, and keeps the outages. A thread of its own; everybody reads ``board``.

Rules
    * What is kept decides, not what this process has heard: several hub processes on one database see the same edges, each by itself.
    * A hub that was away, stood still, or could not read its database blames nobody for that time: it listens since it goes on.
      Its own absence is kept as an outage of the hub.
    * Whatever it does may be done twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from central_sync.errors import StoreError
from central_sync.fleet.board import Board, Heard, Place, board
from central_sync.fleet.lifecycle import EdgeState, Thresholds, reasons
from central_sync.fleet.limits import PLACES_LOOKED_AT_EVERY_S, REPORTS_OVERLAP_S, WATCHED_EVERY_S
from central_sync.log import located
from central_sync.repeating import Repeating
from central_sync.store import Store
from central_sync.store.fleet_records import HUB, Outage, ReportRow
from central_sync.wire import reports
from central_sync.wire.refusals import Refused

_log = structlog.get_logger(__name__)
Then = Callable[[Board, datetime], None]
"""What is done after each look, in the watch's thread."""


class Watch:
    """Of one process. ``then`` is called with each new board."""

    def __init__(
        self, store: Store, thresholds: Thresholds, clock: Callable[[], datetime], then: Then = lambda _b, _n: None
    ) -> None:
        self._store = store
        self.thresholds = thresholds
        self._clock = clock
        self._then = then
        self._places: list[Place] = []
        self._places_at: datetime | None = None
        self._heard: dict[str, Heard] = {}
        self._looked_at: datetime | None = None
        self._ended_s = 0.0
        self._since = clock()
        self.board = Board(self._since)
        self._repeating = Repeating("watch the edges", lambda: self._try(self.look))

    def start(self) -> None:
        """Look once, and go on in a thread."""
        self._since = self._clock()
        self._try(self._was_away)
        self._try(self.look)
        self._repeating.start(WATCHED_EVERY_S)

    def stop(self) -> None:
        """Watch no more. May be called twice."""
        self._repeating.stop()

    def look(self) -> Board:
        """Make the board anew, and keep the outages that it shows.

        Raises:
            StoreError: the database did not do its part; the board stays as it was.
        """
        self._stood_still()
        now = self._clock()
        self._read(now)
        self.board = board(self._places, self._heard, self._since, now, self.thresholds, self.board)
        self._keep_outages()
        self._ended_s = time.monotonic()
        self._then(self.board, now)
        return self.board

    def _stood_still(self) -> None:
        """Whoever did not look for longer than an edge may be silent has missed reports, too."""
        if self._ended_s and time.monotonic() - self._ended_s > self.thresholds.late_s:
            self._since = self._clock()

    def _read(self, now: datetime) -> None:
        look_at_places = self._places_at is None or now - self._places_at >= timedelta(seconds=PLACES_LOOKED_AT_EVERY_S)
        overlap = timedelta(seconds=REPORTS_OVERLAP_S)
        with self._store.read() as uow:
            if look_at_places:
                places = [Place(row.code, row.name, row.region, row.tier) for row in uow.institutions.all()]
            rows = uow.reports.since(self._looked_at - overlap if self._looked_at else None)
        if look_at_places:
            before = {place.institution: place for place in self._places}
            self._places = [before[one.institution] if before.get(one.institution) == one else one for one in places]
            self._places_at = now
        for row in rows:
            known = self._heard.get(row.institution)
            if known is None or known.at != row.at:
                self._take(row)
        self._looked_at = max((row.at for row in rows), default=self._looked_at)

    def _take(self, row: ReportRow) -> None:
        try:
            report = reports.read(row.body)
        except Refused:  # written by another version of this program: shown when the edge reports anew
            _log.warning("a report that is kept cannot be read", institution=row.institution)
            return
        self._heard[row.institution] = Heard(row.at, report, reasons(report, row.rises, row.at, self.thresholds))

    def _keep_outages(self) -> None:
        gone = {row.institution: row.heard.at for row in self.board.rows if row.state is EdgeState.SILENT and row.heard}
        with self._store.read() as uow:
            known = uow.reports.silent()
        fresh = {code: at for code, at in gone.items() if code not in known}
        if fresh:
            with self._store.write(urgent=False) as uow:
                for code, at in sorted(fresh.items()):
                    uow.reports.begin_outage(code, at)

    def _was_away(self) -> None:
        """The hub begins to listen: if nobody was heard for long, it was the hub that was away."""
        with self._store.read() as uow:
            newest = uow.reports.newest_at()
        now = self._since
        if newest is not None and (now - newest).total_seconds() > self.thresholds.silent_s:
            with self._store.write(urgent=False) as uow:
                uow.reports.add_outage(Outage(HUB, newest, now))

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except StoreError as error:
            _log.warning("the edges cannot be watched now", **located(error))
        except Exception as error:  # noqa: BLE001 -- a fault of ours in one look must not end the watch
            _log.error("the watch over the edges failed inside", **located(error))
