"""The technician's page in a real browser, over a real edge and hub: what is seen when all is well, and when the line breaks."""

from __future__ import annotations

import re
import signal
import zipfile
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from central_sync.terms.languages import Language
from tests import programs
from tests.browser import DESK, DOUBLED, NARROW, PHONE, SMALL, window
from tests.e2e.console_town import sign_in, too_many_pages, with_technician
from tests.e2e.technician_tour import PAGES, furnished, parked_entry, shown, tried
from tests.e2e.town import NAME, NATIONAL_CODE, PERSON, Town
from tests.edge.console.messages import catalogue

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
NEWS_MS_MAX = 15_000
SERIOUS = ("serious", "critical")
OUT_OF_SIGHT = """[...document.querySelectorAll("main *:not(pre):not(input):not(.unseen):not(thead):not(thead *)")]
  .filter(one => getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth).map(one => one.className)"""
"""What of a page's content is cut off beside, so that nobody sees that there is more."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        made.handle("1101", {"person": PERSON})  # the line is up
        yield made


@pytest.fixture(scope="module")
def address(town: Town) -> str:
    return with_technician(town)


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
        expect(page.locator(".leg.well")).to_have_count(6)
        accessible(page)


def test_a_line_that_breaks_is_seen_without_a_hand_and_so_is_its_return(
    browser: Browser, town: Town, address: str
) -> None:
    with window(browser, "en") as page:
        sign_in(page, address)
        expect(page.locator(".leg.well")).to_have_count(6)
        town.hub.kill()
        town.handle("2201", town.registration())
        broken = page.locator(".leg.broken")
        expect(broken).to_contain_text("Line to the centre", timeout=NEWS_MS_MAX)
        expect(broken).to_contain_text("The desks go on")
        expect(page.locator(".leg.unknown").first).to_contain_text("Mend the line first.")
        expect(page.locator("[data-said]")).to_have_text(
            "Something is broken: Line to the centre. What to do stands below."
        )
        accessible(page)
        town.start_hub()
        expect(page.locator(".leg.well")).to_have_count(6, timeout=4 * NEWS_MS_MAX)


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


def test_a_page_too_many_says_so_and_goes_on_by_itself_when_another_is_closed(browser: Browser, address: str) -> None:
    with window(browser, "en", refused=True) as page:
        sign_in(page, address)
        overview = f"{address}technician"
        too_many_pages(page, overview, f"{overview}/live", "[data-full]", "[data-stale]")


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
    expect(page.locator(".leg.well")).to_have_count(6)
    assert 0 < sum(weights) < 150 * 1024
    context.close()


# -- the technician's other pages: everything of them has something to show from here on ------------------------------


@pytest.fixture(scope="module")
def parked(town: Town) -> str:
    return furnished(town)


@pytest.mark.parametrize(("language", "dark"), [("fa", False), ("zh", True), ("en", True)])
def test_every_page_is_accessible_and_fits_a_phone_and_large_letters(
    browser: Browser, address: str, parked: str, language: str, dark: bool
) -> None:
    with window(browser, language, dark=dark) as page:
        sign_in(page, address)
        entry = parked_entry(page, address)
        for path in [*PAGES.values(), entry, f"{entry}/release"]:
            shown(page, address, path)
            assert page.locator("html").get_attribute("lang") == language
            if language != "en":
                accessible(page)
            for size, letters in ((SMALL, 16), (PHONE, 16), (NARROW, 16), (DOUBLED, 16), (DESK, 32)):
                page.set_viewport_size(size)
                page.evaluate("size => document.documentElement.style.fontSize = `${size}px`", letters)
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, f"{path}, {size}, letters of {letters}: {wide} pixels stand out"
                assert not page.evaluate(OUT_OF_SIGHT), f"{path}, {size}, letters of {letters}"
            page.set_viewport_size(DESK)


def test_a_parked_entry_is_let_go_with_the_keyboard_alone_and_who_did_is_noted(
    browser: Browser, town: Town, address: str, parked: str
) -> None:
    with window(browser, "en") as page:
        sign_in(page, address)
        shown(page, address, "/technician/journal?state=parked")
        for words, where in ((r"^\d+$", re.compile(r"/journal/\d+$")), ("Let it go…", re.compile("/release$"))):
            for _ in range(40):
                page.keyboard.press("Tab")
                if re.search(words, page.evaluate("document.activeElement.textContent.trim()")):
                    break
            page.keyboard.press("Enter")
            page.wait_for_url(where)
        expect(page.locator("h1")).to_contain_text("go?")
        page.keyboard.press("Enter")  # the button has the focus
        expect(page.locator(".mark.parked")).to_have_count(0)
    assert '"act":"released"' in (town.edge_folder / "audit.jsonl").read_text()
    for _ in range(100):
        if town.handle("43", {"original_msgid": parked})["answer"]["outcome"] == "final":
            break
    else:
        raise AssertionError("it never reached the hub")


def test_the_way_is_tried_while_one_looks_on_and_the_bundle_names_nobody(
    browser: Browser, town: Town, address: str, parked: str
) -> None:
    with window(browser, "en") as page:
        sign_in(page, address)
        tried(page, address)
        expect(page.locator(".step.broken")).to_have_count(0)
        with page.expect_download() as download:
            page.get_by_role("button", name="Make the bundle").click()
        with zipfile.ZipFile(download.value.path()) as archive:
            whole = "".join(archive.read(name).decode() for name in archive.namelist())
    told = [NATIONAL_CODE, NAME, parked, town.context["operator"], "tech.1", "desk-1"]
    assert not [one for one in told if one in whole]
    assert '"pending"' in whole
    made = programs.edge_command(town.edge_folder, "diagnostics", "--to", str(town.folder)).stdout.strip()
    with zipfile.ZipFile(made) as archive:
        assert "health.json" in archive.namelist(), "the edge that runs made it"


def test_maintenance_is_announced_by_a_page_and_the_desk_is_told_when_to_come_again(
    browser: Browser, town: Town, address: str
) -> None:
    with window(browser, "fa") as page:
        sign_in(page, address)
        shown(page, address, PAGES["maintenance"])
        page.fill('input[name="reason"]', "<b>دیسک تازه</b>")
        page.keyboard.press("Enter")
        expect(page.locator(".panel .what")).to_be_visible()
        packet = {"person": PERSON}
        status, body = town.call("handle", number="1101", msgid=town.msgid(), packet=packet, deadline_ms=5_000)
        assert (status, body["return_code"], body["error"]["code"]) == (503, -2, "maintenance")
        told = town.request("GET", "/embed/v1/status", None, {})[1]["maintenance"]
        assert (told["on"], told["reason"]) == (True, "<b>دیسک تازه</b>")
        assert town.call("uncertain")[0] == 200
        page.locator(".panel form button").first.click()
        expect(page.locator(".panel .what")).to_have_count(0)
    assert town.call("handle", number="1101", msgid=town.msgid(), packet=packet, deadline_ms=5_000)[0] == 200


def test_what_is_looked_for_and_tried_works_without_a_script(browser: Browser, address: str, parked: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, address)
    shown(page, address, PAGES["journal"])
    page.fill('input[name="what"]', parked)
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_contain_text("Record")
    assert parked not in page.url
    shown(page, address, PAGES["checks"])
    page.locator("form button.main").first.click()
    for _ in range(60):
        page.reload()
        if not page.locator(".step.waiting").count() and page.locator(".step").count() == 8:
            break
        page.wait_for_timeout(250)
    expect(page.locator(".step.waiting")).to_have_count(0)
    context.close()
