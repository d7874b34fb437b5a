"""What edges report, on both databases: the newest, the worst of each slot, and outages."""

from datetime import UTC, datetime, timedelta

from central_sync.store.fleet_records import HUB, HistoryRow, Outage, ReportRow

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _history(pending=1, oldest_s=1, skew_ms=0, hours_left=None, slot=3, begins_at=AT):
    return HistoryRow("H1", slot, begins_at, pending, oldest_s, skew_ms, hours_left)


def test_the_newest_report_of_each_edge_is_kept_whatever_the_order(store):
    with store.write() as uow:
        uow.reports.keep([ReportRow("H2", AT, 0, b"b"), ReportRow("H1", AT + MINUTE, 2, b"new")])
        uow.reports.keep([ReportRow("H1", AT, 1, b"old")])
    with store.read() as uow:
        assert uow.reports.of("H1") == ReportRow("H1", AT + MINUTE, 2, b"new")
        assert uow.reports.of("H3") is None
        assert [row.institution for row in uow.reports.since(AT + MINUTE)] == ["H1"]
        assert len(uow.reports.since(None)) == 2
        assert uow.reports.newest_at() == AT + MINUTE


def test_history_keeps_the_worst_of_a_slot_until_the_ring_comes_round(store):
    with store.write() as uow:
        uow.reports.keep_history([_history(pending=5, oldest_s=60, skew_ms=10, hours_left=None)])
        uow.reports.keep_history([_history(pending=3, oldest_s=90, skew_ms=900, hours_left=40.0)])
        uow.reports.keep_history([_history(pending=4, oldest_s=70, skew_ms=0, hours_left=50.0)])
    with store.read() as uow:
        assert uow.reports.history("H1", AT) == [_history(pending=5, oldest_s=90, skew_ms=900, hours_left=40.0)]
    later = _history(pending=1, begins_at=AT + timedelta(days=7))
    with store.write() as uow:
        uow.reports.keep_history([later])
    with store.read() as uow:
        assert uow.reports.history("H1", AT) == [later]


def test_an_outage_is_begun_once_and_ended_when_the_edge_is_heard(store):
    with store.write() as uow:
        assert uow.reports.begin_outage("H1", AT)
        assert not uow.reports.begin_outage("H1", AT)
        assert uow.reports.begin_outage("H2", AT)
    with store.read() as uow:
        assert uow.reports.silent() == {"H1": AT, "H2": AT}
    with store.write() as uow:
        assert uow.reports.end_outage("H1", AT + MINUTE) == 1
        assert uow.reports.end_outage("H1", AT + MINUTE) == 0
        uow.reports.add_outage(Outage(HUB, AT - MINUTE, AT))
    with store.read() as uow:
        found = uow.reports.outages(AT - MINUTE, AT + MINUTE, "H1")
        assert found == [Outage("H1", AT, AT + MINUTE), Outage(HUB, AT - MINUTE, AT)]
        assert uow.reports.outages(AT + 2 * MINUTE, AT + 3 * MINUTE) == [Outage("H2", AT, None)]
    with store.write() as uow:
        assert uow.reports.prune_outages(AT + timedelta(days=1)) == 2
