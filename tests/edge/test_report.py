"""What the edge tells the hub of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from central_sync.wire import reports
from edge import report
from edge.console import views
from edge.health import Status
from edge.journal import Stats
from edge.readers.bindings import ReaderRow
from tests.edge.test_health import WELL

AT = datetime(2025, 6, 1, 8, tzinfo=UTC)
STATUS = Status(
    return_code=0,
    institution="H1",
    name="A Hospital",
    version="0.1.0",
    now=AT,
    line="up",
    line_trouble="",
    clock="right",
    clock_skew_s=-1.25,
    hids_left=1000,
    pending=3,
    awaited=2,
    entries={"open": 3},
    certificate_days_left=300,
    warnings=[],
    hours_left=400.5,
    rulebook="0123456789abcdef",
    rulebook_number=4,
)
STATS = Stats(
    entries={}, pending=3, parked=1, awaited=2, hids_left=1000, commits=1, operations=1, file_bytes=1, wal_bytes=1,
    oldest_at=AT, in_doubt=1, in_doubt_since=AT,
)  # fmt: skip


def test_a_report_says_how_the_edge_stands() -> None:
    made = report.made(STATUS, WELL, [], STATS, AT)
    assert (made.program, made.pending, made.in_doubt, made.skew_ms, made.certificate_ends) == (
        "0.1.0",
        3,
        1,
        -1250,
        AT,
    )
    assert made.oldest_at == AT
    assert made.legs == dict.fromkeys(report.LEGS.values(), "well")
    assert reports.decoded(reports.encoded(made)) == made


def test_every_leg_of_the_technicians_page_is_told_but_that_which_the_hub_told_itself() -> None:
    assert {leg.name for leg in views.legs(WELL, "", [])} == {*report.LEGS, views.PAYERS}


def test_a_broken_leg_is_told_as_such() -> None:
    made = report.made(STATUS, replace(WELL, journal_usable=False), [], None, AT)
    assert made.legs["edge"] == "broken"
    assert not made.journal_usable
    assert made.oldest_at is None


def test_readers_in_trouble_are_named_and_the_others_counted() -> None:
    row = ReaderRow(name="desk 1", driver="pcsc", desk="", connected=True, card_present=False)
    gone = msgspec.structs.replace(row, name="desk 2", trouble="reader_absent")
    made = report.made(STATUS, WELL, [row, gone], STATS, AT)
    assert made.readers == 2
    assert [(one.name, one.trouble) for one in made.readers_troubled] == [("desk 2", "reader_absent")]


def test_nobodys_name_is_in_it() -> None:
    assert "A Hospital" not in repr(report.made(STATUS, WELL, [], STATS, AT))
