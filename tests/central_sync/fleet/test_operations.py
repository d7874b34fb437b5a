"""Reports in, board, alerts and messages out, as the hub puts them together."""

import time
from datetime import timedelta

from central_sync.fleet import watch as watching
from central_sync.fleet.alerts import shipped
from central_sync.fleet.lifecycle import EdgeState
from central_sync.fleet.operations import Operations
from central_sync.store.records import Institution
from tests.central_sync.fleet.test_lifecycle import LIMITS
from tests.central_sync.fleet.test_reports import AT, Hand, said
from tests.patience import HUNG_S


class Told:
    def __init__(self):
        self.bodies = []

    def deliver(self, _message_id, body):
        self.bodies.append(body)


def until(look, seconds=HUNG_S):
    began = time.monotonic()
    while not (found := look()) and time.monotonic() - began < seconds:
        time.sleep(0.02)
    return found


def test_a_report_becomes_a_board_and_silence_becomes_a_message(store, monkeypatch):
    monkeypatch.setattr(watching, "WATCHED_EVERY_S", 0.05)
    monkeypatch.setattr("central_sync.fleet.reports.REPORTS_WRITTEN_EVERY_S", 0.05)
    with store.write() as uow:
        uow.institutions.add(Institution("H1", "One", "ir", "public", "Asia/Tehran", "IRR", "jalali", AT))
    hand, told = Hand(), Told()
    operations = Operations(store, LIMITS, shipped(), {"desk": told}, "hub.example", hand)
    operations.start()
    try:
        operations.reports.take("H1", said())
        assert until(lambda: (row := operations.watch.board.of("H1")) and row.state is EdgeState.UP)
        hand.now = AT + timedelta(seconds=400)
        assert until(lambda: told.bodies)
        assert "edge_silent" in told.bodies[0]
        operations.reports.take("H1", said(skew_ms=1))
        assert until(lambda: len(told.bodies) == 2)
        assert '"cleared_count":1' in told.bodies[1]
    finally:
        operations.stop()
        operations.stop()
