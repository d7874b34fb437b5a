"""Reports over the sync port: taken with a poll, of admitted edges alone, and as often as the hub wants them."""

import time

import aiohttp
import msgspec

from central_sync.app import Hub
from central_sync.config import Config, FleetSetting
from central_sync.wire import reports
from tests.central_sync.api.conftest import ANY, audited, feed, now, soon
from tests.wire_vectors.reports import edge_report


async def test_a_poll_may_say_how_the_edge_is(hub, edge, store):
    said = reports.encoded(msgspec.structs.replace(edge_report(), pending=17))
    page = await feed(hub.sync, edge, report=said)
    assert page.items == []

    def kept():
        with store.read() as uow:
            return uow.reports.of("H01")

    row = await soon(kept)
    assert reports.read(row.body).pending == 17


async def test_a_report_that_cannot_be_is_dropped_and_noted_and_costs_the_feed_nothing(hub, edge, store):
    for said in ("AAAA", "!", "x" * 5_000):
        assert (await feed(hub.sync, edge, report=said)).items == []
    assert await soon(lambda: audited(store, "report_refused")) == [("H01", "packet_invalid")]
    with store.read() as uow:
        assert uow.reports.of("H01") is None


async def test_a_revoked_edge_reports_nothing(folder, url, edge, fleet, store):
    running = Hub(folder, Config(database=url, sync=ANY, enrol=ANY))
    hub = await running.start()
    fleet.revoke("H01", now())
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{hub.sync}/v1/feed", params={"report": reports.encoded(edge_report())}, ssl=edge) as response,
    ):
        assert response.status == 403
    await running.stop()  # it writes what it has
    with store.read() as uow:
        assert uow.reports.of("H01") is None


async def test_no_poll_is_held_longer_than_the_hub_wants_reports(folder, url, fleet, edge):
    hub = Hub(folder, Config(database=url, sync=ANY, enrol=ANY, fleet=FleetSetting(report_every_s=1)))
    faces = await hub.start()
    began = time.monotonic()
    await feed(faces.sync, edge, wait_s=50)
    assert 0.5 < time.monotonic() - began < 40
    await hub.stop()
