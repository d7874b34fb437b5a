"""PURE: how an edge is, as one table, from its last report and the hub's clock; and what troubles it.

Rules
    * An edge that reports is ``up``, or ``in_trouble`` if its report says so. One whose report is overdue is ``late``, then ``silent``,
      whatever it said last. One that never reported is ``unheard``: an older program, or one that was never started.
    * What was not listened to cannot be missed: time counts from the last report, or from when the hub began to listen, if that was later.
    * A reason is a code; the pages know its words.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from central_sync.wire.handovers import PASSED
from central_sync.wire.messages import EdgeReport
from central_sync.wire.tunnels import IN_PLACE, TRYING

_GOES_WELL = (IN_PLACE, TRYING)
_NOT_BELIEVED = ("tampered", "expired", "replayed", "root_unknown")
"""How a look for an update ends that does not believe the repository: codes of the edge's updater."""


class EdgeState(StrEnum):
    """How an edge is, for who looks at all of them."""

    UNHEARD = "unheard"
    UP = "up"
    IN_TROUBLE = "in_trouble"
    LATE = "late"
    SILENT = "silent"


class EdgeEvent(StrEnum):
    """What was heard of it last: a report without or with a reason for trouble, none in time, none for long."""

    REPORTS_WELL = "reports_well"
    REPORTS_TROUBLE = "reports_trouble"
    OVERDUE = "overdue"
    GONE = "gone"


S, E = EdgeState, EdgeEvent

HEARD: dict[EdgeEvent, EdgeState] = {
    E.REPORTS_WELL: S.UP,
    E.REPORTS_TROUBLE: S.IN_TROUBLE,
    E.OVERDUE: S.LATE,
    E.GONE: S.SILENT,
}
EDGE: dict[tuple[EdgeState, EdgeEvent], EdgeState] = {
    (S.UNHEARD, E.REPORTS_WELL): S.UP,
    (S.UNHEARD, E.REPORTS_TROUBLE): S.IN_TROUBLE,
    (S.UP, E.REPORTS_WELL): S.UP,
    (S.UP, E.REPORTS_TROUBLE): S.IN_TROUBLE,
    (S.UP, E.OVERDUE): S.LATE,
    (S.IN_TROUBLE, E.REPORTS_WELL): S.UP,
    (S.IN_TROUBLE, E.REPORTS_TROUBLE): S.IN_TROUBLE,
    (S.IN_TROUBLE, E.OVERDUE): S.LATE,
    (S.LATE, E.REPORTS_WELL): S.UP,
    (S.LATE, E.REPORTS_TROUBLE): S.IN_TROUBLE,
    (S.LATE, E.GONE): S.SILENT,
    (S.SILENT, E.REPORTS_WELL): S.UP,
    (S.SILENT, E.REPORTS_TROUBLE): S.IN_TROUBLE,
}


class Reason(StrEnum):
    """What troubles an edge, the most urgent first."""

    JOURNAL_UNUSABLE = "journal_unusable"
    DISK_FULL = "disk_full"
    CERTIFICATE_ENDED = "certificate_ended"
    CLOCK_OFF = "clock_off"
    IN_DOUBT_OLD = "in_doubt_old"
    BACKLOG_GROWS = "backlog_grows"
    BACKLOG_OLD = "backlog_old"
    PARKED = "parked"
    CONTRADICTIONS = "contradictions"
    DISK_LOW = "disk_low"
    READER_GONE = "reader_gone"
    CERTIFICATE_ENDS = "certificate_ends"
    RULEBOOK_REFUSED = "rulebook_refused"
    ANCHOR_REFUSED = "anchor_refused"
    HIDS_LOW = "hids_low"
    BACKUP_LATE = "backup_late"
    NO_WORKSTATION = "no_workstation"
    OLD_VERSION = "old_version"


class Thresholds(NamedTuple):
    """From where on something is a reason. ``version_oldest``: the oldest program that is not too old; empty: none is."""

    late_s: float = 75.0
    silent_s: float = 180.0
    clock_ms: int = 60_000
    certificate_days: int = 21
    in_doubt_s: float = 600.0
    backlog_s: float = 900.0
    rises: int = 4
    rising_pending: int = 100
    disk_hours: float = 72.0
    hids: int = 50
    backup_days: int = 2
    version_oldest: str = ""


