"""What is open: within the scope, oldest first, page by page, with its age."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest

from central_sync.console import open_lists
from central_sync.console.access import Role
from central_sync.intake import Intake
from central_sync.store.fleet_records import ReportRow
from central_sync.store.records import SignedRoot
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EdgeReport
from tests.central_sync.console.conftest import NOW, Browser, World
from tests.central_sync.hospital import RULEBOOK, Hospital
from tests.central_sync.store.deferred import entry, share

FURTHER = re.compile(r'class="further"><a class="button" href="([^"]+)"')
MSGID = re.compile(r"transaction\?msgid=([^\"]+)")


@pytest.fixture
def browsers(small_world: World, small_client):
    small_world.account("anna", Role.OBSERVER)
    small_world.account("bert", Role.OBSERVER, ("H1",))
    return {name: Browser(small_client, small_world.token(name)) for name in ("anna", "bert")}


async def through(browser: Browser, path: str, pattern: re.Pattern[str]) -> list[str]:
    """What ``pattern`` finds on all pages from ``path`` on."""
    seen: list[str] = []
    while path:
        status, page = await browser.get(path)
        assert status == 200
        seen += pattern.findall(page)
        found = FURTHER.search(page)
        path = found[1].replace("&amp;", "&") if found else ""
    return seen


async def test_awaited_confirmations_are_paged_oldest_first_within_the_scope(
    small_world, browsers, monkeypatch
) -> None:
    monkeypatch.setattr(open_lists, "ROWS_PER_PAGE", 2)
    intake = Intake(small_world.store, RULEBOOK)
    h1, h2 = Hospital(small_world.store, intake, "H1"), Hospital(small_world.store, intake, "H2")
    for hospital in (h1, h2, h1, h1, h2):
        hospital.settled(100_00)
    with small_world.store.read() as uow:
        rows = uow.settlements.awaited()
    assert await through(browsers["anna"], "/open/confirmations", MSGID) == [row.msgid for row in rows]
    assert await through(browsers["bert"], "/open/confirmations", MSGID) == [
        row.msgid for row in rows if row.institution == "H1"
    ]
    _, page = await browsers["anna"].get("/open/confirmations")
    assert "9 months ago" in page or "10 months ago" in page
    for broken in ("x", "W10", "%ff"):
        assert (await browsers["anna"].get(f"/open/confirmations?after={broken}"))[0] == 200


async def test_shares_at_payers_are_told_by_state(small_world, browsers, monkeypatch) -> None:
    monkeypatch.setattr(open_lists, "ROWS_PER_PAGE", 2)
    with small_world.store.write() as uow:
        for number in range(5):
            at = NOW + timedelta(minutes=number)
            uow.payer_shares.add(share(f"S{number}", institution="H2" if number == 3 else "H1", signed_at=at))
        uow.payer_shares.add(share("back", state="taking_back"))
        uow.payer_shares.add(share("done", state="accepted"))
    ids = re.compile(r"transactions\?id=([^\"]+)")
    assert await through(browsers["anna"], "/open/shares", ids) == ["S0", "S1", "S2", "S3", "S4"]
    assert await through(browsers["bert"], "/open/shares", ids) == ["S0", "S1", "S2", "S4"]
    assert await through(browsers["anna"], "/open/shares?state=taking_back", ids) == ["back"]
    assert await through(browsers["anna"], "/open/shares?state=accepted", ids) == ["S0", "S1", "S2", "S3", "S4"]


async def test_edges_in_doubt_and_books_that_are_not_signed(small_world, browsers, monkeypatch) -> None:
    monkeypatch.setattr(open_lists, "HOSPITALS_PER_LOOK", 1)

    def root(institution: str, days: int) -> SignedRoot:
        day = (NOW - timedelta(days=days)).date()
        return SignedRoot(institution, b"l" * 16, day, 1, 2, b"r" * 32, b"", "s", "s", b"", NOW)

    with small_world.store.write() as uow:
        for institution, doubts in (("H1", 0), ("H2", 3)):
            report = EdgeReport(
                version=WIRE_VERSION,
                sent_at=NOW,
                program="1",
                differences=doubts,
                in_doubt=doubts,
                in_doubt_since=NOW - timedelta(hours=2),
            )
            uow.reports.keep([ReportRow(institution, NOW, 0, msgspec.msgpack.encode(report))])
        uow.roots.add(root("H1", 1))
        uow.roots.add(root("H2", 9))
    named = re.compile(r'<th scope="row"><a href="/edges/[^"]+"><bdi class="code">([^<]+)</bdi>')
    assert await through(browsers["anna"], "/open/doubts", named) == ["H2"]
    assert "2 hours ago" in (await browsers["anna"].get("/open/doubts"))[1]
    assert await through(browsers["bert"], "/open/doubts", named) == []
    assert await through(browsers["anna"], "/open/days", named) == ["H2"]
    _, page = await browsers["anna"].get("/open/days")
    for words in ("the last comparison found differences (3)", "journal compare", "days are not signed by both sides"):
        assert words in page
    assert await through(browsers["bert"], "/open/days", named) == []


async def test_what_was_pended_is_told_by_state_oldest_first_within_the_scope(
    small_world, browsers, monkeypatch
) -> None:
    monkeypatch.setattr(open_lists, "ROWS_PER_PAGE", 2)
    with small_world.store.write() as uow:
        for number in range(5):
            at = NOW - timedelta(minutes=number)
            where = "H2" if number == 3 else "H1"
            uow.reviews.add(
                entry(f"e{number}", settlement_id=f"S{number}", institution=where, state="needs_person", opened_at=at)
            )
        uow.reviews.add(entry("w", settlement_id="W", state="waiting"))
        uow.reviews.add(entry("d", settlement_id="D", state="decided"))
    ids = re.compile(r"transactions\?id=([^\"]+)")
    assert await through(browsers["anna"], "/open/reviews", ids) == ["S4", "S3", "S2", "S1", "S0"]
    assert await through(browsers["bert"], "/open/reviews", ids) == ["S4", "S2", "S1", "S0"]
    assert await through(browsers["anna"], "/open/reviews?state=waiting", ids) == ["W"]
    assert await through(browsers["anna"], "/open/reviews?state=decided", ids) == ["S4", "S3", "S2", "S1", "S0"]
    for broken in ("x", "W10", "%ff"):
        assert (await browsers["anna"].get(f"/open/reviews?after={broken}"))[0] == 200


@pytest.mark.parametrize(
    ("path", "label"),
    [("/open/days", "Open"), ("/open/confirmations", "Open"), ("/alerts/rules", "Alerts"), ("/edges/H1", "Edges"), ("/", "Start")],
)  # fmt: skip
async def test_every_page_says_under_which_of_the_navigation_it_stands(browsers, path: str, label: str) -> None:
    _, page = await browsers["anna"].get(path)
    navigation = page[page.index('<nav class="ways"') : page.index("<main")]
    assert re.findall(r'aria-current="\w+">([^<]+)<', navigation) == [label]
