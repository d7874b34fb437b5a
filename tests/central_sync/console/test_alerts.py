"""The alerts' page: what is open and what is over, within the scope, and who sees to one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from central_sync.console import alerts as module
from central_sync.console.access import Role
from central_sync.store.fleet_records import AlertMessage
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.console.fleet_world import with_fleet


@pytest.fixture
def people(small_world: World) -> World:
    with_fleet(small_world)
    with small_world.store.write() as uow:
        for n, (rule, subject, institution) in enumerate(
            [
                ("edge_silent", "H3", "H3"),
                ("payer_away", "payer:fund", ""),
                ("own_rule", "H1", "H1"),
                ("parked", "H2", "H2"),
            ]
        ):
            at = small_world.now - timedelta(minutes=n)
            uow.alerts.raise_(rule, subject, institution, "urgent" if n == 0 else "warning", 1801.0, at)
        uow.alerts.clear("parked", "H2", small_world.now)
        uow.alert_messages.add(AlertMessage("m1", "duty-desk", "{}", small_world.now, None, 14, None, "status_500"))
    for name, role, scope in (
        ("op", Role.OPERATOR, None), ("bound", Role.OPERATOR, ("H1",)), ("looker", Role.OBSERVER, None),
    ):  # fmt: skip
        small_world.account(name, role, scope)
    return small_world


async def seen(world: World, client, path: str = "/alerts", name: str = "op") -> str:
    status, html = await Browser(client, world.token(name)).get(path)
    assert status == 200
    return html


def number_of(html: str, words: str) -> str:
    part = next(one for one in html.split('<li class="panel alert') if words in one)
    return re.search(r'name="alert" value="(\d+)"', part)[1]


async def test_what_is_open_stands_with_its_subject_and_measure(people: World, small_client) -> None:
    html = await seen(people, small_client)
    for words in ("the edge is silent", "own_rule", "a payer does not answer", "fund", "30 minutes", "I see to it"):
        assert words in html
    assert "transactions are parked" not in html
    assert "transactions are parked" in await seen(people, small_client, "/alerts?over=1")


async def test_somebody_sees_to_an_alert_with_a_note_and_all_see_who(people: World, small_client) -> None:
    browser = Browser(small_client, people.token("op"))
    number = number_of((await browser.get("/alerts"))[1], "the edge is silent")
    key = await browser.key()
    status, _, where = await browser.post("/alerts/acknowledge", key, alert=number, note="<b>called</b> them")
    assert (status, where) == (303, "/alerts")
    html = await seen(people, small_client, name="looker")
    assert "seen to by" in html
    assert "&lt;b&gt;called&lt;/b&gt; them" in html
    assert people.audited("alert_acknowledged") == [("console:op", "H3", f"edge_silent, alert {number}")]


async def test_an_observer_sees_no_button_and_may_not(people: World, small_client) -> None:
    assert "I see to it" not in await seen(people, small_client, name="looker")
    browser = Browser(small_client, people.token("looker"))
    status, _, _ = await browser.post("/alerts/acknowledge", await browser.key(), alert="1")
    assert status == 403


async def test_a_scope_hides_other_alerts_the_hubs_own_and_what_was_told(people: World, small_client) -> None:
    html = await seen(people, small_client, name="bound")
    assert "own_rule" in html
    for words in ("the edge is silent", "payer", "duty-desk"):
        assert words not in html
    assert "duty-desk" in await seen(people, small_client)
    browser = Browser(small_client, people.token("bound"))
    silent = number_of(await seen(people, small_client), "the edge is silent")
    for number in (silent, "99999", "", "-1", "٣", "1e3", "9" * 30):
        status, html, _ = await browser.post("/alerts/acknowledge", await browser.key(), alert=number)
        assert status == 400
        assert "no such alert" in html
    assert not people.audited("alert_acknowledged")


async def test_many_are_paged_without_gap_or_repetition(people: World, small_client) -> None:
    with people.store.write() as uow:
        for n in range(120):
            uow.alerts.raise_("parked", f"X{n}", f"X{n}", "warning", 1.0, people.now - timedelta(hours=1))
    found, path = [], "/alerts"
    while path:
        html = await seen(people, small_client, path)
        found += re.findall(r'name="alert" value="(\d+)"', html)
        following = re.search(r'class="further"><a class="button" href="([^"]+)"', html)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found)) == 120 + 3 + 1, "and one that H2's report raised"
    for nonsense in ("x", "1.x", "inf.1", "-1.-5", "9" * 40 + ".1", "1." + "9" * 40):
        await seen(people, small_client, f"/alerts?before={nonsense}")


LIVE = re.compile(r'data-live="([^"]+)"')


async def part(world: World, client, path: str, name: str = "op") -> str:
    """The first live part under that address."""
    async with client.get(path, cookies=Browser(client, world.token(name)).cookies) as answer:
        assert answer.status == 200
        return (await answer.content.readuntil(b"\r\n\r\n")).decode()


async def test_above_the_list_stands_live_how_many_are_open_and_that_others_came(
    people: World, small_client, monkeypatch
) -> None:
    monkeypatch.setattr(module, "EVERY_S", 1e-6)
    html = await seen(people, small_client)
    assert "Urgent: 1, warnings: 3" in html
    live = LIVE.search(html)[1]
    assert "older" not in await part(people, small_client, live)
    bound = LIVE.search(await seen(people, small_client, name="bound"))[1]
    with people.store.write() as uow:
        uow.alerts.raise_("parked", "H2", "H2", "urgent", 1.0, people.now)
        uow.alerts.clear("edge_silent", "H3", people.now)
    told = await part(people, small_client, live)
    assert "The list below is older." in told
    assert "Urgent: 1" in told
    assert "older" not in await part(people, small_client, bound, "bound"), "nothing of its own hospital has changed"
    for nonsense in ("", "%00", "x" * 4000):
        assert (await Browser(small_client, people.token("op")).get(f"/live/alerts?seen={nonsense}"))[0] in (200, 404)


async def test_the_rules_say_what_alarms_and_who_is_told(people: World, small_client) -> None:
    html = await seen(people, small_client, "/alerts/rules")
    for words in ("at more than 5 minutes", "at less than 2 weeks", "when it is so", "from 3 days on", "urgent"):
        assert words in html, words
    assert "Nobody: hub.toml names neither" in html
    people.operations.alarms.channels = ["duty-desk"]
    assert "duty-desk" in await seen(people, small_client, "/alerts/rules")
    assert "duty-desk" not in await seen(people, small_client, "/alerts/rules", "bound")
