"""The repository of releases on the sync port: its files, for admitted edges, and nothing beside them."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from central_sync.api import releases
from central_sync.api.limits import BUSY_S_MAX, BUSY_S_MIN
from central_sync.api.rooms import Busy
from edge.update.work import system
from tests.central_sync.api.conftest import certified, trusting
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


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def turned_away(counter, institution):
    with pytest.raises(Busy) as caught, counter.place(institution):
        pass
    return caught.value.retry_after_s


def test_so_many_take_a_release_at_once_and_each_hospital_one():
    clock = Clock()
    counter = releases.Counter(clock, most=2)
    with counter.place("H1"):
        assert turned_away(counter, "H1") == BUSY_S_MIN
        with counter.place("H2"):
            turned_away(counter, "H3")
        with counter.place("H3"):
            turned_away(counter, "H2")
    with counter.place("H1"), counter.place("H2"):
        turned_away(counter, "H3")


def test_who_comes_too_early_is_told_a_time_of_his_own_at_the_pace_of_late():
    clock = Clock()
    counter = releases.Counter(clock, most=2)
    for _ in range(40):
        with counter.place("H1"):
            clock.now_s += 120
    with counter.place("H1"), counter.place("H2"):
        told = [turned_away(counter, f"E{number}") for number in range(1000)]
    assert told[1] - told[0] == pytest.approx(60, abs=3)
    assert min(told) >= BUSY_S_MIN
    assert max(told) <= BUSY_S_MAX


def test_a_place_is_free_again_whatever_ended_it():
    counter = releases.Counter(Clock(), most=1)
    with pytest.raises(ConnectionResetError), counter.place("H1"):
        raise ConnectionResetError
    with counter.place("H2"):
        pass


async def test_an_edge_that_does_not_take_its_release_holds_up_no_other(hub, edge, centre, folder, authority, store):
    """It asks for a large file and reads nothing of it; another hospital's comes, its own second one is told when; metadata comes always."""
    [archive] = (centre.folder / "targets" / "edge" / system()).iterdir()
    archive.write_bytes(bytes(32 * 1024 * 1024))
    tail = f"targets/edge/{system()}/{archive.name}"
    url = f"{hub.sync}/v1/releases/{tail}"
    other = certified(authority, folder, "H02", store=store)
    async with aiohttp.ClientSession() as slow, slow.get(url, ssl=edge) as held:
        assert held.status == 200
        async with aiohttp.ClientSession() as again, again.get(url, ssl=edge) as second:
            assert second.status == 503
            assert int(second.headers["Retry-After"]) == BUSY_S_MIN
        assert (await got(hub.sync, edge, "metadata/1.root.json"))[0] == 200
        status, body = await got(hub.sync, other, tail)
        assert (status, len(body)) == (200, 32 * 1024 * 1024)
        held.close()
    for _ in range(200):
        if (status := (await got(hub.sync, edge, tail))[0]) == 200:
            break
        await asyncio.sleep(0.1)
    assert status == 200
