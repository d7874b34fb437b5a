"""An edge is ready for the next authority if it said that its drill passed, and lost only if it is at work now."""

from datetime import UTC, datetime, timedelta

import pytest

from central_sync.fleet.readiness import EdgeReady, Ready, behind, bound, enrolled_since, judged, lost, readiness
from central_sync.fleet.reports import packed
from central_sync.store.fleet_records import ReportRow
from central_sync.store.records import Certificate
from central_sync.wire.handovers import PASSED
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EdgeReport

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NAME = "a" * 16


def said(following="", drill="", uses="old") -> EdgeReport:
    return EdgeReport(
        version=WIRE_VERSION, sent_at=NOW, authority=uses, authority_next=following, authority_drill=drill
    )


@pytest.mark.parametrize(
    ("report", "ready", "is_lost"),
    [
        (None, Ready.WAITING, True),
        (said(), Ready.WAITING, True),
        (said("another", PASSED), Ready.WAITING, True),
        (said(NAME, "drill_wrong_name"), Ready.FAILED, True),
        (said(NAME, PASSED), Ready.PASSED, False),
        (said("", "", uses=NAME), Ready.PASSED, False),
    ],
    ids=str,
)
def test_what_it_reported_decides(report, ready, is_lost):
    found = judged("H01", report, NOW, NAME, NOW)
    assert (found.ready, bool(lost([found]))) == (ready, is_lost)


def test_one_that_was_away_for_a_week_or_never_spoke_holds_nobody_up():
    later = NOW + timedelta(days=8)
    assert judged("H01", said(), NOW, NAME, later).ready is Ready.AWAY
    assert judged("H01", None, None, NAME, later).ready is Ready.UNHEARD
    assert lost([judged("H01", said(), NOW, NAME, later), judged("H01", None, None, NAME, later)]) == []


def test_behind_is_who_works_with_a_certificate_of_the_old_one():
    old, new = EdgeReady("H01", Ready.PASSED, "", "old", NOW), EdgeReady("H02", Ready.PASSED, "", NAME, NOW)
    assert behind([old, new], NAME, NOW) == [old]
    assert behind([old, new], NAME, NOW + timedelta(days=8)) == []


def test_bound_is_who_ever_used_a_certificate_of_it():
    old, new = EdgeReady("H01", Ready.PASSED, "", "old", NOW), EdgeReady("H02", Ready.AWAY, "", NAME, NOW)
    assert bound([old, new], NAME) == [new]


def test_who_was_enrolled_since_is_told_and_who_renewed_since_is_not(store, fleet):
    since, end = NOW - timedelta(days=1), NOW + timedelta(days=30)
    with store.write() as uow:
        uow.certificates.add(Certificate("1", "H01", end, NOW, enrolled_at=since - timedelta(days=9)))
    assert enrolled_since(store, since) == []
    with store.write() as uow:
        uow.certificates.add(Certificate("2", "H01", end, NOW))
    assert enrolled_since(store, since) == ["H01"]


def test_every_hospital_with_an_edge_is_counted_once(store, fleet):
    assert readiness(store, NAME, NOW) == [], "no edge may speak yet"
    with store.write() as uow:
        uow.certificates.add(Certificate("1", "H01", NOW + timedelta(days=30), NOW))
    assert [one.ready for one in readiness(store, NAME, NOW)] == [Ready.UNHEARD]
    with store.write() as uow:
        uow.reports.keep([ReportRow("H01", NOW, 0, packed(said(NAME, PASSED)))])
    assert readiness(store, NAME, NOW) == [EdgeReady("H01", Ready.PASSED, "", "old", NOW)]
