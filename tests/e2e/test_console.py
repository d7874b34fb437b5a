"""The technician's page in a real browser, over a real edge and hub: what is seen when all is well, and when the line breaks."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from central_sync.terms.languages import Language
from tests.browser import chromium, window
from tests.e2e.console_town import sign_in, with_technician
from tests.e2e.town import PERSON, Town
from tests.edge.console.messages import catalogue

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
NEWS_MS_MAX = 15_000
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        made.handle("1101", {"person": PERSON})  # the line is up
        yield made


@pytest.fixture(scope="module")
def address(town: Town) -> str:
    return with_technician(town)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


def accessible(page: Page) -> None:
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.parametrize("language", [language.value for language in Language])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_technician_sees_that_all_is_well(browser: Browser, address: str, language: str, dark: bool) -> None:
    well = catalogue(language)["All is well."] if language != "en" else "All is well."
    with window(browser, language, dark=dark) as page:
        page.goto(address)
        accessible(page)
        sign_in(page, address)
        expect(page.locator(".verdict p").first).to_have_text(well)
        expect(page.locator(".leg.well")).to_have_count(5)
        accessible(page)


def test_a_line_that_breaks_is_seen_without_a_hand_and_so_is_its_return(
    browser: Browser, town: Town, address: str
) -> None:
    with window(browser, "en") as page:
        sign_in(page, address)
        expect(page.locator(".leg.well")).to_have_count(5)
        town.hub.kill()
        town.handle("2201", town.registration())
        broken = page.locator(".leg.broken")
        expect(broken).to_contain_text("Line to the centre", timeout=NEWS_MS_MAX)
        expect(broken).to_contain_text("The desks go on")
        expect(page.locator(".leg.unknown")).to_contain_text("Mend the line first.")
        expect(page.locator("[data-said]")).to_have_text("Something is broken. What to do stands below.")
        accessible(page)
        town.start_hub()
        expect(page.locator(".leg.well")).to_have_count(5, timeout=4 * NEWS_MS_MAX)


def test_an_edge_that_dies_leaves_a_page_that_says_so(browser: Browser, town: Town, address: str) -> None:
    with window(browser, "fa") as page:
        sign_in(page, address)
        expect(page.locator("[data-stale]")).to_be_hidden()
        town.edge.process.send_signal(signal.SIGSTOP)
        try:
            expect(page.locator("[data-stale]")).to_be_visible(timeout=2 * NEWS_MS_MAX)
        finally:
            town.edge.process.send_signal(signal.SIGCONT)
        expect(page.locator("[data-stale]")).to_be_hidden(timeout=2 * NEWS_MS_MAX)


def test_the_page_fits_a_phone_and_letters_of_twice_the_size(browser: Browser, address: str) -> None:
    for phone, zoom in ((True, 1), (False, 2)):
        with window(browser, "fa", phone=phone) as page:
            sign_in(page, address)
            page.evaluate("zoom => document.documentElement.style.fontSize = `${16 * zoom}px`", zoom)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"phone {phone}, zoom {zoom}: {wide} pixels stand out"


def test_the_page_works_without_a_script_and_weighs_little(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    weights: list[int] = []
    page.on("response", lambda answer: weights.append(len(answer.body())) if answer.status == 200 else None)
    sign_in(page, address)
    expect(page.locator(".leg.well")).to_have_count(5)
    assert 0 < sum(weights) < 150 * 1024
    context.close()
