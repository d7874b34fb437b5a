"""A picture of every page of the consoles in every language, light and dark, on a screen and a phone: ``make screens``, then look at each.

``python -m tests.screens FOLDER``
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click
from playwright.sync_api import Browser, Page

from central_sync.terms.languages import Language
from tests import screens_desk, screens_fleet, screens_hub
from tests.browser import DOUBLED, NARROW, chromium, picture, window
from tests.e2e.console_town import sign_in, with_technician
from tests.e2e.technician_tour import PAGES, announced, furnished, parked_entry, shown, tried, windows, with_readers
from tests.e2e.town import Town

SIZES = {"1024": NARROW, "200": DOUBLED}
SEEN_S = 3.0
"""How long the gateway needs to know that its line is down, and the page to hear of it."""


def _pictures(browser: Browser, address: str, folder: Path, state: str) -> None:
    for language in Language:
        for looks in ("light", "dark", "phone", *SIZES):
            with window(browser, language, dark=looks == "dark", phone=looks == "phone") as page:
                if looks in SIZES:
                    page.set_viewport_size(SIZES[looks])
                page.goto(address)
                picture(page, folder, f"sign-in-{language}-{looks}")
                sign_in(page, address)
                picture(page, folder, f"technician-{state}-{language}-{looks}")
                if state == "well":
                    _tour(page, address, folder, f"{language}-{looks}")


def _tour(page: Page, address: str, folder: Path, named: str) -> None:
    """The technician's other pages."""
    for name, path in PAGES.items():
        shown(page, address, path)
        picture(page, folder, f"technician-{name}-{named}")
    for state, (day, at) in windows().items():
        announced(page, address, day, at)
        picture(page, folder, f"technician-maintenance-{state}-{named}")
    shown(page, address, "/technician")
    picture(page, folder, f"technician-maintained-{named}")
    shown(page, address, PAGES["maintenance"])
    page.locator("form[action$=end] button").click()
    page.wait_for_selector("form[action$=end]", state="detached")
    shown(page, address, PAGES["access"])
    for folded in page.locator("summary").all():
        folded.click()
    picture(page, folder, f"technician-access-unfolded-{named}")
    entry = parked_entry(page, address)
    picture(page, folder, f"technician-entry-{named}")
    shown(page, address, f"{entry}/release")
    picture(page, folder, f"technician-release-{named}")


def _town(place: Path) -> Town:
    town = Town(place)
    with_readers(town)
    return town


def main(folder: Path) -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as place, _town(Path(place)) as town, chromium() as browser:
        address = with_technician(town)
        town.sign_in()
        furnished(town)
        with window(browser) as page:
            sign_in(page, address)
            tried(page, address)
        _pictures(browser, address, folder, "well")
        town.hub.kill()
        town.handle("2201", town.registration())
        time.sleep(SEEN_S)
        _pictures(browser, address, folder, "line-down")
    screens_hub.main(folder)
    with chromium() as browser:
        screens_desk.take(browser, folder)
    screens_fleet.main(folder)
    click.echo(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screens"))
