"""A town in which every page of the technician has something to show, and the pages, for pictures and for proofs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.sync_api import Page, expect

from tests import programs
from tests.e2e.town import PERSON, Town

PAGES: Mapping[str, str] = {
    "journal": "/technician/journal",
    "journal-exact": "/technician/journal?exact=1&state=open",
    "checks": "/technician/checks",
    "maintenance": "/technician/maintenance",
    "backups": "/technician/backups",
    "access": "/technician/access",
}
"""Name → address under the console's."""
RUN_MS_MAX = 30_000


def furnished(town: Town) -> str:
    """Some business, one entry parked, a backup; the parked one's msgid. The line is down while it is parked."""
    town.settled()
    town.handle("1101", {"person": PERSON})
    town.hub.kill()
    msgid = town.msgid()
    town.handle("2201", town.registration(), msgid)
    programs.edge_command(town.edge_folder, "journal", "park", msgid)
    town.start_hub()
    programs.edge_command(town.edge_folder, "journal", "recovery-key")
    programs.edge_command(town.edge_folder, "journal", "backup")
    return msgid


def shown(page: Page, address: str, path: str) -> None:
    """Go to a page by its address under the console's."""
    page.goto(address.rstrip("/") + path)
    page.wait_for_selector("main h1")


def parked_entry(page: Page, address: str) -> str:
    """Go to the entry that is parked; its address under the console's."""
    shown(page, address, "/technician/journal?state=parked")
    page.locator("tbody th a").first.click()
    page.wait_for_selector(".mark.parked")
    return "/technician/journal/" + re.findall(r"/journal/(\d+)", page.url)[0]


def tried(page: Page, address: str) -> None:
    """Have the way to the hub tried, and wait until it has been."""
    shown(page, address, PAGES["checks"])
    page.locator("form button.main").first.click()
    expect(page.locator(".step.waiting")).to_have_count(0, timeout=RUN_MS_MAX)
    expect(page.locator(".step")).to_have_count(8, timeout=RUN_MS_MAX)
