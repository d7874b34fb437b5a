"""The watch over the edges: what is kept becomes a board and outages, and a hub that was away blames nobody."""

from datetime import timedelta

import msgspec
import pytest

from central_sync.errors import StoreUnavailable
from central_sync.fleet import watch as module
from central_sync.fleet.lifecycle import EdgeState
from central_sync.fleet.reports import packed
from central_sync.fleet.watch import Watch
from central_sync.store.fleet_records import HUB, Outage, ReportRow
from central_sync.store.records import Institution
from tests.central_sync.fleet.test_lifecycle import LIMITS, WELL
from tests.central_sync.fleet.test_reports import AT, Hand


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def watch(store, hand):
    with store.write() as uow:
        for code in ("H1", "H2"):
            uow.institutions.add(
                Institution(code, f"Hospital {code}", "ir", "public", "Asia/Tehran", "IRR", "jalali", AT)
            )
    return Watch(store, LIMITS, hand)


def report(store, code, at, rises=0, **changed):
    with store.write() as uow:
        uow.reports.keep([ReportRow(code, at, rises, packed(msgspec.structs.replace(WELL, **changed)))])
        uow.reports.end_outage(code, at)


def states(board):
    return {row.institution: row.state for row in board.rows}


def test_an_edge_goes_silent_and_comes_back_and_the_outage_is_kept(store, watch, hand):
    report(store, "H1", AT)
    assert states(watch.look()) == {"H1": EdgeState.UP, "H2": EdgeState.UNHEARD}
    hand.on(100)
    assert states(watch.look())["H1"] is EdgeState.LATE
    for _ in range(2):
        hand.on(100)
        assert states(watch.look())["H1"] is EdgeState.SILENT
    with store.read() as uow:
        assert uow.reports.silent() == {"H1": AT}
    back = hand.now
    report(store, "H1", back)
    assert states(watch.look())["H1"] is EdgeState.UP
    with store.read() as uow:
        assert uow.reports.outages(AT, hand.now) == [Outage("H1", AT, back)]


def test_reasons_are_those_of_the_report(store, watch):
    report(store, "H1", AT, rises=9, pending=500, parked=1)
    row = watch.look().of("H1")
    assert row.state is EdgeState.IN_TROUBLE
    assert [str(reason) for reason in row.heard.reasons] == ["backlog_grows", "parked"]


def test_a_hub_that_was_away_keeps_its_own_outage_and_blames_no_edge(store, watch, hand):
    report(store, "H1", AT)
    hand.on(7200)
    watch.start()
    watch.stop()
    assert states(watch.board)["H1"] is EdgeState.UP
    with store.read() as uow:
        assert uow.reports.silent() == {}
        assert uow.reports.outages(AT, hand.now) == [Outage(HUB, AT, hand.now)]
    hand.on(181)
    assert states(watch.look())["H1"] is EdgeState.SILENT


def test_a_hub_that_stood_still_listens_anew(store, watch, hand, monkeypatch):
    report(store, "H1", AT)
    watch.look()
    hand.on(600)
    monkeypatch.setattr(module.time, "monotonic", lambda: watch._ended_s + 600)
    assert states(watch.look())["H1"] is EdgeState.UP


def test_what_other_processes_took_is_seen_also_when_it_comes_late(store, watch, hand):
    report(store, "H1", AT)
    watch.look()
    report(store, "H2", AT - timedelta(seconds=5))
    assert states(watch.look())["H2"] is EdgeState.UP


def test_a_report_that_cannot_be_read_costs_nobody_else_theirs(store, watch):
    with store.write() as uow:
        uow.reports.keep([ReportRow("H1", AT, 0, b"\x00")])
    report(store, "H2", AT)
    assert states(watch.look()) == {"H1": EdgeState.UNHEARD, "H2": EdgeState.UP}


def test_a_database_that_is_away_ends_nothing(store, watch, monkeypatch):
    def fails():
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(store, "read", fails)
        watch._try(watch.look)
    report(store, "H1", AT)
    assert states(watch.look())["H1"] is EdgeState.UP
