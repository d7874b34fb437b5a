"""A page of the desk that waits for too long, or hears nothing: what it says then, and how a clerk goes on with the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from central_sync.terms.languages import Language
from tests import programs
from tests.browser import at, window
from tests.central_sync.pages.messages import OURS, catalogue
from tests.e2e.desk_town import CLERK, PASSWORD, WAIT_MS, DeskTown, accessible, charged, sign_in
from tests.e2e.town import NATIONAL_CODE

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]


def test_a_page_without_news_and_one_that_waits_too_long_are_loaded_anew_by_a_button(
    browser: Browser, tmp_path: Path
) -> None:
    with DeskTown(tmp_path) as town, window(browser, "en") as page:
        page.clock.install()
        sign_in(page, town)
        page.evaluate("document.querySelector('[data-desk-stale]').hidden = false")
        expect(page.locator(".sight")).to_be_hidden()  # nobody would hear of the card
        accessible(page)
        page.locator("[data-desk-stale] button").press("Enter")
        expect(page.locator(".sight")).to_be_visible(timeout=WAIT_MS)
        at(page, "input[name=who]")
        page.evaluate("document.querySelector('.find').addEventListener('submit', (event) => event.preventDefault())")
        page.locator("input[name=who]").fill(NATIONAL_CODE)
        page.keyboard.press("Enter")
        page.clock.fast_forward(13_000)
        at(page, ".wait-late button")
        assert page.locator(".wait-soon:visible").count() == 0, "it came not within a few seconds"
        page.keyboard.press("Enter")
        expect(page.locator(".sight")).to_be_visible(timeout=WAIT_MS)
        expect(page.locator(".wait")).to_be_hidden()


@pytest.mark.parametrize("language", [language.value for language in Language])
def test_what_is_typed_stays_when_the_session_ends_meanwhile_and_what_is_sent_then_is_said_not_to_be_done(
    browser: Browser, desk_town: DeskTown, language: str
) -> None:
    with window(browser, language, refused=True) as page:
        sign_in(page, desk_town)
        charged(page)
        at(page, "input[name=item]")
        page.keyboard.type("L0001")
        typed = f"{PASSWORD}\n{PASSWORD}\n"
        programs.edge_command(desk_town.edge_folder, "account", "put", CLERK, "--role", "clerk", typed=typed)
        page.wait_for_selector("[data-desk-over]", state="visible")
        accessible(page)
        assert page.input_value("input[name=item]") == "L0001"
        page.fill("input[name=price]", "504000")
        page.locator("input[name=price]").press("Enter")
        message = "Your sign-in ended before this was sent. Nothing was done: sign in, and send it again."
        expect(page.locator("main")).to_contain_text(
            message if language == "en" else catalogue(OURS, language)[message]
        )
