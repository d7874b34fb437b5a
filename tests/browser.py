"""A real browser for the consoles: Debian's Chromium, driven by Playwright. What is missing fails loudly."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
"""The narrowest phone; a desk's window at a zoom of 400 %."""
NARROW = {"width": 1024, "height": 768}
DOUBLED = {"width": 640, "height": 400}
"""A desk's window at a zoom of 200 %."""
LOOKS: dict[str, dict[str, bool]] = {
    "light": {},
    "dark": {"dark": True},
    "phone": {"phone": True},
    "narrow": {"narrow": True},
}
"""How pictures of a page are taken: words of :func:`window`."""

SHOWN_CHARACTERS = 1_500


class BrowserMissing(Exception):
    """There is no Chromium on this machine."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    program = shutil.which("chromium")
    if program is None:
        raise BrowserMissing("chromium is not installed: installers/set_up.sh proof")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def window(
    browser: Browser,
    language: str = "en",
    *,
    dark: bool = False,
    phone: bool = False,
    narrow: bool = False,
    refused: bool = False,
) -> Iterator[Page]:
    """A window of its own cookies. Whatever its page complains of (what was blocked, what failed in a script) is an error at the end; with
    ``refused``, pages that the server refuses are none. A test's own authority is believed.
    """
    complaints: list[str] = []
    context: BrowserContext = browser.new_context(
        locale=language,
        color_scheme="dark" if dark else "light",
        viewport=PHONE if phone else NARROW if narrow else DESK,
        ignore_https_errors=True,
    )
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not [one for one in complaints if not (refused and "Failed to load resource" in one)], complaints


def at(page: Page, selector: str) -> None:
    """Wait until what ``selector`` names has the focus and the page's script runs: keys go where the focus is, and a page is there a moment before both.

    Raises:
        AssertionError: it never had; says what the page shows instead.
    """
    try:
        page.wait_for_selector(f"{selector}:focus")
    except NotInTime as error:
        held = page.evaluate("document.activeElement?.outerHTML.slice(0, 200)")
        shown = page.locator("body").inner_text()[:SHOWN_CHARACTERS]
        raise AssertionError(f"{selector} has not the focus but {held}, at {page.url}: {shown}") from error
    page.wait_for_load_state()


def picture(page: Page, folder: Path, name: str) -> None:
    """The whole page as a picture in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
