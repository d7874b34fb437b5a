"""Takes what edges report of themselves, and writes it in batches: 10,000 edges are 400 reports a second, and one commit in two seconds.

Rules
    * Taking one costs the event loop a decoding and nothing else; a thread writes. What is not written yet is lost with the process: the next
      report is half a minute away.
    * Of several reports of an edge between two commits the newest is written. Memory holds one report for each edge that reports here.
    * A report of an edge that was silent ends its outage in the commit that keeps it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import structlog

from central_sync.errors import StoreError
from central_sync.fleet.lifecycle import age_s, rises
from central_sync.fleet.limits import HISTORY_SLOT_S, HISTORY_SLOTS, HISTORY_WRITTEN_EVERY_S, REPORTS_WRITTEN_EVERY_S
from central_sync.log import located
from central_sync.repeating import Repeating
from central_sync.store import Store
from central_sync.store.fleet_records import HistoryRow, ReportRow
from central_sync.wire import reports
from central_sync.wire.messages import EdgeReport

_log = structlog.get_logger(__name__)


class _Last(NamedTuple):
    """What this process knows of an edge: what waited when it reported last, and the worst of the present slot, written at ``written_at``."""

    pending: int
    rises: int
    slot: HistoryRow
    written_at: datetime | None


class Reports:
    """Of one process. ``clock`` gives aware UTC instants."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[datetime, EdgeReport]] = {}
        self._last: dict[str, _Last] = {}
        self._skews: dict[str, int] = {}
        self._repeating = Repeating("reports", self._try)

    def start(self) -> None:
        """Begin to write."""
        self._repeating.start(REPORTS_WRITTEN_EVERY_S)

    def stop(self) -> None:
        """Write what waits, then end. May be called twice."""
        if self._repeating.stop():
            self._try()

    def take(self, institution: str, text: str) -> EdgeReport:
        """Take the report of an admitted edge, as it stood in its poll.

        Raises:
            Refused: ``packet_invalid`` or ``version_unsupported``.
        """
        report = reports.decoded(text)
        with self._lock:
            self._waiting[institution] = (self._clock(), report)
            self._skews[institution] = report.skew_ms
        return report

    def skew_ms(self, institution: str) -> int | None:
        """An edge's clock less ours, as it said last; ``None``: not to this process."""
        return self._skews.get(institution)

    def write(self) -> int:
        """Write what waits; returns how many edges that were.

        Raises:
            StoreError: the database did not take it. It is tried again with what has come meanwhile.
        """
        with self._lock:
            taken, self._waiting = self._waiting, {}
        if not taken:
            return 0
        try:
            self._write(taken)
        except StoreError:
            with self._lock:
                self._waiting = taken | self._waiting
            raise
        return len(taken)

    def _write(self, taken: dict[str, tuple[datetime, EdgeReport]]) -> None:
        last = {code: self._judged(code, at, report) for code, (at, report) in taken.items()}
        rows = [ReportRow(code, at, last[code].rises, packed(report)) for code, (at, report) in taken.items()]
        due = [code for code, one in last.items() if self._is_due(one, taken[code][0])]
        with self._store.write(urgent=False) as uow:
            uow.reports.keep(rows)
            if due:
                uow.reports.keep_history([last[code].slot for code in due])
            for code in uow.reports.silent().keys() & taken.keys():
                uow.reports.end_outage(code, taken[code][0])
        for code in due:
            last[code] = last[code]._replace(written_at=taken[code][0])
        self._last |= last

    def _judged(self, institution: str, at: datetime, report: EdgeReport) -> _Last:
        before = self._last.get(institution)
        fresh = _slot(institution, at, report)
        same = before is not None and before.slot.begins_at == fresh.begins_at
        return _Last(
            report.pending,
            rises(before.pending, before.rises, report.pending) if before else 0,
            _worse(before.slot, fresh) if before and same else fresh,
            before.written_at if before and same else None,
        )

    def _is_due(self, one: _Last, now: datetime) -> bool:
        return one.written_at is None or now - one.written_at >= timedelta(seconds=HISTORY_WRITTEN_EVERY_S)

    def _try(self) -> None:
        try:
            self.write()
        except StoreError as error:
            _log.warning("reports of edges cannot be written now", **located(error))
        except Exception as error:  # noqa: BLE001 -- a fault of ours in one batch must not end the thread
            _log.error("reports of edges failed inside", **located(error))


def packed(report: EdgeReport) -> bytes:
    """A report as the store keeps it; ``wire.reports.read`` reads it."""
    return msgspec.msgpack.encode(report)


def slot_of(at: datetime) -> tuple[int, datetime]:
    """The place in the ring of the slot that ``at`` lies in, and when that slot begins."""
    number = int(at.timestamp()) // HISTORY_SLOT_S
    return number % HISTORY_SLOTS, datetime.fromtimestamp(number * HISTORY_SLOT_S, UTC)


def _slot(institution: str, at: datetime, report: EdgeReport) -> HistoryRow:
    place, begins_at = slot_of(at)
    oldest_s = age_s(report.oldest_at, report)
    return HistoryRow(institution, place, begins_at, report.pending, oldest_s, abs(report.skew_ms), report.hours_left)


def _worse(one: HistoryRow, other: HistoryRow) -> HistoryRow:
    hours = [row.hours_left for row in (one, other) if row.hours_left is not None]
    return HistoryRow(
        one.institution,
        one.slot,
        one.begins_at,
        max(one.pending, other.pending),
        max(one.oldest_s, other.oldest_s),
        max(one.skew_ms, other.skew_ms),
        min(hours) if hours else None,
    )
