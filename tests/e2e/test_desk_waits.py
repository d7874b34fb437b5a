"""A page of the desk that waits for too long, or hears nothing: what it says then, and how a clerk goes on with the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import at, window
from tests.e2e.desk_town import WAIT_MS, DeskTown, accessible, sign_in
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
        page.evaluate("document.querySelector('.find').addEventListener('submit', (event) => event.preventDefault())")
        page.locator("input[name=who]").fill(NATIONAL_CODE)
        page.keyboard.press("Enter")
        page.clock.fast_forward(13_000)
        at(page, ".wait-late button")
        assert page.locator(".wait-soon:visible").count() == 0, "it came not within a few seconds"
        page.keyboard.press("Enter")
        expect(page.locator(".sight")).to_be_visible(timeout=WAIT_MS)
        expect(page.locator(".wait")).to_be_hidden()
