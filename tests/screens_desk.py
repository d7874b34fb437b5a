"""Pictures of the clerk's desk in each of its states; a part of ``make screens``, or ``python -m tests.screens_desk FOLDER`` by itself."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from central_sync.terms.languages import Language
from tests.browser import DESK, DOUBLED, NARROW, at, chromium, picture, window
from tests.e2e.console_town import sign_in as sign_in_technician
from tests.e2e.console_town import with_technician
from tests.e2e.desk_town import (
    CARD,
    HOSTILE_NUMBER,
    ITEMS,
    UNINSURED_NUMBER,
    DeskTown,
    admit,
    charge,
    go_home,
    look_up,
    lose_line,
    open_visit,
    show_shares,
    sign_in,
)
from tests.e2e.technician_tour import announced, windows
from tests.e2e.town import NATIONAL_CODE

LOOKS = {"light": DESK, "dark": DESK, "1024": NARROW, "200": DOUBLED}
UNKNOWN_NUMBER, NO_CASE = "0000000019", "9999999999999939"


class _Album:
    """Pictures of one language and look."""

    def __init__(self, page: Page, town: DeskTown, folder: Path, name: str) -> None:
        self.page, self.town = page, town
        self._folder, self._name = folder, name

    def take(self, state: str) -> None:
        picture(self.page, self._folder, f"desk-{state}-{self._name}")

    def line_up(self) -> None:
        """Whatever is seen while all is well."""
        page, town = self.page, self.town
        sign_in(page, town)
        page.goto(f"{town.address}desk/pair")
        self.take("pair")
        page.goto(town.address)
        page.wait_for_selector(".card-sight.empty")
        self.take("start")
        away = town.reader.rename(town.reader.with_name("away"))
        page.wait_for_selector(".card-sight.lost")
        self.take("card-lost")
        away.rename(town.reader)
        page.wait_for_selector(".card-sight.empty")
        town.put({**CARD, "number": "0499370898"})
        page.wait_for_selector(".card-sight.failed")
        self.take("card-failed")
        town.take()
        page.wait_for_selector(".card-sight.empty")
        town.put()
        page.wait_for_selector(".who-is")
        self.take("person")
        self._unfolded("person")
        go_home(page)
        page.wait_for_selector(".card-sight.lying")
        self.take("card-lying")
        town.take()
        self._uninsured()
        look_up(page, NATIONAL_CODE)
        open_visit(page)
        for item in ITEMS:
            charge(page, *item)
        self.take("case")
        self._unfolded("case")
        show_shares(page)
        self.take("bill")
        self._unfolded("bill")
        page.keyboard.press("Enter")
        at(page, "form[action$='/booked'] button")
        self.take("settled")
        page.keyboard.press("Enter")
        at(page, ".acts a.big[href$=slip]")
        self.take("booked")
        page.keyboard.press("Enter")
        page.wait_for_selector(".slip")
        self.take("slip")
        page.emulate_media(media="print")
        self.take("slip-printed")
        page.emulate_media(media="screen")
        self._stay()

    def _unfolded(self, state: str) -> None:
        """The page with all that is folded away on it, and folded again."""
        unfold = "open => document.querySelectorAll('main details').forEach(one => { one.open = open; })"
        self.page.evaluate(unfold, True)
        self.take(f"{state}-unfolded")
        self.page.evaluate(unfold, False)

    def _stay(self) -> None:
        """An item that is chosen, a bill that a review would take something off, and a part of a stay."""
        page = self.page
        go_home(page)
        look_up(page, NATIONAL_CODE)
        admit(page)
        at(page, "input[name=item]")
        page.keyboard.type("ویزیت")
        page.wait_for_selector("#choices li")
        page.keyboard.press("ArrowDown")
        self.take("choices")
        page.keyboard.press("Escape")
        page.fill("input[name=price]", "920000")
        page.locator("input[name=item]").press("Enter")
        at(page, ".which button")
        self.take("which")
        page.keyboard.press("Enter")
        page.wait_for_selector(".lines")
        charge(page, "L0001", "900000")
        self.take("stay")
        page.goto(f"{page.url.partition('?')[0]}/bill?until=")
        at(page, "form[action$=settle-part] button")
        self.take("bill-part")
        bill = page.url
        page.locator("a[href*='mend=']").first.press("Enter")
        page.wait_for_selector(".changed")
        self.take("line-changed")
        page.goto(bill)
        at(page, "form[action$=settle-part] button")
        page.keyboard.press("Enter")
        at(page, ".part form[action$=booked] button")
        self.take("part-settled")
        page.keyboard.press("Enter")
        page.wait_for_selector(".part form[action$=cancel]", state="attached")
        self.take("part-booked")
        self._unfolded("part-booked")

    def _uninsured(self) -> None:
        page = self.page
        look_up(page, UNINSURED_NUMBER)
        self.take("person-uninsured")
        go_home(page)
        at(page, "input[name=who]")
        page.keyboard.type("12")
        page.keyboard.press("Enter")
        page.wait_for_selector(".told")
        self.take("mistyped")
        page.goto(f"{self.town.address}desk")
        look_up(page, UNKNOWN_NUMBER)
        self.take("person-unknown")
        page.goto(f"{self.town.address}desk/case/{NO_CASE}")
        self.take("no-case")
        page.goto(f"{self.town.address}desk")
        look_up(page, HOSTILE_NUMBER)
        self.take("person-hostile")
        go_home(page)

    def in_doubt(self) -> None:
        """What is seen while answers do not come, and after: of whose card it is, of a line that is changed, and of a settlement."""
        page = self.page
        go_home(page)
        self.town.hub.process.send_signal(signal.SIGSTOP)
        try:
            self.town.put()
            page.wait_for_selector(".card-sight.asking")
            self.take("card-asking")
            page.wait_for_selector(".who-is")
            self.take("person-not-asked")
            self.town.take()
        finally:
            self.town.hub.process.send_signal(signal.SIGCONT)
        page.goto(f"{self.town.address}desk")
        look_up(page, NATIONAL_CODE)
        hid = open_visit(page)
        for item in ITEMS:
            charge(page, *item)
        lose_line(page, self.town, hid)
        self.take("line-missing")
        show_shares(page)
        self.town.hub.process.send_signal(signal.SIGSTOP)
        try:
            page.keyboard.press("Enter")
            page.wait_for_selector("form[action$='/reverse']")
            self.take("doubt")
        finally:
            self.town.hub.process.send_signal(signal.SIGCONT)
        page.wait_for_selector("form[action$='/booked']")

    def line_down(self) -> None:
        """What is seen while there is no line."""
        page = self.page
        sign_in(page, self.town)
        look_up(page, NATIONAL_CODE)
        self.take("person-line-down")
        open_visit(page)
        charge(page, *ITEMS[0])
        self.take("case-line-down")
        page.keyboard.press("Enter")
        at(page, ".acts a.big[href$=bill]")
        self.take("bill-line-down")
        go_home(page)
        self.take("start-line-down")
        page.evaluate("document.querySelector('[data-wait]').hidden = false")
        self.take("wait")
        page.evaluate("document.querySelector('[data-late]').hidden = false")
        self.take("wait-late")
        page.evaluate("document.querySelector('[data-wait]').hidden = true")
        for name in ("stale", "full"):
            page.evaluate("name => { document.querySelector(`[data-desk-${name}]`).hidden = false; }", name)
            self.take(name)
            page.evaluate("name => { document.querySelector(`[data-desk-${name}]`).hidden = true; }", name)
        page.locator(".day-end summary").press("Enter")
        self.take("day-end")
        page.locator(".day-end button").press("Enter")
        page.wait_for_selector(".message")
        self.take("day-ended")


def _maintenance(browser: Browser, town: DeskTown, folder: Path) -> None:
    """What the desk tells of maintenance that is announced, and how new work is refused while it lasts."""
    address = with_technician(town)
    with window(browser) as technician:
        sign_in_technician(technician, address)
        for state, (day, at) in windows().items():
            announced(technician, address, day, at)
            for language in Language:
                for looks, size in LOOKS.items():
                    with window(browser, language, dark=looks == "dark", refused=True) as page:
                        page.set_viewport_size(size)
                        album = _Album(page, town, folder, f"{language}-{looks}")
                        sign_in(page, town)
                        album.take(f"maintenance-{state}")
                        if state == "lasts":
                            look_up(page, NATIONAL_CODE)
                            page.locator("form[action$=open] button").first.press("Enter")
                            page.wait_for_selector(".told")
                            album.take("maintenance-refused")
        technician.locator("form[action$=end] button").click()
        technician.wait_for_selector("form[action$=end]", state="detached")


def take(browser: Browser, folder: Path) -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as place, DeskTown(Path(place)) as town:
        for language in Language:
            for looks, size in LOOKS.items():
                with window(browser, language, dark=looks == "dark", refused=True) as page:
                    page.set_viewport_size(size)
                    album = _Album(page, town, folder, f"{language}-{looks}")
                    album.line_up()
                    if looks == "light":
                        album.in_doubt()
        _maintenance(browser, town, folder)
        town.hub.kill()
        for language in Language:
            for looks, size in LOOKS.items():
                with window(browser, language, dark=looks == "dark", refused=True) as page:
                    page.set_viewport_size(size)
                    _Album(page, town, folder, f"{language}-{looks}").line_down()


if __name__ == "__main__":
    with chromium() as made:
        take(made, Path(sys.argv[1] if len(sys.argv) > 1 else "build/screens"))