def heard(at: datetime, listening_since: datetime, now: datetime, *, troubled: bool, limits: Thresholds) -> EdgeEvent:
    """What was heard last of an edge whose newest report came ``at`` then."""
    quiet_s = (now - max(at, listening_since)).total_seconds()
    if quiet_s > limits.silent_s:
        return EdgeEvent.GONE
    if quiet_s > limits.late_s:
        return EdgeEvent.OVERDUE
    return EdgeEvent.REPORTS_TROUBLE if troubled else EdgeEvent.REPORTS_WELL


def state(
    at: datetime | None, listening_since: datetime, now: datetime, *, troubled: bool, limits: Thresholds
) -> EdgeState:
    """How an edge is, whose newest report came ``at`` then; ``None``: it never reported."""
    if at is None:
        return EdgeState.UNHEARD
    return HEARD[heard(at, listening_since, now, troubled=troubled, limits=limits)]


def reasons(report: EdgeReport, rises: int, taken_at: datetime, limits: Thresholds) -> tuple[Reason, ...]:
    """What troubled an edge when it said ``report``, which the hub took ``taken_at`` then, the most urgent first."""
    found = set(_of_machine(report, limits)) | set(_of_time(report, taken_at, limits))
    found |= set(_of_work(report, rises, limits))
    return tuple(reason for reason in Reason if reason in found)


def rises(pending_before: int | None, rises_before: int, pending: int) -> int:
    """Reports in a row in which more waited than in the one before, with one in which so many are ``pending``."""
    return rises_before + 1 if pending_before is not None and pending > pending_before else 0


def age_s(instant: datetime | None, report: EdgeReport) -> int:
    """How long before ``report`` an ``instant`` by the edge's own clock was, in seconds; 0: it has none, or it lies ahead."""
    return max(0, int((report.sent_at - instant).total_seconds())) if instant is not None else 0


def older(program: str, oldest: str) -> bool:
    """Whether a program's version is below ``oldest``. What is no version is as old as can be."""
    return bool(oldest) and _parts(program) < _parts(oldest)


def refused_anchors(report: EdgeReport) -> dict[str, str]:
    """Which trust anchors of the centre's an edge does not believe, though it was told to, and why, as codes: ``authority``, ``tunnel``, ``update``."""
    found = {
        "authority": "" if report.authority_drill == PASSED else report.authority_drill,
        "tunnel": "" if report.tunnel_drill in _GOES_WELL else report.tunnel_drill,
        "update": report.update if report.update in _NOT_BELIEVED else "",
    }
    return {anchor: why for anchor, why in found.items() if why}


def _parts(version: str) -> tuple[int, ...]:
    numbers = [part for part in version.split("+", maxsplit=1)[0].split(".")[:4] if part.isascii() and part.isdigit()]
    return tuple(int(number) for number in numbers)


def _of_machine(report: EdgeReport, limits: Thresholds) -> Iterator[Reason]:
    if not report.journal_usable:
        yield Reason.JOURNAL_UNUSABLE
    if report.full:
        yield Reason.DISK_FULL
    elif report.hours_left is not None and report.hours_left < limits.disk_hours:
        yield Reason.DISK_LOW
    if report.readers_troubled:
        yield Reason.READER_GONE
    if report.rulebook_trouble:
        yield Reason.RULEBOOK_REFUSED
    if refused_anchors(report):
        yield Reason.ANCHOR_REFUSED
    if report.hids_left < limits.hids:
        yield Reason.HIDS_LOW
    if report.backup_days > limits.backup_days:
        yield Reason.BACKUP_LATE
    if not report.workstations:
        yield Reason.NO_WORKSTATION
    if older(report.program, limits.version_oldest):
        yield Reason.OLD_VERSION


def _of_time(report: EdgeReport, taken_at: datetime, limits: Thresholds) -> Iterator[Reason]:
    if abs(report.skew_ms) > limits.clock_ms:
        yield Reason.CLOCK_OFF
    if report.certificate_ends is not None:
        if report.certificate_ends <= taken_at:
            yield Reason.CERTIFICATE_ENDED
        elif report.certificate_ends - taken_at < timedelta(days=limits.certificate_days):
            yield Reason.CERTIFICATE_ENDS


def _of_work(report: EdgeReport, rises: int, limits: Thresholds) -> Iterator[Reason]:
    if age_s(report.in_doubt_since, report) > limits.in_doubt_s:
        yield Reason.IN_DOUBT_OLD
    if rises >= limits.rises and report.pending >= limits.rising_pending:
        yield Reason.BACKLOG_GROWS
    if age_s(report.oldest_at, report) > limits.backlog_s:
        yield Reason.BACKLOG_OLD
    if report.parked:
        yield Reason.PARKED
    if report.contradictions:
        yield Reason.CONTRADICTIONS
