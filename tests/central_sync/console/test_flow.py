"""Flow and outages: what is of all hospitals is for those who see all, and a time line keeps to the scope."""

from __future__ import annotations

import time

import pytest

from central_sync.console.access import Role
from tests.central_sync.api.conftest import batch, sign_in
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.console.fleet_world import with_fleet


@pytest.fixture
def people(small_world: World) -> World:
    with_fleet(small_world)
    small_world.account("all", Role.OBSERVER)
    small_world.account("bound", Role.OPERATOR, ("H1",))
    return small_world


async def seen(world: World, client, path: str, name: str = "all") -> str:
    status, html = await Browser(client, world.token(name)).get(path)
    assert status == 200
    return html


async def test_the_flow_is_counted_and_timed_by_legs(people: World, small_client) -> None:
    whole = batch(sign_in("m-1"), sign_in("m-2"))
    people.operations.flow.took(whole, whole.sent_at, 0.018, 25, time.monotonic(), urgent=True)
    html = await seen(people, small_client, "/flow")
    assert "2 transactions in half an hour" in html
    assert "30 ms" in html
    assert "20 ms" in html


async def test_who_sees_some_hospitals_sees_nothing_of_the_flow_of_all(people: World, small_client) -> None:
    html = await seen(people, small_client, "/flow", "bound")
    assert "your account sees some of them" in html
    assert "data-live" not in html


async def test_outages_stand_on_a_time_line_the_hubs_own_first(people: World, small_client) -> None:
    html = await seen(people, small_client, "/outages")
    assert html.index("the hub itself") < html.index(">H1<") < html.index(">H3<")
    assert html.count("<rect") == 3
    assert "Nobody was silent" not in html
    assert (await seen(people, small_client, "/outages?window=nonsense")).count("<rect") == 3
    assert (await seen(people, small_client, "/outages?window=month")).count("<rect") == 3


async def test_a_scope_sees_its_own_outages_alone(people: World, small_client) -> None:
    html = await seen(people, small_client, "/outages", "bound")
    assert html.count("<rect") == 1
    assert ">H3<" not in html
    assert "the hub itself" not in html
    people.account("none", Role.OBSERVER, ("H2",))
    assert "Nobody was silent" in await seen(people, small_client, "/outages", "none")
