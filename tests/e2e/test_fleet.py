"""The board of the edges in a real browser over a real hub and edge: an edge that dies is late, then silent, alarms, is told, comes back and is cleared."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from central_sync.terms.languages import Language
from tests.browser import DESK, PHONE, SMALL, window
from tests.e2e.centre import enter
from tests.e2e.fleet_centre import SECRET, WatchedCentre
from tests.e2e.test_hub_console import sound

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
SEEN_MS_MAX = 40_000


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedCentre]:
    with WatchedCentre(tmp_path_factory.mktemp("fleet")) as made:
        made.sign_in()
        made.settled()
        yield made


def until(look: Callable[[], object], seconds: float = 40) -> None:
    ends = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.1)


def test_an_edge_that_dies_is_seen_told_acknowledged_and_cleared(browser: Browser, centre: WatchedCentre) -> None:
    with window(browser, "en") as page:
        enter(page, centre.address, "anna")
        page.goto(f"{centre.address}/edges")
        row = page.locator("tr", has=page.locator("[data-keep='edge-H001']"))
        expect(row).to_contain_text("up", timeout=SEEN_MS_MAX)
        link = page.locator("[data-keep='edge-H001']")
        link.focus()
        centre.edge.kill()
        expect(row).to_contain_text("late", timeout=SEEN_MS_MAX)
        expect(row).to_contain_text("silent", timeout=SEEN_MS_MAX)
        expect(link).to_be_focused()
        until(lambda: centre.hook.got)
        got = centre.hook.got[0]
        told = json.loads(got.body)
        assert [(one["rule"], one["subject"]) for one in told["raised"]] == [("edge_silent", "H001")]
        signed = f"{got.headers['Pishkhan-Message']}.{got.headers['Pishkhan-Timestamp']}.".encode() + got.body
        assert (
            got.headers["Pishkhan-Signature"] == "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        )
        page.goto(f"{centre.address}/alerts")
        alert = page.locator(".alert", has_text="H001")
        expect(alert).to_contain_text("the edge is silent")
        alert.get_by_label("Note").fill("called <b>them</b>")
        page.keyboard.press("Enter")
        expect(page.locator(".seen")).to_contain_text("called <b>them</b>")
        sound(page)
        page.goto(f"{centre.address}/edges/H001")
        expect(page.locator(".verdict")).to_contain_text("silent")
        sound(page)
        centre.start_edge()
        expect(page.locator(".verdict")).to_contain_text("last heard", timeout=SEEN_MS_MAX)
        expect(page.locator(".verdict")).not_to_contain_text("silent", timeout=SEEN_MS_MAX)
        until(lambda: any(json.loads(one.body)["cleared_count"] for one in centre.hook.got))
        page.goto(f"{centre.address}/alerts?over=1")
        expect(page.locator(".alert")).to_contain_text("cleared")
        page.goto(f"{centre.address}/outages")
        expect(page.locator("rect")).to_have_count(1)
    assert all(b"0499370899" not in one.body for one in centre.hook.got)


@pytest.mark.parametrize("language", [language.value for language in Language])
def test_every_page_of_operations_is_sound_in_every_language(
    browser: Browser, centre: WatchedCentre, language: str
) -> None:
    looks = {"en": {"phone": True}, "fa": {}, "zh": {"dark": True}}[language]
    with window(browser, language, **looks) as page:
        enter(page, centre.address, "olaf")
        hostile = ("/edges/H666",) if language == "fa" else ()
        for path in (
            "/edges?state=up",
            "/edges/H001",
            "/alerts",
            "/alerts/rules",
            "/flow",
            "/outages?window=week",
            *hostile,
        ):
            page.goto(centre.address + path)
            expect(page.locator("html")).to_have_attribute("lang", language)
            for size in (page.viewport_size, SMALL):
                page.set_viewport_size(size)
                sound(page)
            page.set_viewport_size(PHONE if "phone" in looks else DESK)


def test_the_board_works_without_a_script_and_weighs_little(browser: Browser, centre: WatchedCentre) -> None:
    context = browser.new_context(java_script_enabled=False, ignore_https_errors=True)
    page = context.new_page()
    enter(page, centre.address, "bert")
    weights: list[int] = []
    page.on("response", lambda answer: weights.append(len(answer.body())) if answer.status == 200 else None)
    page.goto(f"{centre.address}/edges")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert 0 < sum(weights) < 150 * 1024
    context.close()
