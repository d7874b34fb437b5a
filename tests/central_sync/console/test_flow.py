"""Flow and outages: what is of all hospitals is for those who see all, and a time line keeps to the scope."""

from __future__ import annotations

import re
import time

import pytest

from central_sync.console.access import Role
from central_sync.intake import Intake
from central_sync.wire.messages import ItemAnswer, Verdict
from tests.central_sync.api.conftest import batch, sign_in
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.console.fleet_world import with_fleet
from tests.central_sync.hospital import RULEBOOK, Hospital

MSGID = re.compile(r"transaction\?msgid=([^\"]+)")


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
    assert "Transactions in the last half hour: 2" in html
    assert "30 ms" in html
    assert "20 ms" in html


async def test_who_sees_some_hospitals_sees_their_last_transactions_and_nothing_of_all(
    people: World, small_client
) -> None:
    intake = Intake(people.store, RULEBOOK)
    for code in ("H1", "H2"):
        Hospital(people.store, intake, code).settled(100_00)
    whole = batch(sign_in("of-all"))
    people.operations.flow.took(whole, whole.sent_at, 0.018, 25, time.monotonic(), urgent=True)
    html = await seen(people, small_client, "/flow", "bound")
    assert "data-live" in html
    with people.store.read() as uow:
        own, others = uow.finding.latest(["H1"], 20), uow.finding.latest(["H2"], 20)
    assert {one.msgid for one in own} <= set(MSGID.findall(html))
    assert not {one.msgid for one in others} & set(MSGID.findall(html))
    assert [one.recorded_at for one in own] == sorted((one.recorded_at for one in own), reverse=True)
    assert "of-all" not in html
    assert "in the last half hour" not in html


async def test_the_last_transactions_stand_on_the_flow_and_on_their_edges_page(people: World, small_client) -> None:
    whole = batch(sign_in("m-1"), institution="H1")
    answer = ItemAnswer(msgid="m-1", verdict=Verdict.FINAL, digest=b"d" * 32)
    people.operations.flow.took(whole, whole.sent_at, 0.018, 25, time.monotonic(), urgent=True, answers=[answer])
    html = await seen(people, small_client, "/flow")
    assert MSGID.findall(html) == ["m-1"]
    assert "18 ms" in html
    Hospital(people.store, Intake(people.store, RULEBOOK), "H1").settled(100_00)
    html = await seen(people, small_client, "/edges/H1")
    with people.store.read() as uow:
        assert MSGID.findall(html) == [one.msgid for one in uow.finding.latest(["H1"], 8)]
    assert "None yet." in await seen(people, small_client, "/edges/H3")


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
