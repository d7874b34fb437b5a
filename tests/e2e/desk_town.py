"""A town whose gateway has a clerk, a desk with a reader that is a folder, and people to come to it; and the desk's pages in a browser, by keyboard alone."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import programs
from tests.browser import at
from tests.e2e.town import COVER, MEMBER, NAME, NATIONAL_CODE, Town
from tests.edge.console.messages import catalogue

CLERK, PASSWORD = "clerk.1", "seven small stones"
HOSTILE_NUMBER, UNINSURED_NUMBER = "1111111014", "2222222011"
HOSTILE = "</bdi><script>document.title='owned'</script>\u202eevil\u2066<img src=x onerror=alert(1)>" + "ن" * 110
MEMBERS = (
    MEMBER,
    {**MEMBER, "number": HOSTILE_NUMBER, "name": HOSTILE},
    {**MEMBER, "number": UNINSURED_NUMBER, "name": "نادر آزمایشی", "covers": [{**COVER, "to_day": "2025-06-30"}]},
)
CARD = {"kind": "ir_national_code", "number": NATIONAL_CODE, "name": NAME}
SETTINGS = """
[[readers]]
name = "desk-1"
driver = "simulated"
address = "reader"
desk = "desk-1"
"""
NO_ITEM = "NOPE9"
ITEMS = (("V0001", "920000"), ("L0001", "504000"))
STEPS_MAX = 20
WAIT_MS = 30_000
SERIOUS = ("serious", "critical")
EDGE_CONTRAST_MIN = 3.0
BUTTONS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((one) => one / 255).map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const solid = (one) => (one ? ((parts(getComputedStyle(one).backgroundColor)[3] ?? 1) ? getComputedStyle(one).backgroundColor : solid(one.parentElement)) : "rgb(255, 255, 255)");
  return [...document.querySelectorAll("main button, main .button, .stale button")].filter((one) => one.checkVisibility()).map((one) => {
    const filled = (parts(getComputedStyle(one).backgroundColor)[3] ?? 1) > 0;
    const edge = filled ? getComputedStyle(one).backgroundColor : getComputedStyle(one).borderTopColor;
    const [dim, bright] = [light(edge), light(solid(one.parentElement))].sort((a, b) => a - b);
    return { text: one.textContent.trim(), filled, contrast: (bright + 0.05) / (dim + 0.05) };
  });
}"""
"""Each button that is seen: whether it is filled, and the contrast of its edge to what is around it."""


class DeskTown(Town):
    """With a desk; enter it as any town."""

    members = MEMBERS

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reader = self.edge_folder / "reader"

    def __enter__(self) -> DeskTown:
        self.reader.mkdir(parents=True)
        (self.edge_folder / "edge.toml").write_text(SETTINGS)
        super().__enter__()
        typed = f"{PASSWORD}\n{PASSWORD}\n"
        programs.edge_command(self.edge_folder, "account", "put", CLERK, "--role", "clerk", typed=typed)
        self.sign_in()
        return self

    @property
    def address(self) -> str:
        return f"{self.edge.face}/console/"

    def put(self, card: Mapping[str, Any] = CARD) -> None:
        part = self.reader / "card.part"
        part.write_text(json.dumps(card, ensure_ascii=False), encoding="utf-8")
        part.rename(self.reader / "card.json")

    def take(self) -> None:
        (self.reader / "card.json").unlink(missing_ok=True)


def sign_in(page: Page, town: DeskTown) -> None:
    """Sign in, and make the computer a desk if it is none yet."""
    page.goto(town.address)
    at(page, "input[name=name]")
    page.keyboard.type(CLERK)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".card-sight, input[name=key]")
    if page.locator("input[name=key]").count():
        at(page, "input[name=name]")
        page.keyboard.type("desk-1")
        page.keyboard.press("Tab")
        page.keyboard.type(town.key)
        page.keyboard.press("Enter")
        page.wait_for_selector(".card-sight")


def look_up(page: Page, number: str) -> None:
    at(page, "input[name=who]")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.wait_for_selector(".who-is")


def open_visit(page: Page) -> str:
    """From the person's page; the case's number."""
    at(page, "form[action$=open] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".add")
    return page.url.rpartition("/")[2].partition("?")[0]


def go_home(page: Page) -> None:
    """Back to the first page, with its key, which the page's script takes."""
    page.wait_for_load_state()
    page.keyboard.press("Escape")
    page.wait_for_selector(".card-sight")


def admit(page: Page) -> str:
    """From the person's page, to a ward; the case's number."""
    at(page, "form[action$=open] button")
    page.locator("summary").first.press("Enter")
    page.locator("input[name=diagnosis]").focus()
    page.keyboard.type("J06.9")
    page.keyboard.press("Enter")
    page.wait_for_selector(".add")
    return page.url.rpartition("/")[2].partition("?")[0]


def choose(page: Page, typed: str) -> str:
    """Type a part of an item's name, and take the first one of the list with the keyboard; its code."""
    at(page, "input[name=item]")
    page.keyboard.type(typed)
    page.wait_for_selector("#choices li")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#choices [aria-selected]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#choices", state="hidden")
    return page.input_value("input[name=item]")


def charge(page: Page, item: str, price: str) -> None:
    at(page, "input[name=item]")
    page.keyboard.type(item)
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.type(price)
    page.keyboard.press("Enter")
    page.wait_for_selector(f".lines bdi:text-is('{item}')")
    at(page, "input[name=item]")


def charged(page: Page, number: str = NATIONAL_CODE) -> str:
    """From the first page, a visit of that person with one item charged; the case's number."""
    look_up(page, number)
    hid = open_visit(page)
    charge(page, *ITEMS[0])
    return hid


def lose_line(page: Page, town: DeskTown, hid: str) -> None:
    """Change the first line of a bill into an item that nobody knows while the hub does not answer, which refuses that afterwards."""
    serial = page.locator("button[name=serial]").first.get_attribute("value")
    refused_later(page, town, f"{town.address}desk/case/{hid}?mend={serial}")


def refused_later(page: Page, town: DeskTown, address: str) -> None:
    """The same, of the line that is changed, or put on again, at ``address``."""
    page.goto(address)
    page.fill("input[name=item]", NO_ITEM)
    town.hub.process.send_signal(signal.SIGSTOP)
    try:
        page.locator("input[name=price]").press("Enter")
        page.wait_for_selector(f".lines bdi:text-is('{NO_ITEM}')")
    finally:
        town.hub.process.send_signal(signal.SIGCONT)
    page.wait_for_selector(".missing")


def show_shares(page: Page) -> None:
    """Until the button that settles has the focus, which it has not at first where a review would take all of the bill off."""
    at(page, "input[name=item]")
    page.keyboard.press("Enter")
    reach(page, "form[action$=settle] button")


def reach(page: Page, selector: str) -> None:
    """Go on with the keyboard, from what has the focus at first, to what ``selector`` names."""
    page.wait_for_selector(selector)
    at(page, "main *")
    for _ in range(STEPS_MAX):
        if page.locator(f"{selector}:focus").count():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def said(page: Page, language: str, message: str) -> None:
    """The page's banner says ``message`` in its language."""
    told = catalogue(language)[message] if language != "en" else message
    expect(page.locator(".says").first).to_have_text(told, timeout=WAIT_MS)


def accessible(page: Page) -> None:
    """Nothing serious is found; the edge of whatever is pressed can be seen, and at most one of it is filled."""
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
    assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]
    seen = page.evaluate(BUTTONS)
    assert not [one for one in seen if one["contrast"] < EDGE_CONTRAST_MIN], seen
    assert sum(one["filled"] for one in seen) <= 1, seen
