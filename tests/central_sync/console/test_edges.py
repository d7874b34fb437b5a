"""The board and one edge: filtered, within the scope, page by page, harmless whatever names say, and small."""

from __future__ import annotations

import re

import pytest

from central_sync.console import edges as module
from central_sync.console.access import Role
from central_sync.fleet.board import SORTS
from central_sync.store.records import Institution
from tests.central_sync.console.conftest import Browser, World
from tests.central_sync.console.fleet_world import HOSTILE, told, with_fleet

CODES = re.compile(r'data-keep="edge-([^"]+)"')


@pytest.fixture
def people(small_world: World) -> World:
    with_fleet(small_world)
    small_world.account("all", Role.OBSERVER)
    small_world.account("bound", Role.OPERATOR, ("H1", "H4"))
    return small_world


async def seen(world: World, client, path: str, name: str = "all") -> str:
    status, html = await Browser(client, world.token(name)).get(path)
    assert status == 200, (path, status)
    return html


async def test_the_board_shows_the_worst_first_with_its_reasons(people: World, small_client) -> None:
    html = await seen(people, small_client, "/edges")
    assert CODES.findall(html) == ["H3", "H2", "H4", "H1"]
    assert "Silent: 1" in html
    assert "transactions are parked" in html


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("state=up", ["H1"]),
        ("state=nonsense", ["H3", "H2", "H4", "H1"]),
        ("reason=parked", ["H2"]),
        ("region=ir", ["H3", "H4"]),
        ("text=h2", ["H2"]),
        ("version=0.2.0", ["H3", "H2", "H1"]),
        ("text=%3Cscript%3E", ["H4"]),
        ("text=nothing", []),
        ("after=1.H2", ["H4", "H1"]),
        ("after=%01", ["H3", "H2", "H4", "H1"]),
    ],
)
async def test_what_is_looked_for_is_found(people: World, small_client, query: str, codes: list[str]) -> None:
    assert CODES.findall(await seen(people, small_client, f"/edges?{query}")) == codes


async def test_a_scope_hides_other_hospitals_and_their_numbers(people: World, small_client) -> None:
    html = await seen(people, small_client, "/edges", "bound")
    assert CODES.findall(html) == ["H4", "H1"]
    assert "Silent" not in html.split('class="chips"')[0]
    assert "<option>cn</option>" in html
    people.account("one", Role.OBSERVER, ("H3",))
    assert "<option>cn</option>" not in await seen(people, small_client, "/edges", "one")
    status, _ = await Browser(small_client, people.token("bound")).get("/edges/H2")
    assert status == 404


async def test_names_are_shown_and_do_nothing(people: World, small_client) -> None:
    for path in ("/edges", "/edges/H4", "/edges/H2", "/outages", "/edges?text=%22%3E%3Cscript%3E"):
        html = await seen(people, small_client, path)
        assert "<script>alert" not in html
        assert '"><script>' not in html
    assert "&lt;script&gt;" in await seen(people, small_client, "/edges/H4")
    assert HOSTILE.count("n") > 300


async def test_one_edge_says_what_it_said_last(people: World, small_client) -> None:
    html = await seen(people, small_client, "/edges/H2")
    for words in ("in trouble", "transactions are parked", "a card reader is in trouble", "not there", "broken"):
        assert words in html
    html = await seen(people, small_client, "/edges/H1")
    assert html.count('<path d="M') >= 3, "the charts of a week"
    assert "What follows is what it said last." in await seen(people, small_client, "/edges/H3")
    assert "It never reported" in await seen(people, small_client, "/edges/H4")
    status, _ = await Browser(small_client, people.token("all")).get("/edges/H99")
    assert status == 404


async def test_many_edges_are_paged_and_a_page_is_small(people: World, small_client) -> None:
    with people.store.write() as uow:
        for n in range(120):
            row = Institution(f"P{n:03}", f"بیمارستان {n}", "ir", "public", "Asia/Tehran", "IRR", "jalali", people.now)
            uow.institutions.add(row)
    for n in range(120):
        told(people, f"P{n:03}", parked=1, skew_ms=99_000)
    people.operations.watch._places_at = None
    people.operations.watch.look()
    found, path = [], "/edges"
    while path:
        html = await seen(people, small_client, path)
        assert len(html.encode()) < 80_000
        found += CODES.findall(html)
        following = re.search(r'href="([^"]+)" data-keep="further"', html)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found)) == 124


async def test_news_of_a_view_come_in_parts(people: World, small_client, monkeypatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    for path, words in (("/live/edges?state=silent", "H3"), ("/live/edges/H1", "The last week")):
        browser = Browser(small_client, people.token("all"))
        async with small_client.get(path, cookies=browser.cookies) as answer:
            assert answer.status == 200
            event = await answer.content.readuntil(b"\r\n\r\n")
            assert b"event: part" in event
            assert words.encode() in event
    assert (await Browser(small_client, people.token("all")).get("/live/edges/H99"))[0] == 404


async def test_the_board_is_put_in_order_by_its_columns_and_pages_keep_the_order(people: World, small_client) -> None:
    browser = Browser(small_client, people.token("all"))
    for sort in SORTS:
        status, html = await browser.get(f"/edges?sort={sort}")
        assert status == 200
        assert f'data-keep="sort-{sort}" aria-current="true"' in html
        assert html.count("aria-sort") == 1
        assert f'name="sort" value="{sort}"' in html, "a filter keeps it"
    status, html = await browser.get("/edges?sort=__class__")
    assert (status, 'name="sort"' in html) == (200, False)
