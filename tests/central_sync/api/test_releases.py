"""The repository of releases on the sync port: its files, for admitted edges, and nothing beside them."""

from __future__ import annotations

import aiohttp
import pytest

from edge.update.work import system
from tests.central_sync.api.conftest import trusting
from tests.releases import Centre


async def got(base, context, tail, **headers) -> tuple[int, bytes]:
    from yarl import URL

    url = URL(f"{base}/v1/releases/{tail}", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(url, ssl=context, headers=headers) as response:
        return response.status, await response.read()


@pytest.fixture
def centre(folder):
    centre = Centre(folder).opened()
    centre.release("1.1")
    return centre


async def test_an_edge_reads_metadata_and_targets_and_pieces_of_them(hub, edge, centre):
    assert await got(hub.sync, edge, "metadata/1.root.json") == (200, centre.root)
    [archive] = (centre.folder / "targets" / "edge" / system()).iterdir()
    tail = f"targets/edge/{system()}/{archive.name}"
    assert await got(hub.sync, edge, tail) == (200, archive.read_bytes())
    assert await got(hub.sync, edge, tail, Range="bytes=10-") == (206, archive.read_bytes()[10:])


async def test_what_is_no_file_of_the_repository_is_not_found(hub, edge, centre):
    for tail in (
        "online.key", "root.pending.json", "lock", "metadata/../online.key", "metadata/%2e%2e/online.key", "metadata/9.root.json",
        "targets/edge", "metadata/", "targets/rings/..%2f..%2fonline.key", "metadata/1.root.json/",
    ):  # fmt: skip
        status, body = await got(hub.sync, edge, tail)
        assert status == 404, tail
        assert b"PRIVATE" not in body


async def test_without_a_certificate_nothing_is_given(hub, folder, centre):
    with pytest.raises(aiohttp.ClientError):
        await got(hub.sync, trusting(folder), "metadata/1.root.json")
