"""A town whose gateway has a technician, and the way to the console's pages in a browser."""

from __future__ import annotations

import subprocess
import sys

from playwright.sync_api import Page

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
