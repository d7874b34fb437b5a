"""Pictures of the pages of the hub's console: ``python -m tests.screens_hub FOLDER``; ``make screens`` takes them with the others."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from central_sync.terms.languages import Language
from tests.browser import chromium, picture, window
from tests.e2e.centre import Centre, enter, set_up
from tests.e2e.town import NATIONAL_CODE


def _pages(page: Page, centre: Centre, told: tuple[str, str], take) -> None:
    hid, msgid = told
    for name, path in (
        ("start", "/"),
        ("account", "/account"),
        ("transactions", "/transactions"),
        ("case", f"/transactions?id={hid}"),
        ("transaction", f"/transactions?id={msgid}"),
        ("open-confirmations", "/open/confirmations"),
        ("open-shares", "/open/shares"),
        ("open-doubts", "/open/doubts"),
        ("open-days", "/open/days"),
        ("hospitals", "/hospitals"),
        ("trust", "/hospitals/H666/trust"),
        ("trail", "/trail"),
    ):
        page.goto(centre.address + path)
        take(name)
    page.goto(f"{centre.address}/hospitals/H001/trust")
    page.locator("form[action$='/invite'] button").click()
    take("invited")
    page.goto(f"{centre.address}/transactions?id={msgid}")
    page.locator("form[action$='/look'] button").click()
    take("transaction-seen")
    page.goto(f"{centre.address}/transactions")
    page.locator("input[name=number]").fill(NATIONAL_CODE)
    page.keyboard.press("Enter")
    take("person")


def pictures(browser: Browser, centre: Centre, folder: Path) -> None:
    """All pages in all languages, light, dark and on a phone."""
    centre.sign_in()
    hid, msgid, _ = centre.settled()
    for language in Language:
        for looks in ("light", "dark", "phone"):
            with window(browser, language, dark=looks == "dark", phone=looks == "phone", refused=True) as page:

                def take(name: str, page=page, mark=f"{language}-{looks}") -> None:
                    picture(page, folder, f"hub-{name}-{mark}")

                who = f"{language}-{looks}"
                centre.account(who, "operator")
                page.goto(f"{centre.address}/sign-in")
                take("sign-in")
                enter(page, centre.address, who)
                take("factor-begin")
                page.locator("form[action='/second-factor/set-up'] button").click()
                take("factor-secret")
                page.goto(f"{centre.address}/second-factor/set-up")
                set_up(page)
                take("factor-done")
                _pages(page, centre, (hid, msgid), take)


def main(folder: Path) -> None:
    """Take them."""
    with tempfile.TemporaryDirectory() as place, Centre(Path(place)) as centre, chromium() as browser:
        pictures(browser, centre, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screens"))
