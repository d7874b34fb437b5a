"""A console whose hospitals have edges: reports, outages and alerts of every kind, and hostile names."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from central_sync.fleet.reports import packed
from central_sync.store.fleet_records import HUB, HistoryRow, Outage, ReportRow
from central_sync.store.records import Institution
from central_sync.wire.messages import ReaderWord
from tests.central_sync.console.conftest import World
from tests.central_sync.fleet.test_lifecycle import WELL

HOSTILE = '<script>alert("x")</script>\u202egnol ' + "n" * 300


def told(world: World, institution: str, quiet_s: float = 1, **changed: object) -> None:
    """An edge reported so long ago."""
    at = world.now - timedelta(seconds=quiet_s)
    changed = {"certificate_ends": world.now + timedelta(days=200), **changed}
    report = msgspec.structs.replace(WELL, sent_at=at, **changed)
    with world.store.write() as uow:
        uow.reports.keep([ReportRow(institution, at, 0, packed(report))])


def with_fleet(world: World) -> None:
    """H1 is up, H2 in trouble with a hostile reader, H3 silent, H4 has a hostile name and never reported."""
    with world.store.write() as uow:
        row = Institution("H4", HOSTILE, "ir", "public", "Asia/Tehran", "IRR", "jalali", world.now)
        uow.institutions.add(row)
        uow.reports.add_outage(Outage(HUB, world.now - timedelta(hours=3), world.now - timedelta(hours=2)))
        uow.reports.add_outage(Outage("H1", world.now - timedelta(hours=9), world.now - timedelta(hours=8)))
        uow.reports.keep_history(
            [HistoryRow("H1", n, world.now - timedelta(hours=9 - n / 2), n, n * 60, n * 100, 90.0) for n in range(16)]
        )
    world.operations.watch._since = world.now - timedelta(days=1)
    told(world, "H1", legs={"readers": "well", "edge": "well", "line": "well", "hub": "well"})
    told(
        world, "H2", parked=3, pending=40, oldest_at=world.now - timedelta(hours=2), readers=2,
        readers_troubled=[ReaderWord(name=HOSTILE[:60].replace("\u202e", ""), trouble="reader_absent")],
        legs={"readers": "broken", "edge": "warning"},
    )  # fmt: skip
    told(world, "H3", quiet_s=900)
    world.operations.watch._places_at = None
    world.operations.watch.look()
