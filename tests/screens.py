"""A picture of every page of the consoles in every language, light and dark, on a screen and a phone: ``make screens``, then look at each.

``python -m tests.screens FOLDER``
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from playwright.sync_api import Browser, Page

from central_sync.terms.languages import Language
from tests import programs, screens_desk, screens_fleet, screens_hub
from tests.browser import DOUBLED, NARROW, chromium, picture, window
from tests.e2e.console_town import NAME, sign_in, with_technician
from tests.e2e.technician_tour import (
    PAGES,
    announced,
    furnished,
    healthy,
    parked_entry,
    refused,
    shown,
    tried,
    windows,
    with_readers,
)
from tests.e2e.town import Town

SIZES = {"1024": NARROW, "200": DOUBLED}
SEEN_S = 3.0
"""How long the gateway needs to know that its line is down, and the page to hear of it."""


def _ways() -> Iterator[tuple[Language, str]]:
    """Every language in every look."""
    for language in Language:
        for looks in ("light", "dark", "phone", *SIZES):
            yield language, looks


@contextlib.contextmanager
def _seen(browser: Browser, language: Language, looks: str) -> Iterator[Page]:
    """A window so; a page that the server refuses is a picture like any other."""
    with window(browser, language, dark=looks == "dark", phone=looks == "phone", refused=True) as page:
        if looks in SIZES:
            page.set_viewport_size(SIZES[looks])
        yield page


def _pictures(browser: Browser, address: str, folder: Path, state: str) -> None:
    for language, looks in _ways():
        with _seen(browser, language, looks) as page:
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


def _town(place: Path, *, troubled: bool = True) -> Town:
    town = Town(place)
    with_readers(town, troubled=troubled)
    return town


def _new(browser: Browser, folder: Path) -> None:
    """A gateway on its first day: all is well, nothing is in the journal, nothing was tried or backed up; and forms that are refused."""
    with tempfile.TemporaryDirectory() as place, _town(Path(place), troubled=False) as town:
        address = with_technician(town)
        for language, looks in _ways():
            with _seen(browser, language, looks) as page:
                page.goto(address)
                page.fill("input[name=name]", NAME)
                page.fill("input[name=password]", "not this one")
                page.keyboard.press("Enter")
                page.wait_for_selector("[role=alert]")
                picture(page, folder, f"sign-in-refused-{language}-{looks}")
                sign_in(page, address)
                healthy(page, address)
                picture(page, folder, f"technician-healthy-{language}-{looks}")
                for name in ("journal", "checks", "backups"):
                    shown(page, address, PAGES[name])
                    picture(page, folder, f"technician-{name}-empty-{language}-{looks}")
                for name in refused(page, address):
                    picture(page, folder, f"technician-{name}-refused-{language}-{looks}")
        programs.edge_command(town.edge_folder, "journal", "recovery-key")
        for language, looks in _ways():
            with _seen(browser, language, looks) as page:
                sign_in(page, address)
                shown(page, address, PAGES["backups"])
                picture(page, folder, f"technician-backups-none-{language}-{looks}")


def technician(folder: Path) -> None:
    """Take those of the technician's pages."""
    with chromium() as browser:
        _new(browser, folder)
        with tempfile.TemporaryDirectory() as place, _town(Path(place)) as town:
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


def main(folder: Path) -> None:
    """Take all pictures."""
    technician(folder)
    screens_hub.main(folder)
    with chromium() as browser:
        screens_desk.take(browser, folder)
    screens_fleet.main(folder)
    click.echo(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screens"))
