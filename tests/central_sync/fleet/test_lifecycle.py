"""How an edge is: every step of the table, the edges of every threshold, and what was not listened to."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from central_sync.fleet import lifecycle
from central_sync.fleet.lifecycle import EDGE, HEARD, EdgeEvent, EdgeState, Reason, Thresholds
from central_sync.wire.messages import EdgeReport, ReaderWord

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=9)
LIMITS = Thresholds(late_s=60, silent_s=180, version_oldest="0.2")
WELL = EdgeReport(
    version=3,
    sent_at=NOW,
    program="0.2.0",
    certificate_ends=NOW + timedelta(days=300),
    hids_left=1000,
    hours_left=400.0,
    workstations=3,
)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def state(at, *, troubled=False, since=LONG_AGO):
    return lifecycle.state(at, since, NOW, troubled=troubled, limits=LIMITS)


def test_every_step_of_the_table_goes_where_the_event_says():
    assert all(after is HEARD[event] for (_, event), after in EDGE.items())
    assert {state for state, _ in EDGE} | set(EDGE.values()) == set(EdgeState)
    assert {event for _, event in EDGE} == set(EdgeEvent)


@pytest.mark.parametrize(
    ("quiet_s", "troubled", "expected"),
    [
        (0, False, EdgeState.UP),
        (60, False, EdgeState.UP),
        (60, True, EdgeState.IN_TROUBLE),
        (61, True, EdgeState.LATE),
        (180, False, EdgeState.LATE),
        (181, True, EdgeState.SILENT),
        (10**7, False, EdgeState.SILENT),
        (-30, False, EdgeState.UP),
    ],
)
def test_silence_counts_from_the_last_report(quiet_s, troubled, expected):
    assert state(ago(quiet_s), troubled=troubled) is expected


def test_an_edge_that_never_reported_is_not_missed():
    assert state(None) is EdgeState.UNHEARD


@pytest.mark.parametrize(("since_s", "expected"), [(10, EdgeState.UP), (100, EdgeState.LATE), (200, EdgeState.SILENT)])
def test_a_hub_that_was_away_blames_nobody_for_that_time(since_s, expected):
    assert state(ago(10**6), since=ago(since_s)) is expected


def reasons(rises=0, **changed):
    return lifecycle.reasons(msgspec.structs.replace(WELL, **changed), rises, NOW, LIMITS)


def test_an_edge_that_is_well_has_no_reason():
    assert reasons() == ()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"journal_usable": False}, Reason.JOURNAL_UNUSABLE),
        ({"full": True, "hours_left": 1.0}, Reason.DISK_FULL),
        ({"hours_left": 71.9}, Reason.DISK_LOW),
        ({"certificate_ends": NOW}, Reason.CERTIFICATE_ENDED),
        ({"certificate_ends": NOW + timedelta(days=20)}, Reason.CERTIFICATE_ENDS),
        ({"skew_ms": -60_001}, Reason.CLOCK_OFF),
        ({"in_doubt": 1, "in_doubt_since": ago(601)}, Reason.IN_DOUBT_OLD),
        ({"pending": 1, "oldest_at": ago(901)}, Reason.BACKLOG_OLD),
        ({"pending": 100, "rises": 4}, Reason.BACKLOG_GROWS),
        ({"parked": 1}, Reason.PARKED),
        ({"contradictions": 1}, Reason.CONTRADICTIONS),
        ({"readers_troubled": [ReaderWord(name="r", trouble="reader_absent")]}, Reason.READER_GONE),
        ({"rulebook_trouble": "damaged"}, Reason.RULEBOOK_REFUSED),
        ({"hids_left": 49}, Reason.HIDS_LOW),
        ({"backup_days": 3}, Reason.BACKUP_LATE),
        ({"workstations": 0}, Reason.NO_WORKSTATION),
        ({"program": "0.1.9"}, Reason.OLD_VERSION),
        ({"program": ""}, Reason.OLD_VERSION),
    ],
    ids=lambda value: str(value) if isinstance(value, Reason) else "",
)
def test_each_reason_is_found_alone(changed, expected):
    assert reasons(**changed) == (expected,)


@pytest.mark.parametrize(
    "changed",
    [
        {"hours_left": 72.0},
        {"hours_left": None},
        {"certificate_ends": None},
        {"skew_ms": 60_000},
        {"pending": 5, "oldest_at": ago(900)},
        {"pending": 99, "rises": 9},
        {"pending": 500, "rises": 3},
        {"in_doubt": 1, "in_doubt_since": NOW + timedelta(hours=1)},
        {"program": "0.10.0+local"},
    ],
)
def test_what_lies_on_the_right_side_of_its_threshold_is_none(changed):
    assert reasons(**changed) == ()


def test_the_most_urgent_reason_stands_first():
    assert reasons(parked=1, skew_ms=10**6, workstations=0) == (
        Reason.CLOCK_OFF,
        Reason.PARKED,
        Reason.NO_WORKSTATION,
    )


def test_a_backlog_rises_as_long_as_more_waits_each_time():
    counted, before = 0, None
    for pending, expected in ((5, 0), (9, 1), (10, 2), (10, 0), (3, 0), (4, 1)):
        counted = lifecycle.rises(before, counted, pending)
        assert counted == expected
        before = pending
