"""A town whose gateway has a technician, and the way to the console's pages in a browser."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Page

from central_sync.pages.news import STREAMS_OF_SESSION_MAX
from tests.browser import at
from tests.e2e.town import Town

NAME, PASSWORD = "tech.1", "seven small stones"


def with_technician(town: Town) -> str:
    """Make the account; the console's address."""
    command = [sys.executable, "-m", "edge", "--data", str(town.edge_folder), "account", "put", NAME]
    subprocess.run(command, input=f"{PASSWORD}\n{PASSWORD}\n", text=True, capture_output=True, check=True)
    return f"{town.edge.face}/console/"


def sign_in(page: Page, address: str) -> None:
    """With the keyboard alone."""
    page.goto(address)
    at(page, "input[name=name]")
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".verdict")


@contextlib.contextmanager
def listening(page: Page, address: str) -> Iterator[None]:
    """As many streams of news as one session may have, held by somebody else with its cookies."""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    place, held = urlsplit(address), list[http.client.HTTPConnection]()
    try:
        while len(held) < STREAMS_OF_SESSION_MAX:
            one = http.client.HTTPConnection(place.netloc, timeout=60)
            one.request("GET", place.path, headers={"Cookie": cookies})
            if one.getresponse().status == 200:
                held.append(one)
            else:  # the page's own stream of before is counted still
                one.close()
                page.wait_for_timeout(100)
        yield
    finally:
        for one in held:
            one.close()


def too_many_pages(page: Page, address: str, live: str, full: str, stale: str) -> None:
    """The page ``address`` whose stream ``live`` is refused says that too many are open, and goes on by itself when they are closed."""
    page.goto("about:blank")  # its own stream ends
    page.clock.install()
    with listening(page, live):
        page.goto(address)
        page.wait_for_selector(full, state="visible")
        page.wait_for_selector(stale, state="hidden")
    while page.locator(full).is_visible():  # until the server has seen that the others are gone
        page.clock.fast_forward(30_000)
        page.wait_for_timeout(300)
