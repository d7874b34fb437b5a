"""The rulebook on the sync port: a poll is told of a newer one, a waiting poll at once, and it is fetched in pieces."""

from __future__ import annotations

import asyncio
import threading

import aiohttp
import pytest

from central_sync.api.limits import FEED_THREADS
from central_sync.benefits import compiled
from central_sync.publications import Publications
from central_sync.wire import bundles
from central_sync.wire.codec import unpack
from central_sync.wire.messages import BatchAnswer, BundlePart, Feed
from tests.central_sync.api.conftest import batch, certified, exchange, now, sign_in
from tests.central_sync.test_publications import BODY, FEWER, WHOLE
from tests.patience import HUNG_S


async def asked(base, context, path, **query):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{base}{path}", ssl=context, params=query) as response,
    ):
        return response.status, await response.read()


async def polled(base, context, wait_s=0, **query) -> Feed:
    status, body = await asked(base, context, "/v1/feed", cursor=2**40, wait_s=wait_s, **query)
    assert status == 200
    return unpack(body, Feed)


async def test_a_poll_that_names_its_rulebook_is_told_of_a_newer_one_and_an_older_edges_poll_of_none(hub, edge):
    word = (await polled(hub.sync, edge, bundle=0)).bundle
    assert word.rulebook == WHOLE.version
    assert (await polled(hub.sync, edge, bundle=word.number)).bundle is None
    assert (await polled(hub.sync, edge)).bundle is None


async def test_a_waiting_poll_is_told_as_soon_as_another_process_published(hub, edge, store):
    word = (await polled(hub.sync, edge, bundle=0)).bundle
    waiting = asyncio.create_task(polled(hub.sync, edge, wait_s=40, bundle=word.number))
    await asyncio.sleep(0.5)
    row = await asyncio.to_thread(Publications(store).publish, FEWER, BODY, "cli", now())
    told = (await asyncio.wait_for(waiting, HUNG_S)).bundle
    assert (told.number, told.rulebook) == (row.number, FEWER.version)


async def test_the_bundle_comes_in_pieces_that_fit_together(hub, edge, monkeypatch):
    monkeypatch.setattr("central_sync.fleet.deliveries.BUNDLE_PART_BYTES_MAX", 5_000)
    file, digests = b"", set()
    while True:
        status, body = await asked(hub.sync, edge, "/v1/bundle", offset=len(file))
        assert status == 200
        part = unpack(body, BundlePart)
        digests.add(part.digest)
        file += part.data
        if len(file) >= part.total:
            break
    assert len(digests) == 1
    assert bundles.opened(file)[0].statement.institution == "H01"


async def test_no_poll_and_no_batch_waits_while_bundles_are_made(hub, edge, monkeypatch):
    """After a publication all edges ask at once: as many as there are threads that look at certificates, and more."""
    made, let = threading.Event(), threading.Event()
    cut = compiled.cut

    def slowly(*what):
        made.set()
        assert let.wait(60)
        return cut(*what)

    monkeypatch.setattr("central_sync.fleet.deliveries.compiled.cut", slowly)
    fetching = [asyncio.create_task(asked(hub.sync, edge, "/v1/bundle", offset=0)) for _ in range(2 * FEED_THREADS)]
    try:
        assert await asyncio.to_thread(made.wait, 20)
        await asyncio.sleep(0.3)
        await asyncio.wait_for(polled(hub.sync, edge, bundle=0), HUNG_S)
        status, answer = await asyncio.wait_for(exchange(hub.sync, edge, batch(sign_in())), HUNG_S)
        assert (status, answer.code) == (200, "")
    finally:
        let.set()
    assert {status for status, _ in await asyncio.gather(*fetching)} == {200}


async def test_an_edge_that_refused_is_noted_once_and_nonsense_is_refused(hub, edge, store):
    await polled(hub.sync, edge, bundle=7, bundle_trouble="bundle_stranger")
    status, body = await asked(hub.sync, edge, "/v1/feed", cursor=0, bundle=7, bundle_trouble="x")
    assert (status, unpack(body, BatchAnswer).code) == (400, "packet_invalid")
    for _ in range(100):
        with store.read() as uow:
            rows = [row for row in uow.audit.latest() if row.action == "rulebook_refused"]
        if rows:
            break
        await asyncio.sleep(0.1)
    assert [(row.actor, row.subject, row.detail) for row in rows] == [("H01", "7", "bundle_stranger")]


@pytest.mark.parametrize("path", ["/v1/bundle", "/v1/feed"])
async def test_a_certificate_that_the_hub_does_not_know_gets_nothing(hub, authority, folder, path):
    status, body = await asked(hub.sync, certified(authority, folder), path)
    assert (status, unpack(body, BatchAnswer).code) == (403, "certificate_refused")
