"""The first page: what wants to be seen to, within the scope, each number beside the list that it leads to."""

from __future__ import annotations

import json
import re

import pytest

from central_sync.console import start as module
from central_sync.console.access import Role
from central_sync.console.lobby import SESSION_COOKIE
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.console.fleet_world import told, with_fleet
from tests.central_sync.store.deferred import entry

TILE = re.compile(r"<dt>(?:<a href=\"([^\"]+)\"[^>]*>)?([^<]+)(?:</a>)?</dt><dd>(?:<svg.*?</svg>)?\s*(\d+)", re.DOTALL)


@pytest.fixture
def people(small_world: World) -> World:
    with_fleet(small_world)
    told(small_world, "H1", quiet_s=0.5, in_doubt=2)
    small_world.operations.watch.look()
    with small_world.store.write() as uow:
        for subject, severity in (("H1", "urgent"), ("H2", "warning"), ("H3", "warning")):
            uow.alerts.raise_("own", subject, subject, severity, 1.0, small_world.now)
        for number, institution in enumerate(("H1", "H2", "H2")):
            uow.reviews.add(entry(f"e{number}", institution=institution))
    small_world.account("all", Role.OPERATOR)
    small_world.account("bound", Role.OBSERVER, ("H1", "H2"))
    return small_world


async def numbers(world: World, client, name: str) -> dict[str, int]:
    _, page = await Browser(client, world.token(name)).get("/")
    return {at or words: int(number) for at, words, number in TILE.findall(page)}


async def test_each_number_stands_beside_its_list(people: World, small_client) -> None:
    found = await numbers(people, small_client, "all")
    assert found["/edges?state=silent"] == 1
    assert found["/edges?state=in_trouble"] == 1
    assert found["/alerts"] == 3
    assert found["/edges?state=late"] == 0
    assert found["/open/doubts"] == 1
    assert found["/open/reviews"] == 3
    browser = Browser(small_client, people.token("all"))
    for at in found:
        assert (await browser.get(at))[0] == 200, at


async def test_a_scope_counts_its_own_hospitals_alone(people: World, small_client) -> None:
    found = await numbers(people, small_client, "bound")
    assert found["/edges?state=silent"] == 0
    assert found["/open/reviews"] == 3
    assert found["/alerts"] == 2, "the last of two tiles: two warnings of H2, one of them raised by its report"
    assert "/hospitals" not in found, "an observer invites nobody"


async def test_an_open_page_hears_of_what_comes(people: World, small_client, monkeypatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.05)
    asked = small_client.get("/live/start", cookies={SESSION_COOKIE: people.token("bound")})
    async with asked as stream:
        assert await _awaited(stream) == "3"
        with people.store.write() as uow:
            uow.reviews.add(entry("late", institution="H1"))
            uow.reviews.add(entry("another's", institution="H3"))
        while (heard := await _awaited(stream)) == "3":
            pass
        assert heard == "4", "what came within the scope, and nothing beyond it"
    await people.console.news.stop()


async def _awaited(stream) -> str:
    """How many reviews wait, as the next part on the stream says."""
    while True:
        line = (await stream.content.readline()).decode()
        if line.startswith("data: {"):
            html = json.loads(line.removeprefix("data: "))["html"]
            return next(number for at, _, number in TILE.findall(html) if at == "/open/reviews")


async def test_whoever_may_do_other_things_shares_no_part(people: World, small_client) -> None:
    people.account("looks", Role.OBSERVER)
    assert "/hospitals" in await numbers(people, small_client, "all")
    assert "/hospitals" not in await numbers(people, small_client, "looks")
