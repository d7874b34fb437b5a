"""A town in which every page of the technician has something to show, and the pages, for pictures and for proofs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from central_sync.terms.days import Calendar, civil_day, display
from tests import programs
from tests.e2e.town import NAME, PERSON, Town

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
ZONE = "Asia/Tehran"


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


def with_readers(town: Town, *, troubled: bool = True) -> None:
    """Readers in each of their states: a card in, waiting, and if ``troubled`` away and in trouble. Before the town begins."""
    town.edge_folder.mkdir(parents=True, exist_ok=True)
    names = (1, 2, 3) if troubled else (1, 2)
    rows = [
        f'[[readers]]\nname = "desk-{n}"\ndriver = "simulated"\naddress = "reader-{n}"\ndesk = "desk-{n}"\n'
        for n in names
    ]
    if troubled:
        rows.append('[[readers]]\nname = "counter"\ndriver = "serial_line"\naddress = "/dev/ttyUSB7?kind=sdt"\n')
    (town.edge_folder / "edge.toml").write_text("\n".join(rows))
    for n in (1, 2):
        (town.edge_folder / f"reader-{n}").mkdir()
    (town.edge_folder / "reader-1" / "card.json").write_text(json.dumps({**PERSON, "name": NAME}))


def windows() -> dict[str, tuple[str, str]]:
    """Day and time, as a technician types them, of maintenance that is to come and of one that lasts."""
    today = civil_day(datetime.now(UTC), ZONE)
    return {
        "announced": (display(today + timedelta(days=1), Calendar.JALALI), "14:30"),
        "lasts": (display(today, Calendar.JALALI), "00:00"),
    }


def healthy(page: Page, address: str) -> None:
    """Go to the overview, and wait until every leg is well."""
    shown(page, address, "/technician")
    expect(page.locator(".leg.well")).to_have_count(6, timeout=RUN_MS_MAX)


def refused(page: Page, address: str) -> Iterator[str]:
    """Send each form with something wrong in it; the name of the page that says so, as long as it is shown."""
    shown(page, address, f"{PAGES['journal']}?day=1405-13-01")
    yield "journal"
    shown(page, address, PAGES["maintenance"])
    page.fill('input[name="time"]', "25:00")
    page.fill('input[name="reason"]', "A new disk is put in")
    page.locator('input[name="reason"]').press("Enter")
    page.wait_for_selector("[role=alert]")
    yield "maintenance"
    shown(page, address, PAGES["access"])
    page.fill("form[action$='workstations/add'] input[name=name]", "desk 1")
    page.locator("form[action$='workstations/add'] button").click()
    page.wait_for_selector("[role=alert]")
    yield "access"


def announced(page: Page, address: str, day: str, time: str) -> None:
    """Announce maintenance of half an hour."""
    shown(page, address, PAGES["maintenance"])
    page.fill('input[name="day"]', day)
    page.fill('input[name="time"]', time)
    page.fill('input[name="reason"]', "A new disk is put in")
    with page.expect_navigation():
        page.locator('input[name="reason"]').press("Enter")
    page.wait_for_selector("form[action$=end]")


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
